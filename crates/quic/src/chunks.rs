use bytes::Bytes;
use quinn::{ReadError, RecvStream, VarInt};
use std::{
    collections::VecDeque,
    mem,
    pin::pin,
    task::{Context, Poll, ready},
};

/// What quinn receives on a stream, in order. Several chunks are taken at a time, because each time locks the connection.
#[derive(Debug)]
pub(crate) struct Chunks {
    stream: RecvStream,
    taken: VecDeque<Bytes>,
    /// Whether there were more than a few chunks the last time.
    are_many: bool,
}

/// How many chunks are taken at a time. One is at most a packet's payload, about 1400 bytes. A small message is one chunk, and
/// quinn sees its end when it looks for the second.
const FEW: usize = 2;
const MANY: usize = 16;

impl Chunks {
    pub(crate) fn new(stream: RecvStream) -> Self {
        Self { stream, taken: VecDeque::new(), are_many: false }
    }

    /// Returns `None` at the end.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, ReadError>> {
        if let Some(chunk) = self.taken.pop_front() {
            return Poll::Ready(Ok(Some(chunk)));
        }
        if self.are_many { self.poll_read::<MANY>(cx) } else { self.poll_read::<FEW>(cx) }
    }

    fn poll_read<const AT_MOST: usize>(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, ReadError>> {
        let mut chunks = [const { Bytes::new() }; AT_MOST];
        // quinn has registered the waker when this returns, so the future is not needed any more.
        let read = ready!(pin!(self.stream.read_chunks(&mut chunks)).poll(cx))?.unwrap_or(0);
        self.are_many = read >= FEW;
        let mut chunks = chunks.iter_mut().take(read).map(mem::take);
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
