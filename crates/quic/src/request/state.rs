use crate::{Fault, Streams, errors, turn::Turns};
use h3::quic::StreamId;
use quinn::Side;
use std::sync::{
    Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tokio::sync::Notify;

/// What both halves of a request stream, and those who look at it, share.
#[derive(Debug)]
pub(crate) struct State {
    id: StreamId,
    streams: Streams,
    send: Mutex<quinn::SendStream>,
    has_ended: AtomicBool,
    fault: OnceLock<Fault>,
    finishes_if_dropped: AtomicBool,
    was_reset: AtomicBool,
    times_passed_over: AtomicUsize,
    is_awaited: AtomicBool,
    /// quinn does not wake those who wait for the end of a stream that this side resets.
    reset: Notify,
}

impl State {
    pub(crate) fn new(id: StreamId, streams: Streams, send: quinn::SendStream) -> Self {
        Self {
            id,
            streams,
            send: Mutex::new(send),
            has_ended: AtomicBool::new(false),
            fault: OnceLock::new(),
            finishes_if_dropped: AtomicBool::new(false),
            was_reset: AtomicBool::new(false),
            times_passed_over: AtomicUsize::new(0),
            is_awaited: AtomicBool::new(false),
            reset: Notify::new(),
        }
    }

    pub(crate) fn id(&self) -> StreamId {
        self.id
    }

    pub(crate) fn quic(&self) -> &quinn::Connection {
        self.streams.quic()
    }

    pub(crate) fn side(&self) -> Side {
        self.streams.side()
    }

    pub(crate) fn turns(&self) -> &Turns {
        self.streams.turns()
    }

    pub(crate) fn note_passed_over(&self) {
        self.times_passed_over.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn times_passed_over(&self) -> usize {
        self.times_passed_over.load(Ordering::Relaxed)
    }

    /// Nobody can take it any more.
    pub(crate) fn forget(&self) {
        drop(self.streams.take(self.id));
    }

    pub(crate) fn sending(&self) -> MutexGuard<'_, quinn::SendStream> {
        // quinn does not leave it half-changed.
        self.send.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resets the sending side, unless it has ended.
    pub(crate) fn reset(&self, code: u64) {
        if self.sending().reset(errors::code(code)).is_ok() {
            self.was_reset.store(true, Ordering::Release);
            if self.is_awaited.load(Ordering::Relaxed) {
                self.streams.note_kept();
            }
            self.reset.notify_waiters();
        }
    }

    pub(crate) fn was_reset(&self) -> bool {
        self.was_reset.load(Ordering::Acquire)
    }

    /// Whether quinn has an entry for those who wait for the end of the sending side. It removes the entry at that end, but not if
    /// this side resets the stream (0.11.12).
    pub(crate) fn note_awaited(&self, is_awaited: bool) {
        self.is_awaited.store(is_awaited, Ordering::Relaxed);
    }

    pub(crate) fn when_reset(&self) -> &Notify {
        &self.reset
    }

    /// Whether the sending side, if it is dropped, ends as if it were complete.
    pub(crate) fn finishes_if_dropped(&self) -> bool {
        self.finishes_if_dropped.load(Ordering::Relaxed)
    }

    pub(crate) fn finish_if_dropped(&self, finishes: bool) {
        self.finishes_if_dropped.store(finishes, Ordering::Relaxed);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }

    pub(crate) fn note_end(&self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }

    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.fault.get()
    }

    /// The first one counts.
    pub(crate) fn note_fault(&self, fault: Fault) {
        let _first = self.fault.set(fault);
    }
}
