use super::backlog::{Backlog, STEP};
use bytes::Bytes;
use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};
use tokio::runtime::Handle;

/// A backlog for a thread for blocking work.
///
/// If no thread has begun when the result is needed, because all are busy or the runtime ends, the sender takes it back.
#[derive(Debug)]
pub(super) struct Offload(Mutex<State>);

#[derive(Debug)]
pub(super) struct State {
    /// Without its hashers while a thread uses them.
    pub(super) backlog: Backlog,
    pub(super) is_out: bool,
    has_ended: bool,
    /// How many bytes are to be hashed, including the last chunk's.
    pub(super) behind: usize,
    last_chunk: usize,
    waiting: Option<Waiting>,
}

/// A sender that waits until less than `behind` bytes are to be hashed before its last chunk.
#[derive(Debug)]
struct Waiting {
    behind: usize,
    waker: Waker,
}

/// Where a backlog is hashed.
pub(super) enum At {
    Thread,
    Nobody { left: Backlog, was_begun: bool },
}

impl Offload {
    /// Gives a backlog to a thread of the current runtime, if there is one.
    pub(super) fn begin(here: &mut Backlog) -> Option<Arc<Self>> {
        let runtime = Handle::try_current().ok()?;
        let offload = Arc::new(Self::new(mem::take(here)));
        let worker = offload.clone();
        runtime.spawn_blocking(move || worker.work());
        Some(offload)
    }

    pub(super) fn new(backlog: Backlog) -> Self {
        Self(Mutex::new(State {
            behind: backlog.chunks.iter().map(Bytes::len).sum(),
            last_chunk: backlog.chunks.back().map_or(0, Bytes::len),
            backlog,
            is_out: false,
            has_ended: false,
            waiting: None,
        }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hashes until nothing is left.
    pub(super) fn work(&self) {
        let mut state = self.lock();
        let mut hashers = mem::take(&mut state.backlog.hashers);
        state.is_out = true;
        while let Some(step) = state.next_step() {
            drop(state);
            hashers.update(&step);
            state = self.lock();
            state.behind -= step.len();
            if let Some(task) = state.done_waiting() {
                drop(state);
                task.wake();
                state = self.lock();
            }
        }
        state.backlog.hashers = hashers;
        state.is_out = false;
        state.has_ended = true;
        let waiting = state.waiting.take();
        drop(state);
        if let Some(Waiting { waker, .. }) = waiting {
            waker.wake();
        }
    }
}

impl State {
    /// Takes a chunk, or returns the backlog if the thread has ended.
    pub(super) fn push_unless_ended(&mut self, chunk: &Bytes) -> Option<Backlog> {
        if self.has_ended {
            return Some(mem::take(&mut self.backlog));
        }
        self.behind += chunk.len();
        self.last_chunk = chunk.len();
        self.backlog.chunks.push_back(chunk.clone());
        None
    }

    pub(super) fn next_step(&mut self) -> Option<Bytes> {
        let chunk = self.backlog.chunks.front_mut()?;
        let step = chunk.split_to(chunk.len().min(STEP));
        if chunk.is_empty() {
            self.backlog.chunks.pop_front();
        }
        Some(step)
    }

    /// Waits until less than `behind` bytes are to be hashed before the last chunk, or returns the backlog if no thread has it.
    pub(super) fn poll_down_to(&mut self, behind: usize, cx: &mut Context<'_>) -> Poll<At> {
        if !self.has_ended && self.is_below(behind) {
            return Poll::Ready(At::Thread);
        }
        if !self.is_out {
            let left = mem::take(&mut self.backlog);
            return Poll::Ready(At::Nobody { left, was_begun: self.has_ended });
        }
        self.waiting = Some(Waiting { behind, waker: cx.waker().clone() });
        Poll::Pending
    }

    fn is_below(&self, behind: usize) -> bool {
        self.behind.saturating_sub(self.last_chunk) < behind
    }

    /// Returns the sender's waker if it need not wait any longer.
    pub(super) fn done_waiting(&mut self) -> Option<Waker> {
        let Waiting { behind, .. } = self.waiting.as_ref()?;
        // Half of it, so that the sender wakes for more than one chunk.
        if !self.is_below(behind / 2) {
            return None;
        }
        self.waiting.take().map(|waiting| waiting.waker)
    }
}
