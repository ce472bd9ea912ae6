use super::{
    atomic_instant::{AtomicInstant, Epoch},
    close_reason::CloseReason,
    faults::{FramingError, HeadFault},
    inbound::Inbound,
    name::ConnectionName,
    protocol::Protocol,
    purpose::Purpose,
    shared_body::SharedBody,
    times::{LAST_WORDS, LAST_WORDS_AT_MOST, SILENCE, Times},
};
use crate::{limits::Limits, metrics::ServerMetrics, shutdown::Shutdown};
use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::Instant;

/// What the parts of one connection know of each other.
pub(crate) struct Connection {
    pub(crate) name: ConnectionName,
    pub(crate) peer: SocketAddr,
    pub(crate) purpose: Purpose,
    pub(crate) limits: Arc<Limits>,
    epoch: Epoch,
    last_read: AtomicInstant,
    last_write: AtomicInstant,
    write_blocked: AtomicInstant,
    /// Whether the guard is to look for the client although hyper does not read.
    look: AtomicBool,
    last_request_end: AtomicInstant,
    /// Since when the connection's first bytes are awaited.
    silent_since: AtomicInstant,
    /// Since when the connection ends as soon as it has no request: the server ends.
    ends_when_idle: AtomicInstant,
    /// Since when the client sends nothing any more, while responses are to come.
    ends_after_responses: AtomicInstant,
    inbound: Arc<Inbound>,
    /// How large a header or trailer section may be that the client takes, in bytes.
    section_limit: AtomicU32,
    close_delimited: AtomicBool,
    breaks_off: AtomicBool,
    /// Whether it is closed for writing, and waits for its client to close it too.
    lingers: AtomicBool,
    requests: AtomicUsize,
    /// The number of the first HTTP/1.1 request, from 1 on, that is to be refused for its head.
    head_fault: OnceLock<(usize, HeadFault)>,
    open_requests: AtomicUsize,
    unanswered: AtomicUsize,
    responses: Mutex<Vec<Arc<SharedBody>>>,
    cut: OnceLock<CloseReason>,
    framing_fault: OnceLock<FramingError>,
    shutdown: Shutdown,
    metrics: Option<ServerMetrics>,
}

impl Connection {
    pub(crate) fn new(
        peer: SocketAddr,
        purpose: Purpose,
        limits: Arc<Limits>,
        shutdown: Shutdown,
        metrics: Option<ServerMetrics>,
    ) -> Arc<Self> {
        let epoch = Epoch::start();
        if let Some(metrics) = &metrics {
            metrics.connection_opened();
        }
        shutdown.activity().connection_opened();
        Arc::new(Self {
            name: ConnectionName::at_random(),
            peer,
            purpose,
            inbound: Arc::new(Inbound::new(limits.clone())),
            limits,
            last_read: AtomicInstant::at(&epoch),
            last_write: AtomicInstant::at(&epoch),
            write_blocked: AtomicInstant::never(),
            look: AtomicBool::new(false),
            last_request_end: AtomicInstant::at(&epoch),
            silent_since: AtomicInstant::never(),
            ends_when_idle: AtomicInstant::never(),
            ends_after_responses: AtomicInstant::never(),
            section_limit: AtomicU32::new(u32::MAX),
            close_delimited: AtomicBool::new(false),
            breaks_off: AtomicBool::new(false),
            lingers: AtomicBool::new(false),
            epoch,
            requests: AtomicUsize::new(0),
            head_fault: OnceLock::new(),
            open_requests: AtomicUsize::new(0),
            unanswered: AtomicUsize::new(0),
            responses: Mutex::default(),
            cut: OnceLock::new(),
            framing_fault: OnceLock::new(),
            shutdown,
            metrics,
        })
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    pub(crate) fn metrics(&self) -> Option<&ServerMetrics> {
        self.metrics.as_ref()
    }

    pub(crate) fn note_read(&self, bytes: usize) {
        if let Some(metrics) = &self.metrics {
            metrics.received(bytes);
        }
        self.last_read.set(&self.epoch);
    }

    pub(crate) fn note_write(&self, bytes: usize) {
        if let Some(metrics) = &self.metrics {
            metrics.sent(bytes);
        }
        self.last_write.set(&self.epoch);
        self.write_blocked.clear();
    }

    pub(crate) fn wrote_within(&self, span: Duration) -> bool {
        self.last_write.get(&self.epoch).is_some_and(|last| last.elapsed() < span)
    }

    pub(crate) fn note_write_blocked(&self) {
        if self.write_blocked.get(&self.epoch).is_none() {
            self.write_blocked.set(&self.epoch);
        }
    }

    pub(crate) fn inbound(&self) -> &Arc<Inbound> {
        &self.inbound
    }

    /// Notes that the client may speak: from now on its first bytes are awaited.
    pub(crate) fn awaits_first_bytes(&self) {
        self.silent_since.set(&self.epoch);
    }

    /// Notes that the first bytes are here.
    pub(crate) fn has_spoken(&self) {
        self.silent_since.clear();
    }

    /// Notes that the connection is closed for writing.
    pub(crate) fn lingers(&self) {
        self.lingers.store(true, Relaxed);
    }

    /// Ends the connection as soon as it has no request.
    pub(crate) fn ends_when_idle(&self) {
        self.ends_when_idle.set(&self.epoch);
    }

    /// Notes that the client sends nothing any more, and ends the connection once it has its responses.
    pub(crate) fn ends_after_responses(&self) {
        self.ends_after_responses.set(&self.epoch);
        self.inbound.note_end();
    }

    pub(crate) fn is_ending_after_responses(&self) -> bool {
        self.ends_after_responses.get(&self.epoch).is_some()
    }

    /// Notes that a request's framing is malformed.
    pub(crate) fn note_framing_fault(&self, error: FramingError) {
        self.framing_fault.get_or_init(|| error);
    }

    pub(crate) fn framing_fault(&self) -> Option<FramingError> {
        self.framing_fault.get().copied()
    }

    /// Notes which request is to be refused. It ends the connection.
    pub(crate) fn note_head_fault(&self, refused: (usize, HeadFault)) {
        self.head_fault.get_or_init(|| refused);
    }

    /// What is wrong with the head of the request that has begun last.
    pub(crate) fn head_fault(&self) -> Option<HeadFault> {
        let (request, fault) = self.head_fault.get()?;
        (*request == self.requests.load(Relaxed)).then_some(*fault)
    }

    pub(crate) fn note_section_limit(&self, bytes: u32) {
        self.section_limit.store(bytes, Relaxed);
    }

    /// How large a header or trailer section may be, in bytes, if the client has said so: an HTTP/2 client's
    /// `SETTINGS_MAX_HEADER_LIST_SIZE`.
    pub(crate) fn section_limit(&self) -> Option<u32> {
        Some(self.section_limit.load(Relaxed)).filter(|limit| *limit != u32::MAX)
    }

    /// Has the guard look, soon, whether the client is there.
    pub(crate) fn look(&self) {
        self.look.store(true, Relaxed);
    }

    pub(crate) fn takes_look(&self) -> bool {
        self.look.load(Relaxed) && self.look.swap(false, Relaxed)
    }

    /// Notes how many HTTP/2 streams of the client's have not been written to their end. hyper takes the end of a
    /// response before the client's window lets h2 send it.
    pub(crate) fn note_unanswered(&self, streams: usize) {
        self.unanswered.store(streams, Relaxed);
    }

    /// Whether the responses to all requests so far are written.
    pub(crate) fn has_answered(&self) -> bool {
        self.open_requests.load(Relaxed) == 0
            && self.unanswered.load(Relaxed) == 0
            && self.write_blocked.get(&self.epoch).is_none()
    }

    /// Says whether a response is under way whose end is the end of the connection (HTTP/1.0), so that it would
    /// look whole wherever it is cut.
    pub(crate) fn set_close_delimited(&self, under_way: bool) {
        self.close_delimited.store(under_way, Relaxed);
    }

    /// Whether the client must see the connection break, not close.
    pub(crate) fn must_reset(&self) -> bool {
        self.cut() == Some(CloseReason::StalledReader) || self.close_delimited.load(Relaxed)
    }

    /// Notes that a response did not come to its end.
    pub(crate) fn response_breaks_off(&self) {
        self.breaks_off.store(true, Relaxed);
    }

    /// Whether the client has a response that did not come to its end.
    pub(crate) fn breaks_off(&self) -> bool {
        self.breaks_off.load(Relaxed) || self.open_requests.load(Relaxed) > 0
    }

    /// Returns its number on the connection, from 1 on.
    pub(crate) fn request_begins(&self) -> usize {
        let number = self.requests.fetch_add(1, Relaxed) + 1;
        self.open_requests.fetch_add(1, Relaxed);
        self.shutdown.activity().request_begins();
        if let Some(metrics) = &self.metrics {
            metrics.request_begins();
        }
        number
    }

    pub(crate) fn request_ends(&self) {
        self.last_request_end.set(&self.epoch);
        self.open_requests.fetch_sub(1, Relaxed);
        self.shutdown.activity().request_ends();
    }

    pub(crate) fn add_response(&self, response: Arc<SharedBody>) {
        self.responses().push(response);
    }

    pub(crate) fn remove_response(&self, response: &Arc<SharedBody>) {
        self.responses().retain(|other| !Arc::ptr_eq(other, response));
    }

    /// Marks the connection as ended by the server, for the log of the requests on it. The first reason counts.
    pub(crate) fn mark_cut(&self, cut: CloseReason) {
        self.cut.get_or_init(|| cut);
    }

    pub(crate) fn cut(&self) -> Option<CloseReason> {
        self.cut.get().copied().or_else(|| self.shutdown.is_cut().then_some(CloseReason::Shutdown))
    }

    /// When to ask again, or why the connection has to end now.
    pub(crate) fn check(&self, now: Instant, protocol: Protocol) -> Result<Instant, CloseReason> {
        let mut times = Times { now, again: now + self.again_after() };
        let blocked = self.write_blocked.get(&self.epoch);
        times.bound(blocked, self.limits.stalled_reader, CloseReason::StalledReader)?;
        if self.lingers.load(Relaxed) {
            return Ok(times.again);
        }
        times.bound(self.silent_since.get(&self.epoch), self.limits.first_byte, CloseReason::NoFirstByte)?;
        match self.open_requests.load(Relaxed) {
            0 if blocked.is_none() => self.check_idle(&mut times, protocol)?,
            0 => {}
            open => times.again = times.again.min(self.check_readers(now, protocol, open)?),
        }
        Ok(times.again)
    }

    /// Nobody asks again because a response begins to wait, the socket is full or the last request ends: that is seen
    /// so much later.
    fn again_after(&self) -> Duration {
        let ends = [&self.ends_when_idle, &self.ends_after_responses];
        let part = self.limits.stalled_reader / 4;
        match self.last_of(ends.into_iter()) {
            Some(_) if self.open_requests.load(Relaxed) == 0 => part.min(SILENCE),
            Some(_) => part.min(5 * SILENCE),
            None => part,
        }
    }

    fn check_idle(&self, times: &mut Times, protocol: Protocol) -> Result<(), CloseReason> {
        let bytes = [&self.last_read, &self.last_write];
        let bytes = bytes.into_iter().filter(|_| protocol.bytes_prove_progress());
        let idle = self.last_of(bytes.chain([&self.last_request_end]));
        times.bound(idle, self.limits.idle, CloseReason::Idle)?;
        if !self.has_answered() {
            return Ok(());
        }
        if let Some(since) = self.ends_when_idle.get(&self.epoch) {
            let since = self.last_request_end.get(&self.epoch).map_or(since, |end| end.max(since));
            times.bound(self.last_sign(protocol).max(Some(since)), LAST_WORDS, CloseReason::Shutdown)?;
            times.bound(Some(since), LAST_WORDS_AT_MOST, CloseReason::Shutdown)?;
        }
        if let Some(since) = self.ends_after_responses.get(&self.epoch) {
            let quiet = self.last_of([&self.last_write, &self.last_request_end].into_iter());
            times.bound(quiet.max(Some(since)), SILENCE, CloseReason::Idle)?;
        }
        Ok(())
    }

    /// When there was a sign that the client still takes its last response.
    fn last_sign(&self, protocol: Protocol) -> Option<Instant> {
        let read = Some(&self.last_read).filter(|_| protocol.has_flow_control());
        self.last_of([&self.last_write].into_iter().chain(read))
    }

    fn last_of<'m>(&self, moments: impl Iterator<Item = &'m AtomicInstant>) -> Option<Instant> {
        moments.filter_map(|moment| moment.get(&self.epoch)).max()
    }

    /// The connection ends with a stalled stream only where no other request is under way: hyper holds the stream
    /// until its reader moves, and a browser that leaves one response unread must not lose the others.
    fn check_readers(&self, now: Instant, protocol: Protocol, open: usize) -> Result<Instant, CloseReason> {
        let limit = self.limits.stalled_reader;
        let (stalled, again) = self.give_up_stalled(now, protocol, limit);
        if stalled < open {
            return Ok(again);
        }
        // What ended last may still be on its way, and goes down with the connection.
        let quiet = self.last_request_end.get(&self.epoch).unwrap_or(now) + limit;
        if now < quiet { Ok(again.min(quiet)) } else { Err(CloseReason::StalledReader) }
    }

    /// Takes the bodies whose readers have stalled, so that their producers end and their memory is free. Returns
    /// how many have by now, and when to look again.
    fn give_up_stalled(&self, now: Instant, protocol: Protocol, limit: Duration) -> (usize, Instant) {
        let mut stalled = 0;
        // Nothing wakes the connection when a response begins to wait: look again after a part of the limit.
        let mut again = now + limit / 4;
        let responses = self.responses().clone();
        for response in responses {
            match self.waiting_since(&response, protocol).map(|since| since + limit) {
                Some(deadline) if now >= deadline => {
                    response.abandon();
                    stalled += 1;
                }
                Some(deadline) => again = again.min(deadline),
                None => {}
            }
        }
        (stalled, again)
    }

    fn waiting_since(&self, response: &SharedBody, protocol: Protocol) -> Option<Instant> {
        let offered = response.waits_since(&self.epoch)?;
        let moved = if protocol.bytes_prove_progress() { self.last_write.get(&self.epoch) } else { None };
        Some(moved.map_or(offered, |moved| moved.max(offered)))
    }

    fn responses(&self) -> std::sync::MutexGuard<'_, Vec<Arc<SharedBody>>> {
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
        self.shutdown.activity().connection_closed();
    }
}
