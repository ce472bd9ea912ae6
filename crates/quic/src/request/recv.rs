use super::State;
use crate::{Bounds, Streams, errors};
use bytes::Bytes;
use h3::quic::{self, StreamErrorIncoming, StreamId};
use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// The receiving side of a request stream.
pub struct RecvStream {
    stream: quinn::RecvStream,
    state: Arc<State>,
    streams: Streams,
    /// Read ahead: `None` is the end.
    ahead: Option<Option<Bytes>>,
}

impl RecvStream {
    pub(super) fn new(
        stream: quinn::RecvStream,
        state: Arc<State>,
        streams: Streams,
        _bounds: Bounds,
    ) -> Self {
        Self { stream, state, streams, ahead: None }
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        // quinn has registered the waker when this returns, so the future is not needed any more.
        let read = ready!(pin!(self.stream.read_chunk(usize::MAX, true)).poll(cx));
        Poll::Ready(read.map(|chunk| chunk.map(|chunk| chunk.bytes)).map_err(errors::read))
    }
}

impl quic::RecvStream for RecvStream {
    type Buf = Bytes;

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        let chunk = match self.ahead.take() {
            Some(chunk) => chunk,
            None => ready!(self.poll_chunk(cx))?,
        };
        if chunk.is_some()
            && let Poll::Ready(Ok(next)) = self.poll_chunk(cx)
        {
            self.ahead = Some(next);
        }
        if chunk.is_none() || self.ahead == Some(None) {
            self.state.note_end();
        }
        Poll::Ready(Ok(chunk))
    }

    fn stop_sending(&mut self, error_code: u64) {
        // If the peer has ended its side, there is nothing to stop.
        let _stopped = self.stream.stop(errors::code(error_code));
    }

    fn recv_id(&self) -> StreamId {
        self.state.id()
    }
}

impl Drop for RecvStream {
    fn drop(&mut self) {
        self.streams.forget(self.state.id());
    }
}
