use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use tokio::time::Instant;

/// Milliseconds since the connection began, so that a moment fits into an atomic.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct Clock {
    began: Instant,
}

impl Clock {
    pub(in crate::server) fn start() -> Self {
        Self { began: Instant::now() }
    }
}

/// A point in time that several tasks share, or none.
#[derive(Debug)]
pub(in crate::server) struct Moment(AtomicU64);

const NEVER: u64 = u64::MAX;

impl Moment {
    pub(in crate::server) fn never() -> Self {
        Self(AtomicU64::new(NEVER))
    }

    pub(in crate::server) fn at(clock: &Clock) -> Self {
        let moment = Self::never();
        moment.set(clock);
        moment
    }

    pub(in crate::server) fn set(&self, clock: &Clock) {
        let millis = u64::try_from(clock.began.elapsed().as_millis()).unwrap_or(NEVER - 1);
        self.0.store(millis, Relaxed);
    }

    pub(in crate::server) fn clear(&self) {
        self.0.store(NEVER, Relaxed);
    }

    pub(in crate::server) fn get(&self, clock: &Clock) -> Option<Instant> {
        match self.0.load(Relaxed) {
            NEVER => None,
            millis => Some(clock.began + Duration::from_millis(millis)),
        }
    }
}
