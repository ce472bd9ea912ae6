use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use tokio::time::Instant;

/// The beginning of a connection. Instants are stored as milliseconds since then, to fit into an atomic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epoch {
    began: Instant,
}

impl Epoch {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now() }
    }
}

/// An optional point in time that several tasks share.
#[derive(Debug)]
pub(crate) struct AtomicInstant(AtomicU64);

const NEVER: u64 = u64::MAX;

impl AtomicInstant {
    pub(crate) fn never() -> Self {
        Self(AtomicU64::new(NEVER))
    }

    pub(crate) fn at(epoch: &Epoch) -> Self {
        let moment = Self::never();
        moment.set(epoch);
        moment
    }

    pub(crate) fn set(&self, epoch: &Epoch) {
        self.set_to(Instant::now(), epoch);
    }

    pub(crate) fn set_to(&self, instant: Instant, epoch: &Epoch) {
        let millis = instant.saturating_duration_since(epoch.began).as_millis();
        self.0.store(u64::try_from(millis).unwrap_or(NEVER - 1), Relaxed);
    }

    pub(crate) fn clear(&self) {
        self.0.store(NEVER, Relaxed);
    }

    pub(crate) fn get(&self, epoch: &Epoch) -> Option<Instant> {
        match self.0.load(Relaxed) {
            NEVER => None,
            millis => Some(epoch.began + Duration::from_millis(millis)),
        }
    }
}
