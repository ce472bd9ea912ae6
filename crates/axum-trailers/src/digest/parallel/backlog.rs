use super::super::Hashers;
use bytes::Bytes;
use std::{
    collections::VecDeque,
    task::{Context, Poll},
};

/// How many bytes are hashed per poll. SHA-256 takes about 75 µs for them: other streams of the same thread wait no longer.
pub(super) const STEP: usize = 128 * 1024;

/// The state of the hashers, and the chunks that come next.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    pub(super) hashers: Hashers,
    pub(super) chunks: VecDeque<Bytes>,
}

impl Backlog {
    /// Hashes the chunks, [`STEP`] bytes per poll.
    pub(super) fn poll_all(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut room = STEP;
        while let Some(chunk) = self.chunks.front_mut() {
            if room == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let step = chunk.split_to(chunk.len().min(room));
            self.hashers.update(&step);
            room -= step.len();
            if chunk.is_empty() {
                self.chunks.pop_front();
            }
        }
        Poll::Ready(())
    }
}
