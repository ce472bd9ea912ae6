use super::State;
use crate::{
    Bounds, Fault,
    chunks::Chunks,
    errors,
    frames::{FrameReader, Message},
};
use bytes::Bytes;
use h3::{
    error::Code,
    quic::{self, ConnectionErrorIncoming, StreamErrorIncoming, StreamId},
};
use quinn::{ReadError, Side};
use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

/// The receiving side of a request stream. h3 gets only what follows the rules.
///
/// If it is dropped before its end, the peer is asked to stop: with `H3_NO_ERROR` by a server, and with
/// `H3_REQUEST_CANCELLED` by a client.
pub struct RecvStream {
    chunks: Chunks,
    frames: FrameReader<Message>,
    state: Arc<State>,
    /// What `frames` has not used.
    chunk: Bytes,
    /// `None` before it is known.
    end: Option<Result<(), Box<Failure>>>,
}

/// Why nothing more is received.
#[derive(Clone)]
enum Failure {
    Read(ReadError),
    Fault(Fault),
}

impl RecvStream {
    pub(super) fn new(stream: quinn::RecvStream, state: Arc<State>, bounds: Bounds) -> Self {
        let message = match state.side() {
            Side::Server => Message::request(bounds),
            Side::Client => Message::response(bounds),
        };
        let (chunks, frames) = (Chunks::new(stream), FrameReader::new(message));
        Self { chunks, frames, state, chunk: Bytes::new(), end: None }
    }

    /// Returns `None` at the end.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Box<Failure>>> {
        loop {
            match self.frames.next(&mut self.chunk) {
                Err(fault) => self.break_off(fault),
                Ok(Some(part)) => return Poll::Ready(Ok(Some(part))),
                Ok(None) => {}
            }
            if let Some(end) = &self.end {
                return Poll::Ready(end.clone().map(|()| None));
            }
            ready!(self.poll_chunk(cx));
        }
    }

    /// Returns once there is a chunk or an end.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match ready!(self.chunks.poll_next(cx)) {
            Ok(Some(chunk)) => self.chunk = chunk,
            Ok(None) if !self.frames.is_between() => self.break_off(Fault::Truncated),
            // h3 would end the connection.
            Ok(None) if self.frames.rules().is_no_response() => self.break_off(Fault::NoResponse),
            Ok(None) => {
                self.end = Some(Ok(()));
                self.state.note_end();
            }
            Err(error) => self.end = Some(Err(Failure::Read(error).into())),
        }
        Poll::Ready(())
    }

    /// The end often comes with the last frame. If it is known now, nobody has to wait for what does not follow.
    fn look_ahead(&mut self, cx: &mut Context<'_>) {
        if self.chunk.is_empty() && self.frames.is_between() && self.end.is_none() {
            let _later = self.poll_chunk(cx);
        }
    }

    /// Ends the stream or the connection because of a fault.
    fn break_off(&mut self, fault: Fault) {
        self.chunk.clear();
        self.state.note_fault(fault.clone());
        let code = errors::code(fault.code().value());
        if fault.ends_connection() {
            self.state.quic().close(code, fault.to_string().as_bytes());
        } else {
            self.chunks.stop(code);
        }
        self.end = Some(Err(Failure::Fault(fault).into()));
    }
}

impl quic::RecvStream for RecvStream {
    type Buf = Bytes;

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        let next = ready!(self.poll_next(cx)).map_err(|failure| StreamErrorIncoming::from(*failure))?;
        self.look_ahead(cx);
        Poll::Ready(Ok(next))
    }

    fn stop_sending(&mut self, error_code: u64) {
        self.chunk.clear();
        self.chunks.stop(errors::code(error_code));
        self.end.get_or_insert_with(|| Err(Failure::Read(ReadError::ClosedStream).into()));
    }

    fn recv_id(&self) -> StreamId {
        self.state.id()
    }
}

impl Drop for RecvStream {
    fn drop(&mut self) {
        self.state.forget();
        if self.end.is_none() {
            let code = match self.state.side() {
                Side::Server => Code::H3_NO_ERROR,
                Side::Client => Code::H3_REQUEST_CANCELLED,
            };
            self.chunks.stop(errors::code(code.value()));
        }
    }
}

impl From<Failure> for StreamErrorIncoming {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Read(error) => errors::read(error),
            Failure::Fault(fault) if fault.ends_connection() => Self::ConnectionErrorIncoming {
                connection_error: ConnectionErrorIncoming::Undefined(Arc::new(fault)),
            },
            Failure::Fault(fault) => Self::Unknown(Box::new(fault)),
        }
    }
}
