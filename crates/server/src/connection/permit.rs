use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places that connections take: there is a limit to them.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    limit: u32,
}

/// The place of one connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(crate) fn new(limit: usize) -> Self {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        Self { free: Arc::new(Semaphore::new(limit as usize)), limit }
    }

    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }

    /// Takes a place, where there is one.
    pub(crate) fn take(&self) -> Option<Place> {
        self.free.clone().try_acquire_owned().ok().map(|permit| Place { _permit: permit })
    }

    /// Waits until every connection has given its place back.
    pub(crate) async fn all_free(&self) {
        // The semaphore is never closed: that the places are here is all there is to know.
        let _all = self.free.acquire_many(self.limit).await;
    }
}
