use super::{CHUNK_OVERHEAD, ending::ProducerError};
use crate::trailers::Trailers;
use bytes::Bytes;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};
use tokio::{sync::Notify, task::coop};

/// The queue between a producer and its body: chunks up to a number of bytes, then the ending.
///
/// A single lock guards all of it and is held for a few instructions. A waiting task is woken only if it can continue.
#[derive(Debug)]
pub(super) struct Queue {
    capacity: usize,
    state: Mutex<State>,
    reader_gone: Notify,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Bytes>,
    /// The bytes of all chunks.
    bytes: usize,
    /// The capacity in use.
    taken: usize,
    /// The waiting producer, and how much capacity it waits for.
    producer: Option<(Waker, usize)>,
    reader: Option<Waker>,
    is_closed: bool,
    ending: Ending,
}

#[derive(Debug, Default)]
enum Ending {
    /// The producer is still running.
    #[default]
    Open,
    Finished(Trailers),
    Failed(ProducerError),
    /// The reader has taken the trailers or the error.
    Taken,
}

/// The reader is gone. Contains the chunk.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Bytes);

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default(), reader_gone: Notify::new() }
    }

    /// Waits for room, then takes the chunk.
    pub(super) fn poll_push(
        &self,
        chunk: &mut Option<Bytes>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Refused>> {
        // A producer that always finds room, because its reader runs on another thread, must also yield.
        let budget = ready!(coop::poll_proceed(cx));
        let cost = self.cost(chunk.as_ref().map_or(0, Bytes::len));
        let mut state = self.lock();
        if !state.is_closed && self.capacity - state.taken < cost {
            let before = state.producer.replace((cx.waker().clone(), cost));
            // Dropping a task's last waker may drop the sender, which takes the lock.
            drop(state);
            drop(before);
            return Poll::Pending;
        }
        budget.made_progress();
        let chunk = chunk.take().expect("polled after its end");
        if state.is_closed {
            return Poll::Ready(Err(Refused(chunk)));
        }
        state.taken += cost;
        state.bytes += chunk.len();
        state.chunks.push_back(chunk);
        wake(state, |state| state.reader.take());
        Poll::Ready(Ok(()))
    }

    /// Ends the body. The first ending counts.
    pub(super) fn end(&self, ending: Result<Trailers, ProducerError>) {
        let mut state = self.lock();
        if !matches!(state.ending, Ending::Open) {
            return;
        }
        state.ending = match ending {
            Ok(trailers) => Ending::Finished(trailers),
            Err(error) => Ending::Failed(error),
        };
        wake(state, |state| state.reader.take());
    }

    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, ProducerError>>> {
        let budget = ready!(coop::poll_proceed(cx));
        let said = self.poll_said(cx);
        if said.is_ready() {
            budget.made_progress();
        }
        said
    }

    fn poll_said(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, ProducerError>>> {
        let mut state = self.lock();
        if let Some(chunk) = state.chunks.pop_front() {
            state.taken -= self.cost(chunk.len());
            state.bytes -= chunk.len();
            let free = self.capacity - state.taken;
            wake(state, |state| {
                state.producer.take_if(|(_, wanted)| *wanted <= free).map(|(waker, _)| waker)
            });
            return Poll::Ready(Some(Ok(chunk)));
        }
        Poll::Ready(match &mut state.ending {
            Ending::Open => {
                let before = state.reader.replace(cx.waker().clone());
                drop(state);
                drop(before);
                return Poll::Pending;
            }
            Ending::Finished(_) | Ending::Taken => None,
            failed @ Ending::Failed(_) => match std::mem::replace(failed, Ending::Taken) {
                Ending::Failed(error) => Some(Err(error)),
                _ => None,
            },
        })
    }

    /// The number of bytes that wait for the reader.
    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    pub(super) fn take_trailers(&self) -> Option<Trailers> {
        let mut state = self.lock();
        let Ending::Finished(trailers) = &mut state.ending else {
            return None;
        };
        let trailers = std::mem::take(trailers);
        state.ending = Ending::Taken;
        Some(trailers)
    }

    /// Marks the reader as gone and drops the chunks that wait for it.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        (state.bytes, state.taken) = (0, 0);
        let unread = std::mem::take(&mut state.chunks);
        wake(state, |state| state.producer.take().map(|(waker, _)| waker));
        drop(unread);
        self.reader_gone.notify_waiters();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Waits until the reader is gone.
    pub(super) async fn closed(&self) {
        // `notified` receives notifications from here on, even before it is polled.
        let gone = self.reader_gone.notified();
        if !self.is_closed() {
            gone.await;
        }
    }

    /// A chunk larger than the whole capacity uses all of it.
    fn cost(&self, len: usize) -> usize {
        len.saturating_add(CHUNK_OVERHEAD).min(self.capacity)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the waiting task, if any, after the lock is released; on another thread it would otherwise block on the lock.
fn wake(mut state: MutexGuard<'_, State>, whom: impl FnOnce(&mut State) -> Option<Waker>) {
    let waker = whom(&mut state);
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}
