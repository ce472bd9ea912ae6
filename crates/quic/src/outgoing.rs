use crate::errors;
use bytes::{Buf, Bytes};
use h3::quic::{StreamErrorIncoming, WriteBuf};
use std::{
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

/// A frame on its way to quinn: its head and content in one piece, or, if it is large, the beginning and the rest.
#[derive(Default)]
pub(crate) struct Outgoing {
    /// A copy, which quinn keeps.
    piece: Bytes,
    /// What is not in the piece, which quinn copies as far as the windows are open. It is in a box because it is seldom there.
    rest: Option<Box<WriteBuf<Bytes>>>,
}

/// The largest frame that is copied as a whole, in bytes.
const SMALL: usize = 8 * 1024;
/// What is copied of a larger one. A stream that waits holds no more than this.
const BEGINNING: usize = 4 * 1024;

impl Outgoing {
    /// # Errors
    ///
    /// If h3 has not waited for the last frame.
    pub(crate) fn start(&mut self, mut frame: WriteBuf<Bytes>) -> Result<(), StreamErrorIncoming> {
        if !self.is_empty() {
            return Err(errors::misused("a frame was sent before the last one was written"));
        }
        self.piece = copy(&mut frame);
        if frame.has_remaining() {
            self.rest = Some(Box::new(frame));
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.piece.is_empty() && self.rest.is_none()
    }

    /// How much is to be written, in bytes.
    pub(crate) fn remaining(&self) -> usize {
        self.piece.len() + self.rest.as_ref().map_or(0, Buf::remaining)
    }

    /// Writes until everything is in quinn's buffer.
    pub(crate) fn poll_write(
        &mut self,
        stream: &mut quinn::SendStream,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), StreamErrorIncoming>> {
        while !self.piece.is_empty() {
            let write = pin!(stream.write_chunks(std::slice::from_mut(&mut self.piece)));
            // quinn has registered the waker when this returns, so the future is not needed any more.
            ready!(write.poll(cx)).map_err(errors::write)?;
        }
        while let Some(rest) = &mut self.rest
            && rest.has_remaining()
        {
            let written =
                ready!(Pin::new(&mut *stream).poll_write(cx, rest.chunk())).map_err(errors::write)?;
            rest.advance(written);
        }
        self.rest = None;
        Poll::Ready(Ok(()))
    }
}

fn copy(frame: &mut WriteBuf<Bytes>) -> Bytes {
    let remaining = frame.remaining();
    let size = if remaining > SMALL { BEGINNING } else { remaining };
    let mut piece = Vec::with_capacity(size);
    while piece.len() < size {
        let chunk = frame.chunk();
        let part = chunk.get(..chunk.len().min(size - piece.len())).unwrap_or_default();
        piece.extend_from_slice(part);
        let length = part.len();
        frame.advance(length);
    }
    piece.into()
}
