use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use tokio::time::Instant;

/// Milliseconds since the connection began, so that a moment fits into an atomic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    began: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now() }
    }
}

/// A point in time that several tasks share, or none.
#[derive(Debug)]
pub(crate) struct Moment(AtomicU64);

const NEVER: u64 = u64::MAX;

impl Moment {
    pub(crate) fn never() -> Self {
        Self(AtomicU64::new(NEVER))
    }

    pub(crate) fn at(clock: &Clock) -> Self {
        let moment = Self::never();
        moment.set(clock);
        moment
    }

    pub(crate) fn set(&self, clock: &Clock) {
        let millis = u64::try_from(clock.began.elapsed().as_millis()).unwrap_or(NEVER - 1);
        self.0.store(millis, Relaxed);
    }

    pub(crate) fn clear(&self) {
        self.0.store(NEVER, Relaxed);
    }

    pub(crate) fn get(&self, clock: &Clock) -> Option<Instant> {
        match self.0.load(Relaxed) {
            NEVER => None,
            millis => Some(clock.began + Duration::from_millis(millis)),
        }
    }
}
