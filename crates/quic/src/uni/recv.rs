use crate::{Bounds, errors};
use bytes::Bytes;
use h3::quic::{self, StreamErrorIncoming, StreamId};
use std::{
    pin::pin,
    task::{Context, Poll, ready},
};

/// The receiving side of a unidirectional stream.
pub struct UniRecvStream {
    stream: quinn::RecvStream,
}

impl UniRecvStream {
    pub(crate) fn new(stream: quinn::RecvStream, _quic: quinn::Connection, _bounds: Bounds) -> Self {
        Self { stream }
    }
}

impl quic::RecvStream for UniRecvStream {
    type Buf = Bytes;

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        // quinn has registered the waker when this returns, so the future is not needed any more.
        let read = ready!(pin!(self.stream.read_chunk(usize::MAX, true)).poll(cx));
        Poll::Ready(read.map(|chunk| chunk.map(|chunk| chunk.bytes)).map_err(errors::read))
    }

    fn stop_sending(&mut self, error_code: u64) {
        // If the peer has ended its side, there is nothing to stop.
        let _stopped = self.stream.stop(errors::code(error_code));
    }

    fn recv_id(&self) -> StreamId {
        StreamId::try_from(u64::from(self.stream.id())).expect("quinn's ids have the same range")
    }
}
