use super::{CHUNK_OVERHEAD, ending::ProducerError};
use crate::trailers::Trailers;
use bytes::Bytes;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};
use tokio::{sync::Notify, task::coop};

/// What is between a producer and its body: chunks up to a number of bytes, and behind them how the body ends.
///
/// All of it is in one place behind one lock, which is held for a few instructions. Whoever waits is woken when there is
/// something for it, and by nothing else.
#[derive(Debug)]
pub(super) struct Queue {
    capacity: usize,
    state: Mutex<State>,
    reader_gone: Notify,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Bytes>,
    /// The bytes of the chunks.
    bytes: usize,
    /// What the chunks take of the capacity.
    taken: usize,
    /// The producer that waits, and for how much room.
    producer: Option<(Waker, usize)>,
    reader: Option<Waker>,
    is_closed: bool,
    ending: Ending,
}

#[derive(Debug, Default)]
enum Ending {
    /// The producer is at work.
    #[default]
    Open,
    Finished(Trailers),
    Failed(ProducerError),
    /// The reader knows it.
    Told,
}

/// The reader is gone. The chunk comes back.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Bytes);

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default(), reader_gone: Notify::new() }
    }

    /// Takes the chunk once there is room for it.
    pub(super) fn poll_push(
        &self,
        chunk: &mut Option<Bytes>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Refused>> {
        // A producer that always finds room, since its reader is on another thread, also has to let others run.
        let budget = ready!(coop::poll_proceed(cx));
        let cost = self.cost(chunk.as_ref().map_or(0, Bytes::len));
        let mut state = self.lock();
        if !state.is_closed && self.capacity - state.taken < cost {
            let before = state.producer.replace((cx.waker().clone(), cost));
            // The last waker of a task may drop the sender with it, which locks.
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
            Ending::Finished(_) | Ending::Told => None,
            failed @ Ending::Failed(_) => match std::mem::replace(failed, Ending::Told) {
                Ending::Failed(error) => Some(Err(error)),
                _ => None,
            },
        })
    }

    /// How many bytes wait for the reader.
    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    pub(super) fn take_trailers(&self) -> Option<Trailers> {
        let mut state = self.lock();
        let Ending::Finished(trailers) = &mut state.ending else {
            return None;
        };
        let trailers = std::mem::take(trailers);
        state.ending = Ending::Told;
        Some(trailers)
    }

    /// The reader is gone, and what waits for it is nobody's.
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
        // It hears what happens from here on, before it is polled.
        let gone = self.reader_gone.notified();
        if !self.is_closed() {
            gone.await;
        }
    }

    /// A chunk larger than the whole capacity takes all of it.
    fn cost(&self, len: usize) -> usize {
        len.saturating_add(CHUNK_OVERHEAD).min(self.capacity)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the waiting task, if there is one, after the lock is released: on another thread it would run into the lock.
fn wake(mut state: MutexGuard<'_, State>, whom: impl FnOnce(&mut State) -> Option<Waker>) {
    let waker = whom(&mut state);
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}
