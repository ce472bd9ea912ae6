use bytes::Bytes;
use quinn::{ReadError, RecvStream, VarInt};
use std::{
    collections::VecDeque,
    pin::pin,
    task::{Context, Poll, ready},
};

/// What quinn receives on a stream, in order. Several chunks are taken at a time, because each time locks the connection.
#[derive(Debug)]
pub(crate) struct Chunks {
    stream: RecvStream,
    taken: VecDeque<Bytes>,
}

/// A chunk is at most a packet's payload, about 1400 bytes.
const AT_A_TIME: usize = 16;

impl Chunks {
    pub(crate) fn new(stream: RecvStream) -> Self {
        Self { stream, taken: VecDeque::new() }
    }

    /// Returns `None` at the end.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, ReadError>> {
        if let Some(chunk) = self.taken.pop_front() {
            return Poll::Ready(Ok(Some(chunk)));
        }
        let mut chunks = [const { Bytes::new() }; AT_A_TIME];
        // quinn has registered the waker when this returns, so the future is not needed any more.
        let read = ready!(pin!(self.stream.read_chunks(&mut chunks)).poll(cx))?;
        let mut chunks = chunks.into_iter().take(read.unwrap_or(0));
        let first = chunks.next();
        self.taken.extend(chunks);
        Poll::Ready(Ok(first))
    }

    /// Asks the peer to stop, unless it has ended. What is not taken is dropped.
    pub(crate) fn stop(&mut self, code: VarInt) {
        self.taken.clear();
        // If the peer has ended its side, there is nothing to stop.
        let _stopped = self.stream.stop(code);
    }

    pub(crate) fn id(&self) -> quinn::StreamId {
        self.stream.id()
    }
}
