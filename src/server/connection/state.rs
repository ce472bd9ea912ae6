use super::{
    clock::{Clock, Moment},
    outgoing::Outgoing,
    protocol::Protocol,
};
use crate::server::{
    Limits,
    listen::Purpose,
    metrics::Metrics,
    shutdown::Shutdown,
    threads::{Arrival, Seat},
};
use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::Instant;

/// What the parts of one connection know of each other.
pub(in crate::server) struct Connection {
    pub(in crate::server) peer: SocketAddr,
    pub(in crate::server) purpose: Purpose,
    pub(in crate::server) limits: Arc<Limits>,
    clock: Clock,
    last_read: Moment,
    last_write: Moment,
    write_blocked: Moment,
    last_request_end: Moment,
    protocol: OnceLock<Protocol>,
    close_delimited: AtomicBool,
    /// Whether a full record waits for the next one.
    corked: AtomicBool,
    large_trailers: AtomicBool,
    open_requests: AtomicUsize,
    responses: Mutex<Vec<Arc<Outgoing>>>,
    cut: OnceLock<Cut>,
    shutdown: Shutdown,
    metrics: Option<Metrics>,
    _seat: Arc<Seat>,
}

/// Why the server ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::server) enum Cut {
    #[error("no byte came after the handshake")]
    NoFirstByte,
    #[error("no request came")]
    Idle,
    #[error("the reader stalled")]
    StalledReader,
    #[error("the protocol is not the one that ALPN chose")]
    WrongProtocol,
    #[error("the server shut down")]
    Shutdown,
}

impl Cut {
    /// For metrics.
    pub(in crate::server) fn label(self) -> &'static str {
        match self {
            Self::NoFirstByte => "no_first_byte",
            Self::Idle => "idle",
            Self::StalledReader => "stalled_reader",
            Self::WrongProtocol => "wrong_protocol",
            Self::Shutdown => "shutdown",
        }
    }
}

impl Connection {
    pub(in crate::server) fn new(
        Arrival { peer, seat }: Arrival,
        purpose: Purpose,
        limits: Arc<Limits>,
        shutdown: Shutdown,
        metrics: Option<Metrics>,
    ) -> Arc<Self> {
        let clock = Clock::start();
        if let Some(metrics) = &metrics {
            metrics.connection_opened();
        }
        Arc::new(Self {
            peer,
            purpose,
            limits,
            last_read: Moment::at(&clock),
            last_write: Moment::at(&clock),
            write_blocked: Moment::never(),
            last_request_end: Moment::at(&clock),
            protocol: OnceLock::new(),
            close_delimited: AtomicBool::new(false),
            corked: AtomicBool::new(false),
            large_trailers: AtomicBool::new(false),
            clock,
            open_requests: AtomicUsize::new(0),
            responses: Mutex::default(),
            cut: OnceLock::new(),
            shutdown,
            metrics,
            _seat: seat,
        })
    }

    pub(in crate::server) fn clock(&self) -> Clock {
        self.clock
    }

    pub(in crate::server) fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    pub(in crate::server) fn metrics(&self) -> Option<&Metrics> {
        self.metrics.as_ref()
    }

    pub(in crate::server) fn note_read(&self, bytes: usize) {
        if let Some(metrics) = &self.metrics {
            metrics.received(bytes);
        }
        self.last_read.set(&self.clock);
        self.shutdown.activity().bytes_move();
    }

    pub(in crate::server) fn note_write(&self, bytes: usize) {
        if let Some(metrics) = &self.metrics {
            metrics.sent(bytes);
        }
        self.last_write.set(&self.clock);
        self.write_blocked.clear();
        self.shutdown.activity().bytes_move();
    }

    pub(in crate::server) fn wrote_within(&self, span: Duration) -> bool {
        self.last_write.get(&self.clock).is_some_and(|last| last.elapsed() < span)
    }

    pub(in crate::server) fn note_write_blocked(&self) {
        if self.write_blocked.get(&self.clock).is_none() {
            self.write_blocked.set(&self.clock);
        }
    }

    /// Sets the protocol, once it is known.
    pub(in crate::server) fn speaks(&self, protocol: Protocol) {
        self.protocol.get_or_init(|| protocol);
    }

    pub(in crate::server) fn protocol(&self) -> Protocol {
        self.protocol.get().copied().unwrap_or(Protocol::Http1)
    }

    /// Whether records may wait for the next one. Over HTTP/2 alone hyper reads whenever it is woken, and so gives the guard
    /// the occasion to send it.
    pub(in crate::server) fn may_cork(&self) -> bool {
        self.protocol() == Protocol::Http2
    }

    pub(in crate::server) fn set_corked(&self, corked: bool) {
        self.corked.store(corked, Relaxed);
    }

    pub(in crate::server) fn is_corked(&self) -> bool {
        self.corked.load(Relaxed)
    }

    /// Says whether a response is under way whose end is the end of the connection (HTTP/1.0), so that it would
    /// look whole wherever it is cut.
    pub(in crate::server) fn set_close_delimited(&self, under_way: bool) {
        self.close_delimited.store(under_way, Relaxed);
    }

    /// Whether the client must see the connection break, not close.
    pub(in crate::server) fn must_reset(&self) -> bool {
        self.cut() == Some(Cut::StalledReader) || self.close_delimited.load(Relaxed)
    }

    /// Notes that a trailer section has come that is too large on the wire.
    pub(in crate::server) fn note_large_trailers(&self) {
        self.large_trailers.store(true, Relaxed);
    }

    /// Whether such a one has come. Which request's it was nobody can say: hyper tells of no stream's number.
    pub(in crate::server) fn has_large_trailers(&self) -> bool {
        self.large_trailers.load(Relaxed)
    }

    pub(in crate::server) fn request_begins(&self) {
        self.open_requests.fetch_add(1, Relaxed);
        self.shutdown.activity().request_begins();
        if let Some(metrics) = &self.metrics {
            metrics.request_begins();
        }
    }

    pub(in crate::server) fn request_ends(&self) {
        self.last_request_end.set(&self.clock);
        self.open_requests.fetch_sub(1, Relaxed);
        self.shutdown.activity().request_ends();
    }

    pub(in crate::server) fn add_response(&self, response: Arc<Outgoing>) {
        self.responses().push(response);
    }

    pub(in crate::server) fn remove_response(&self, response: &Arc<Outgoing>) {
        self.responses().retain(|other| !Arc::ptr_eq(other, response));
    }

    /// Marks the connection as ended by the server, for the log of the requests on it. The first reason counts.
    pub(in crate::server) fn mark_cut(&self, cut: Cut) {
        self.cut.get_or_init(|| cut);
    }

    pub(in crate::server) fn cut(&self) -> Option<Cut> {
        self.cut.get().copied().or_else(|| self.shutdown.is_cut().then_some(Cut::Shutdown))
    }

    /// When to ask again, or why the connection has to end now.
    pub(in crate::server) fn check(&self, now: Instant) -> Result<Instant, Cut> {
        let blocked = self.write_blocked.get(&self.clock).map(|since| since + self.limits.stalled_reader);
        if blocked.is_some_and(|deadline| now >= deadline) {
            return Err(Cut::StalledReader);
        }
        let again = match self.open_requests.load(Relaxed) {
            0 => self.check_idle(now),
            open => self.check_readers(now, open),
        }?;
        Ok(blocked.map_or(again, |deadline| deadline.min(again)))
    }

    /// Over HTTP/2 the bytes of `PING` frames come and go on a connection that asks for nothing, so there only
    /// requests count.
    fn check_idle(&self, now: Instant) -> Result<Instant, Cut> {
        let bytes = [&self.last_read, &self.last_write];
        let bytes = bytes.into_iter().filter(|_| self.protocol() == Protocol::Http1);
        let last = bytes.chain([&self.last_request_end]).filter_map(|moment| moment.get(&self.clock)).max();
        let idle = last.unwrap_or(now) + self.limits.idle;
        if now < idle { Ok(idle) } else { Err(Cut::Idle) }
    }

    /// The connection ends with a stalled stream only where no other request is under way: hyper holds the stream
    /// until its reader moves, and a browser that leaves one response unread must not lose the others.
    fn check_readers(&self, now: Instant, open: usize) -> Result<Instant, Cut> {
        let limit = self.limits.stalled_reader;
        let (stalled, again) = self.give_up_stalled(now, limit);
        if stalled < open {
            return Ok(again);
        }
        // What ended last may still be on its way, and goes down with the connection.
        let quiet = self.last_request_end.get(&self.clock).unwrap_or(now) + limit;
        if now < quiet { Ok(again.min(quiet)) } else { Err(Cut::StalledReader) }
    }

    /// Takes the bodies whose readers have stalled, so that their producers end and their memory is free. Returns
    /// how many have by now, and when to look again.
    fn give_up_stalled(&self, now: Instant, limit: Duration) -> (usize, Instant) {
        let mut stalled = 0;
        // Nothing wakes the connection when a response begins to wait: look again after a part of the limit.
        let mut again = now + limit / 4;
        let responses = self.responses().clone();
        for response in responses {
            match self.waiting_since(&response).map(|since| since + limit) {
                Some(deadline) if now >= deadline => {
                    response.give_up();
                    stalled += 1;
                }
                Some(deadline) => again = again.min(deadline),
                None => {}
            }
        }
        (stalled, again)
    }

    fn waiting_since(&self, response: &Outgoing) -> Option<Instant> {
        let offered = response.offered(&self.clock)?;
        // Over HTTP/1.1 what leaves the socket leaves this response. Over HTTP/2 it may be another stream's.
        let moved = match self.protocol() {
            Protocol::Http1 => self.last_write.get(&self.clock),
            Protocol::Http2 => None,
        };
        Some(moved.map_or(offered, |moved| moved.max(offered)))
    }

    fn responses(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Outgoing>>> {
        self.responses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(metrics) = &self.metrics {
            metrics.connection_closed();
        }
    }
}
