use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Limits how many connections may be open at once.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionLimit {
    free: Arc<Semaphore>,
    limit: u32,
}

/// Held by an open connection until it has ended: it counts toward the limit and toward the thread that serves it.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    _permit: OwnedSemaphorePermit,
    of_worker: Arc<AtomicUsize>,
}

impl ConnectionLimit {
    pub(crate) fn new(limit: usize) -> Self {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        Self { free: Arc::new(Semaphore::new(limit as usize)), limit }
    }

    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }

    /// A permit for one more connection, unless the limit is reached.
    pub(crate) fn acquire(&self) -> Option<OwnedSemaphorePermit> {
        self.free.clone().try_acquire_owned().ok()
    }

    /// Waits until every connection has ended.
    pub(crate) async fn all_released(&self) {
        // The semaphore is never closed, so this always succeeds.
        let _all = self.free.acquire_many(self.limit).await;
    }
}

impl ConnectionPermit {
    /// `of_worker` counts the connections of one thread.
    pub(crate) fn new(permit: OwnedSemaphorePermit, of_worker: Arc<AtomicUsize>) -> Self {
        of_worker.fetch_add(1, Relaxed);
        Self { _permit: permit, of_worker }
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.of_worker.fetch_sub(1, Relaxed);
    }
}
