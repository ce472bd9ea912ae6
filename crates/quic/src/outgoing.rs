use crate::errors;
use bytes::{Buf, Bytes};
use h3::quic::{StreamErrorIncoming, WriteBuf};
use std::{
    pin::pin,
    task::{Context, Poll, ready},
};

/// A frame on its way to quinn: its head and content in one piece, or in several if it is large.
#[derive(Default)]
pub(crate) struct Outgoing {
    piece: Bytes,
    /// What is not copied yet. It is in a box because it is seldom there.
    rest: Option<Box<WriteBuf<Bytes>>>,
}

/// What is copied at once, in bytes, unless little would be left. quinn keeps the copy, instead of making its own.
const PIECE: usize = 64 * 1024;

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

    /// Writes until everything is in quinn's buffer.
    pub(crate) fn poll_write(
        &mut self,
        stream: &mut quinn::SendStream,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), StreamErrorIncoming>> {
        while self.fill() {
            let write = pin!(stream.write_chunks(std::slice::from_mut(&mut self.piece)));
            // quinn has registered the waker when this returns, so the future is not needed any more.
            ready!(write.poll(cx)).map_err(errors::write)?;
        }
        Poll::Ready(Ok(()))
    }

    /// Returns whether there is something to write.
    fn fill(&mut self) -> bool {
        if self.piece.is_empty()
            && let Some(rest) = &mut self.rest
        {
            self.piece = copy(rest);
            if !rest.has_remaining() {
                self.rest = None;
            }
        }
        !self.piece.is_empty()
    }
}

fn copy(frame: &mut WriteBuf<Bytes>) -> Bytes {
    let remaining = frame.remaining();
    let size = if remaining > PIECE + PIECE / 8 { PIECE } else { remaining };
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
