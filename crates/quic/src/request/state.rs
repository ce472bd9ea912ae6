use crate::{Fault, errors};
use h3::quic::StreamId;
use std::sync::{
    Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::Notify;

/// What both halves of a request stream, and those who look at it, share.
#[derive(Debug)]
pub(crate) struct State {
    id: StreamId,
    send: Mutex<quinn::SendStream>,
    has_ended: AtomicBool,
    fault: OnceLock<Fault>,
    was_reset: AtomicBool,
    /// quinn does not wake those who wait for the end of a stream that this side resets.
    reset: Notify,
}

impl State {
    pub(crate) fn new(id: StreamId, send: quinn::SendStream) -> Self {
        Self {
            id,
            send: Mutex::new(send),
            has_ended: AtomicBool::new(false),
            fault: OnceLock::new(),
            was_reset: AtomicBool::new(false),
            reset: Notify::new(),
        }
    }

    pub(crate) fn id(&self) -> StreamId {
        self.id
    }

    pub(crate) fn sending(&self) -> MutexGuard<'_, quinn::SendStream> {
        // quinn does not leave it half-changed.
        self.send.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resets the sending side, unless it has ended.
    pub(crate) fn reset(&self, code: u64) {
        if self.sending().reset(errors::code(code)).is_ok() {
            self.was_reset.store(true, Ordering::Release);
            self.reset.notify_waiters();
        }
    }

    pub(crate) fn was_reset(&self) -> bool {
        self.was_reset.load(Ordering::Acquire)
    }

    pub(crate) fn when_reset(&self) -> &Notify {
        &self.reset
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
