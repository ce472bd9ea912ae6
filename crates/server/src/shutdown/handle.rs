use std::{
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

/// The stages of a server's shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Stage {
    Running,
    /// New connections are refused; running streams continue.
    Draining,
    /// Connections accept no more requests.
    Closing,
    /// Running streams are cut.
    Aborted,
    Ended,
}

/// Shuts down a running [`Server`](crate::serve::Server).
///
/// Clones control the same server.
#[derive(Clone, Debug)]
pub struct Handle {
    stage: watch::Sender<Stage>,
    in_flight: Arc<InFlight>,
}

/// Lets the parts of a server follow its shutdown, and report their connections and requests.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown {
    stage: watch::Receiver<Stage>,
    in_flight: Arc<InFlight>,
}

/// How long running HTTP/2 streams may continue before their connections send `GOAWAY`.
///
/// After a `GOAWAY`, curl up to 7.88 silently drops everything that arrives together with the end of a stream, trailers
/// and data alike.
const UNDISTURBED: Duration = Duration::from_secs(5);

/// If no response has been written for this long, everything that was handed to hyper has arrived.
const SILENCE: Duration = Duration::from_millis(200);

impl Handle {
    pub(crate) fn new() -> Self {
        Self { stage: watch::Sender::new(Stage::Running), in_flight: Arc::default() }
    }

    /// Refuses new connections and lets running streams finish, for `limit` at most; the others are then cut. Returns
    /// when the server has ended.
    ///
    /// Idle connections are closed once no stream is running, or after five seconds (or half of `limit`, if that is
    /// less). From then on an HTTP/2 connection accepts no new streams (`GOAWAY`,
    /// [RFC 9113 §6.8](https://www.rfc-editor.org/rfc/rfc9113#section-6.8)). A connection that has no request and has
    /// written all responses delays the end by at most two seconds.
    pub async fn drain(&self, limit: Duration) {
        self.in_flight.watch();
        self.enter(Stage::Draining);
        if timeout(limit, self.end_gently(limit)).await.is_err() {
            tracing::warn!(
                requests = self.in_flight.open(),
                connections = self.connections(),
                ?limit,
                "shutdown timeout reached: cutting open streams"
            );
            self.abort();
        }
    }

    async fn end_gently(&self, limit: Duration) {
        // Idle connections are closed next, whether or not all requests have ended.
        let _all_ended = timeout(UNDISTURBED.min(limit / 2), self.in_flight.ceased()).await;
        self.enter(Stage::Closing);
        self.shutdown().reached(Stage::Ended).await;
    }

    /// Waits until the shutdown begins, by a signal, [`drain`](Self::drain) or [`abort`](Self::abort). Use it to end
    /// streams that would never end by themselves.
    pub async fn shutdown_started(&self) {
        self.shutdown().begun().await;
    }

    /// Cuts running streams at once. Their clients see a cut transfer.
    pub fn abort(&self) {
        self.enter(Stage::Aborted);
    }

    /// The number of open connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.in_flight.connections.load(Relaxed)
    }

    pub(crate) fn shutdown(&self) -> Shutdown {
        let mut stage = self.stage.subscribe();
        if *self.stage.borrow() > Stage::Running {
            stage.mark_changed();
        }
        Shutdown { stage, in_flight: self.in_flight.clone() }
    }

    pub(crate) fn ended(&self) {
        self.enter(Stage::Ended);
    }

    fn enter(&self, stage: Stage) {
        self.stage.send_if_modified(|now| {
            let later = stage > *now;
            if later {
                *now = stage;
            }
            later
        });
    }
}

impl Shutdown {
    /// Waits until new connections are refused.
    pub(crate) async fn begun(&self) {
        self.reached(Stage::Draining).await;
    }

    /// Waits until connections accept no more requests.
    pub(crate) async fn closing(&self) {
        self.reached(Stage::Closing).await;
    }

    /// Waits until running streams are cut.
    pub(crate) async fn aborted(&self) {
        self.reached(Stage::Aborted).await;
    }

    /// Waits until the server has ended.
    pub(crate) async fn ended(&self) {
        self.reached(Stage::Ended).await;
    }

    /// Each response asks this. While nothing has changed, no lock is shared with other threads.
    pub(crate) fn has_begun(&self) -> bool {
        self.stage.has_changed().unwrap_or(true) && *self.stage.borrow() >= Stage::Draining
    }

    pub(crate) fn is_aborted(&self) -> bool {
        *self.stage.borrow() >= Stage::Aborted
    }

    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    async fn reached(&self, stage: Stage) {
        if self.stage.clone().wait_for(|now| *now >= stage).await.is_err() {
            // Every handle is gone, so nobody can shut the server down.
            std::future::pending::<()>().await;
        }
    }
}

/// Counts the open connections and requests of the whole server.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    connections: AtomicUsize,
    open_requests: AtomicUsize,
    no_request: Notify,
    /// Writes are counted only during a shutdown. Otherwise all sockets would always share one counter.
    is_watched: AtomicBool,
    writes: AtomicUsize,
}

impl InFlight {
    pub(crate) fn connection_opened(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub(crate) fn connection_closed(&self) {
        self.connections.fetch_sub(1, Relaxed);
    }

    pub(crate) fn request_begins(&self) {
        self.open_requests.fetch_add(1, SeqCst);
    }

    pub(crate) fn request_ends(&self) {
        if self.open_requests.fetch_sub(1, SeqCst) == 1 {
            self.no_request.notify_waiters();
        }
    }

    /// Notes that a part of a response was written. Other bytes do not count: a request head may arrive byte by byte,
    /// and a client may send `PING` frames, which get answers.
    pub(crate) fn responses_go(&self) {
        if self.is_watched.load(Relaxed) {
            self.writes.fetch_add(1, Relaxed);
        }
    }

    fn watch(&self) {
        self.is_watched.store(true, Relaxed);
    }

    fn open(&self) -> usize {
        self.open_requests.load(SeqCst)
    }

    /// Waits until no request is open and no response is being written.
    async fn ceased(&self) {
        loop {
            self.no_request().await;
            let writes = self.writes.load(Relaxed);
            sleep(SILENCE).await;
            if self.open() == 0 && self.writes.load(Relaxed) == writes {
                return;
            }
        }
    }

    async fn no_request(&self) {
        loop {
            let none = self.no_request.notified();
            if self.open() == 0 {
                return;
            }
            none.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begun_shutdown_is_seen_by_those_before_and_after_it() {
        let handle = Handle::new();
        let before = handle.shutdown();
        let clone = before.clone();
        assert!(!before.has_begun());
        handle.abort();
        for shutdown in [before, clone, handle.shutdown(), handle.shutdown().clone()] {
            assert!(shutdown.has_begun());
        }
    }
}
