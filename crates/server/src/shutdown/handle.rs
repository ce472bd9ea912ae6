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

/// How far the end of a server has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Stage {
    Running,
    /// New connections are refused, running streams go on.
    Draining,
    /// Connections take no more requests.
    Closing,
    /// Running streams are cut.
    Cut,
    Ended,
}

/// Ends a running [`Server`](crate::serve::Server).
///
/// It can be cloned; all clones end the same server.
#[derive(Clone, Debug)]
pub struct Handle {
    stage: watch::Sender<Stage>,
    in_flight: Arc<InFlight>,
}

/// What the parts of a server see of its end, and what they tell of theirs.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown {
    stage: watch::Receiver<Stage>,
    in_flight: Arc<InFlight>,
}

/// How long running HTTP/2 streams may end before their connections are told to go away.
///
/// curl up to 7.88 drops whatever comes together with the end of a stream once it has seen a `GOAWAY`, trailers and
/// data alike, and says nothing of it.
const UNDISTURBED: Duration = Duration::from_secs(5);

/// What was handed to hyper has arrived where no response is written for so long.
const SILENCE: Duration = Duration::from_millis(200);

impl Handle {
    pub(crate) fn new() -> Self {
        Self { stage: watch::Sender::new(Stage::Running), in_flight: Arc::default() }
    }

    /// Refuses new connections and lets running streams end, for `limit` at most; those that run on are then cut.
    /// Returns when the server has ended.
    ///
    /// Idle connections are closed once no stream is running, or after five seconds. From then on an HTTP/2
    /// connection opens no new streams (`GOAWAY`, [RFC 9113 §6.8](https://www.rfc-editor.org/rfc/rfc9113#section-6.8)).
    /// A connection that has no request, and has written all responses, holds the end up for two seconds at most.
    pub async fn drain(&self, limit: Duration) {
        self.in_flight.watch();
        self.enter(Stage::Draining);
        if timeout(limit, self.end_gently(limit)).await.is_err() {
            tracing::warn!(
                requests = self.in_flight.open(),
                connections = self.connections(),
                ?limit,
                "shutdown timeout is over: cutting what runs"
            );
            self.abort();
        }
    }

    async fn end_gently(&self, limit: Duration) {
        // Whether all of them end in this time or not, the others are told next.
        let _all_ended = timeout(UNDISTURBED.min(limit / 2), self.in_flight.ceased()).await;
        self.enter(Stage::Closing);
        self.shutdown().reached(Stage::Ended).await;
    }

    /// Waits until the server begins to end, by a signal, [`drain`](Self::drain) or [`abort`](Self::abort): the time for an
    /// application to end streams that would go on for ever.
    pub async fn shutdown_started(&self) {
        self.shutdown().begun().await;
    }

    /// Cuts running streams at once. Their clients see a broken transfer.
    pub fn abort(&self) {
        self.enter(Stage::Cut);
    }

    /// The number of open connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.in_flight.connections.load(Relaxed)
    }

    pub(crate) fn shutdown(&self) -> Shutdown {
        Shutdown { stage: self.stage.subscribe(), in_flight: self.in_flight.clone() }
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

    /// Waits until connections take no more requests.
    pub(crate) async fn closing(&self) {
        self.reached(Stage::Closing).await;
    }

    /// Waits until running streams are cut.
    pub(crate) async fn cut(&self) {
        self.reached(Stage::Cut).await;
    }

    /// Waits until nothing is served any more.
    pub(crate) async fn ended(&self) {
        self.reached(Stage::Ended).await;
    }

    pub(crate) fn has_begun(&self) -> bool {
        *self.stage.borrow() >= Stage::Draining
    }

    pub(crate) fn is_cut(&self) -> bool {
        *self.stage.borrow() >= Stage::Cut
    }

    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    async fn reached(&self, stage: Stage) {
        if self.stage.clone().wait_for(|now| *now >= stage).await.is_err() {
            // Every handle is gone, so nobody can end the server.
            std::future::pending::<()>().await;
        }
    }
}

/// The connections and requests that are open, of the whole server.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    connections: AtomicUsize,
    open_requests: AtomicUsize,
    no_request: Notify,
    /// Writes are counted during a shutdown alone, so that sockets do not write to one place all the time.
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

    /// Notes that a part of a response was written. Nothing else counts: a request head may come byte by byte, and a client
    /// may send `PING` frames that are answered.
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

    /// Waits until no request is open and no response is written.
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
