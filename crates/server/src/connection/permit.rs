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

/// Held by a connection until it has ended: it counts toward the limit and toward the load of the thread that serves it.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    _permit: OwnedSemaphorePermit,
    load: Arc<Load>,
    is_open: bool,
}

/// How many connections one thread serves.
#[derive(Debug, Default)]
pub(crate) struct Load {
    connections: AtomicUsize,
    open: AtomicUsize,
}

impl Load {
    /// All of them, including those that are still in their handshake.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Relaxed)
    }

    /// Those whose handshake has ended.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Relaxed)
    }
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
    /// `load` is that of the thread that serves the connection.
    pub(crate) fn new(permit: OwnedSemaphorePermit, load: Arc<Load>) -> Self {
        load.connections.fetch_add(1, Relaxed);
        Self { _permit: permit, load, is_open: false }
    }

    /// Records that the handshake has ended.
    pub(crate) fn opened(&mut self) {
        if !self.is_open {
            self.is_open = true;
            self.load.open.fetch_add(1, Relaxed);
        }
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.load.connections.fetch_sub(1, Relaxed);
        if self.is_open {
            self.load.open.fetch_sub(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_is_that_of_the_connections_that_are_left() {
        let (limit, load) = (ConnectionLimit::new(2), Arc::<Load>::default());
        let permit = || ConnectionPermit::new(limit.acquire().expect("room"), load.clone());
        let count = || (load.connections(), load.open());
        let (mut first, second) = (permit(), permit());
        assert_eq!(count(), (2, 0));
        first.opened();
        first.opened();
        assert_eq!(count(), (2, 1));
        drop(first);
        assert_eq!(count(), (1, 0));
        drop(second);
        assert_eq!(count(), (0, 0));
    }
}
