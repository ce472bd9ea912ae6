use super::{CHUNK_OVERHEAD, ending::ProducerError};
use crate::{BoxError, trailers::Trailers};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    error::Error,
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker, ready},
};
use tokio::{sync::Notify, task::coop};

/// The queue between a producer and its body: chunks up to a number of bytes, then the ending.
///
/// A single lock guards all of it and is held for a few instructions. A waiting task is woken only if it can continue.
pub(super) struct Queue {
    capacity: usize,
    state: Mutex<State>,
    /// The bytes of all chunks. Changed with the lock, read without.
    bytes: AtomicUsize,
    /// Whether the reader is polling the producer.
    runs_producer: AtomicBool,
    reader_gone: Notify,
}

#[derive(Default)]
struct State {
    chunks: VecDeque<Bytes>,
    /// The capacity in use.
    taken: usize,
    producer: Option<Waiting>,
    reader: Option<Waker>,
    is_closed: bool,
    ending: Ending,
}

/// A producer that waits for room.
struct Waiting {
    waker: Waker,
    /// How much capacity it waits for.
    cost: usize,
    /// Whether the reader was polling it, and will do so again before it waits.
    is_inside: bool,
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

/// A chunk that was not taken.
#[derive(Debug)]
pub(super) enum NotTaken {
    Full(Bytes),
    Closed(Bytes),
}

/// Why a body did not end as its sender wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotEnded {
    ReaderGone,
    /// It has ended before, in an error.
    Failed,
}

/// What the reader gets next: a chunk, the producer's failure, or the end.
type Said = Option<Result<Bytes, ProducerError>>;

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            state: Mutex::default(),
            bytes: AtomicUsize::new(0),
            runs_producer: AtomicBool::new(false),
            reader_gone: Notify::new(),
        }
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
            let is_inside = self.runs_producer.load(Relaxed);
            let before = state.producer.replace(Waiting { waker: cx.waker().clone(), cost, is_inside });
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
        self.push(state, chunk, cost);
        Poll::Ready(Ok(()))
    }

    /// Takes the chunk if there is room.
    pub(super) fn try_push(&self, chunk: Bytes) -> Result<(), NotTaken> {
        let cost = self.cost(chunk.len());
        let state = self.lock();
        if state.is_closed {
            return Err(NotTaken::Closed(chunk));
        }
        if self.capacity - state.taken < cost {
            return Err(NotTaken::Full(chunk));
        }
        self.push(state, chunk, cost);
        Ok(())
    }

    fn push(&self, mut state: MutexGuard<'_, State>, chunk: Bytes, cost: usize) {
        state.taken += cost;
        self.bytes.store(self.bytes() + chunk.len(), Relaxed);
        state.chunks.push_back(chunk);
        wake(state, |state| state.reader.take());
    }

    /// Ends the body. The first ending counts. `notes` runs if this is it.
    pub(super) fn end(
        &self,
        ending: Result<Trailers, ProducerError>,
        notes: impl FnOnce(),
    ) -> Result<(), NotEnded> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(NotEnded::ReaderGone);
        }
        if !matches!(state.ending, Ending::Open) {
            return Err(NotEnded::Failed);
        }
        notes();
        state.ending = match ending {
            Ok(trailers) => Ending::Finished(trailers),
            Err(error) => Ending::Failed(error),
        };
        wake(state, |state| state.reader.take());
        Ok(())
    }

    /// Notes whether the reader is polling the producer.
    pub(super) fn runs_producer(&self, runs: bool) {
        self.runs_producer.store(runs, Relaxed);
    }

    /// Ends the body in the error that its producer has returned, unless the producer has ended it before. Returning
    /// drops the sender, so the body may already have ended in [`ProducerError::Gone`].
    pub(super) fn end_returned(&self, error: BoxError) {
        let mut state = self.lock();
        if let Ending::Open | Ending::Failed(ProducerError::Gone) = state.ending {
            state.ending = Ending::Failed(ProducerError::Failed(error));
            wake(state, |state| state.reader.take());
        }
    }

    /// Fails the body, however its producer has ended it before the panic.
    pub(super) fn end_panicked(&self) {
        let mut state = self.lock();
        let before = std::mem::replace(&mut state.ending, Ending::Failed(ProducerError::Gone));
        drop(state);
        drop(before);
    }

    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Said> {
        let budget = ready!(coop::poll_proceed(cx));
        let said = self.said(None, || Some(cx.waker().clone()));
        if said.is_ready() {
            budget.made_progress();
        }
        said
    }

    /// What is ready for a reader that polls the producer before it waits: the producer wakes nobody meanwhile, and is
    /// woken only if it waits as another task.
    pub(super) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Said> {
        self.said(Some(cx.waker()), || None)
    }

    /// The same after the reader has polled the producer: it waits.
    pub(super) fn poll_produced(&self, cx: &mut Context<'_>) -> Poll<Said> {
        self.said(Some(cx.waker()), || Some(cx.waker().clone()))
    }

    /// A producer inside of the body is not woken if that would wake the `reader`. `waits` is whom the producer wakes.
    fn said(&self, reader: Option<&Waker>, waits: impl FnOnce() -> Option<Waker>) -> Poll<Said> {
        let mut state = self.lock();
        if let Some(chunk) = state.chunks.pop_front() {
            state.taken -= self.cost(chunk.len());
            self.bytes.store(self.bytes() - chunk.len(), Relaxed);
            let free = self.capacity - state.taken;
            let woken = state.producer.take_if(|waiting| waiting.cost <= free);
            drop(state);
            if let Some(Waiting { waker, is_inside, .. }) = woken
                && !(is_inside && reader.is_some_and(|reader| waker.will_wake(reader)))
            {
                waker.wake();
            }
            return Poll::Ready(Some(Ok(chunk)));
        }
        Poll::Ready(match &mut state.ending {
            Ending::Open => {
                let before = std::mem::replace(&mut state.reader, waits());
                drop(state);
                drop(before);
                return Poll::Pending;
            }
            Ending::Finished(_) | Ending::Taken => None,
            failed @ Ending::Failed(_) => match std::mem::replace(failed, Ending::Taken) {
                Ending::Failed(error) => {
                    drop(state);
                    tracing::debug!(error = &error as &(dyn Error + 'static), "a body ends in an error");
                    Some(Err(error))
                }
                _ => None,
            },
        })
    }

    /// The number of bytes that wait for the reader.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
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
        state.taken = 0;
        self.bytes.store(0, Relaxed);
        let unread = std::mem::take(&mut state.chunks);
        wake(state, |state| state.producer.take().map(|waiting| waiting.waker));
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

/// Without the content.
impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("capacity", &self.capacity)
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
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
