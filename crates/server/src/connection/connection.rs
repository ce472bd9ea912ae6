use super::{
    activity::Activity, client::ConnectionClient, close_reason::CloseReason, faults::HeadFault,
    http1_state::Http1State, inbound::Inbound, intervention::Interventions, name::ConnectionName, peer::Peer,
    protocol::Protocol, purpose::Purpose, responses::Responses, times::Times,
};
use crate::{limits::Limits, metrics::ServerMetrics, shutdown::Shutdown};
use axum_trailers::trailers::server::ConnectionInfo;
use http::HeaderValue;
use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
};
use tokio::time::Instant;

/// The state that the parts of one connection share.
pub(crate) struct Connection {
    pub(crate) name: ConnectionName,
    pub(crate) peer: Peer,
    pub(crate) client: ConnectionClient,
    pub(crate) purpose: Purpose,
    pub(crate) limits: Arc<Limits>,
    activity: Activity,
    responses: Responses,
    inbound: Arc<Inbound>,
    http1: Http1State,
    interventions: Interventions,
    /// What applications get with each request.
    info: OnceLock<ConnectionInfo>,
    /// What its responses contain as `Alt-Svc`.
    alternative: OnceLock<HeaderValue>,
    /// The largest header or trailer section that the client accepts, in bytes.
    section_limit: AtomicU32,
    requests: AtomicUsize,
    close_reason: OnceLock<CloseReason>,
    shutdown: Shutdown,
    metrics: Option<ServerMetrics>,
}

/// How long a client may use an alternative, in seconds: a day.
const ALTERNATIVE_LASTS: u32 = 24 * 60 * 60;

impl Connection {
    pub(crate) fn new(
        client: impl Into<ConnectionClient>,
        purpose: Purpose,
        limits: Arc<Limits>,
        shutdown: Shutdown,
        metrics: Option<ServerMetrics>,
    ) -> Arc<Self> {
        if let Some(metrics) = &metrics {
            metrics.connection_opened();
        }
        shutdown.in_flight().connection_opened();
        let client = client.into();
        Arc::new(Self {
            name: ConnectionName::at_random(),
            peer: client.peer(),
            client,
            purpose,
            activity: Activity::begin(),
            responses: Responses::default(),
            inbound: Arc::new(Inbound::new(limits.clone())),
            limits,
            http1: Http1State::default(),
            interventions: Interventions::default(),
            info: OnceLock::new(),
            alternative: OnceLock::new(),
            section_limit: AtomicU32::new(u32::MAX),
            requests: AtomicUsize::new(0),
            close_reason: OnceLock::new(),
            shutdown,
            metrics,
        })
    }

    pub(crate) fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    pub(crate) fn metrics(&self) -> Option<&ServerMetrics> {
        self.metrics.as_ref()
    }

    /// Whether the client notices the difference between the end of the connection and a cut. A Unix socket is only closed.
    pub(crate) fn can_reset(&self) -> bool {
        self.peer != Peer::Unix
    }

    pub(crate) fn activity(&self) -> &Activity {
        &self.activity
    }

    pub(crate) fn responses(&self) -> &Responses {
        &self.responses
    }

    pub(crate) fn inbound(&self) -> &Arc<Inbound> {
        &self.inbound
    }

    pub(crate) fn http1(&self) -> &Http1State {
        &self.http1
    }

    pub(crate) fn interventions(&self) -> &Interventions {
        &self.interventions
    }

    /// What applications get with each request, before anything is known about the request.
    pub(crate) fn info(&self) -> &ConnectionInfo {
        self.info.get_or_init(|| self.bare_info())
    }

    /// Adds what the handshake has negotiated. Call it before the first request.
    pub(crate) fn note_handshake(&self, add: impl FnOnce(ConnectionInfo) -> ConnectionInfo) {
        self.info.get_or_init(|| add(self.bare_info()));
    }

    fn bare_info(&self) -> ConnectionInfo {
        let is_tls = self.purpose == Purpose::Https;
        ConnectionInfo::new(self.peer.address(), self.peer.socket_address(), is_tls)
    }

    /// Offers HTTP/3 on this UDP port of the same host to the client.
    pub(crate) fn offer_http3(&self, port: u16) {
        self.alternative.get_or_init(|| {
            let value = format!("h3=\":{port}\"; ma={ALTERNATIVE_LASTS}");
            HeaderValue::from_str(&value).expect("digits")
        });
    }

    /// The value of `Alt-Svc` ([RFC 7838 §3](https://www.rfc-editor.org/rfc/rfc7838#section-3)). `None` while the server
    /// shuts down: the next connection must go to another one.
    pub(crate) fn alternative(&self) -> Option<&HeaderValue> {
        self.alternative.get().filter(|_| !self.shutdown.has_begun())
    }

    pub(crate) fn note_read(&self, bytes: usize) {
        if let Some(metrics) = &self.metrics {
            metrics.received(bytes);
        }
        self.activity.note_read();
    }

    pub(crate) fn note_write(&self, bytes: usize) {
        if let Some(metrics) = &self.metrics {
            metrics.sent(bytes);
        }
        self.activity.note_write();
    }

    /// Notes that the client has stopped sending, and ends the connection once its responses are written.
    pub(crate) fn ends_after_responses(&self) {
        self.activity.ends_after_responses();
        self.inbound.note_end();
    }

    pub(crate) fn note_section_limit(&self, bytes: u32) {
        self.section_limit.store(bytes, Relaxed);
    }

    /// The largest header or trailer section that the client accepts, in bytes, if it has sent that: as
    /// `SETTINGS_MAX_HEADER_LIST_SIZE` over HTTP/2.
    pub(crate) fn section_limit(&self) -> Option<u32> {
        Some(self.section_limit.load(Relaxed)).filter(|limit| *limit != u32::MAX)
    }

    /// Returns the request's number on the connection, from 1.
    pub(crate) fn request_begins(&self) -> usize {
        let number = self.requests.fetch_add(1, Relaxed) + 1;
        self.responses.request_begins();
        self.shutdown.in_flight().request_begins();
        if let Some(metrics) = &self.metrics {
            metrics.request_begins();
        }
        number
    }

    pub(crate) fn request_ends(&self, ended: Instant) {
        self.activity.note_request_end(ended);
        self.responses.request_ends();
        self.shutdown.in_flight().request_ends();
    }

    /// Notes that the client has acknowledged a response to its end, and has not acknowledged `others`.
    #[cfg(feature = "http3")]
    pub(crate) fn acknowledged(&self, others: usize) {
        self.responses.note_unanswered(others);
        self.activity.note_request_end(Instant::now());
    }

    /// The fault in the head of the latest request, if any.
    pub(crate) fn head_fault(&self) -> Option<HeadFault> {
        self.http1.head_fault(self.requests.load(Relaxed))
    }

    /// Whether the responses to all requests so far are written.
    pub(crate) fn has_answered(&self) -> bool {
        self.responses.are_given_out() && !self.activity.is_write_blocked()
    }

    /// Marks the connection as ended by the server, for the access log of its requests. The first reason counts.
    pub(crate) fn set_close_reason(&self, reason: CloseReason) {
        self.close_reason.get_or_init(|| reason);
    }

    pub(crate) fn close_reason(&self) -> Option<CloseReason> {
        self.close_reason
            .get()
            .copied()
            .or_else(|| self.shutdown.is_aborted().then_some(CloseReason::Shutdown))
    }

    /// Returns when to check again, or why the connection must end now.
    pub(crate) fn check(&self, now: Instant, protocol: Protocol) -> Result<Instant, CloseReason> {
        let Self { activity, responses, limits, .. } = self;
        let has_requests = responses.open_requests() > 0;
        let mut times = Times { now, again: now + activity.again_after(limits.stalled_reader, has_requests) };
        activity.check_writes(&mut times, limits)?;
        if activity.is_lingering() {
            return Ok(times.again);
        }
        activity.check_first_bytes(&mut times, limits)?;
        if has_requests {
            responses.check_readers(&mut times, limits.stalled_reader, activity, protocol)?;
        } else if !activity.is_write_blocked() {
            if self.has_answered() || !protocol.bounds_unanswered() {
                activity.check_idle(&mut times, limits, protocol)?;
            }
            if self.has_answered() {
                activity.check_end(&mut times, protocol)?;
            }
        }
        Ok(times.again)
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
        self.shutdown.in_flight().connection_closed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shutdown::Handle;
    use std::time::Duration;
    use tokio::time::advance;

    fn connection() -> Arc<Connection> {
        Connection::new(Peer::Unix, Purpose::Https, Arc::default(), Handle::new().shutdown(), None)
    }

    /// The result of a check now: how long until the next one, or why to end.
    fn check(connection: &Connection) -> Result<Duration, CloseReason> {
        let now = Instant::now();
        connection.check(now, Protocol::Http2).map(|again| again - now)
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_connection_without_requests_is_idle() {
        let connection = connection();
        let idle = connection.limits.idle;
        connection.request_begins();
        advance(idle * 10).await;
        check(&connection).expect("a request is under way");
        connection.request_ends(Instant::now());
        advance(idle / 2).await;
        check(&connection).expect("the last request has just ended");
        advance(idle / 2).await;
        assert_eq!(check(&connection), Err(CloseReason::Idle));
    }

    #[tokio::test(start_paused = true)]
    async fn connection_ends_once_its_responses_are_written() {
        let connection = connection();
        connection.request_begins();
        connection.responses().note_unanswered(1);
        connection.activity().ends_when_idle();
        connection.request_ends(Instant::now());
        advance(Duration::from_secs(10)).await;
        assert!(!connection.has_answered());
        check(&connection).expect("a response is still to be written");
        connection.responses().note_unanswered(0);
        assert!(connection.has_answered());
        assert_eq!(check(&connection), Err(CloseReason::Shutdown));
    }

    #[tokio::test(start_paused = true)]
    #[cfg(feature = "http3")]
    async fn connection_over_http3_is_idle_since_its_client_has_the_last_response() {
        let connection = connection();
        let check = || connection.check(Instant::now(), Protocol::Http3).map(drop);
        let idle = connection.limits.idle;
        connection.request_begins();
        connection.responses().note_unanswered(1);
        connection.request_ends(Instant::now());
        advance(idle * 10).await;
        assert_eq!(check(), Ok(()));
        connection.acknowledged(0);
        advance(idle / 2).await;
        assert_eq!(check(), Ok(()));
        advance(idle / 2).await;
        assert_eq!(check(), Err(CloseReason::Idle));
    }

    #[tokio::test(start_paused = true)]
    async fn connection_that_is_closed_for_writing_is_neither_idle_nor_silent() {
        let connection = connection();
        connection.activity().awaits_first_bytes();
        connection.activity().lingers();
        advance(connection.limits.idle * 10).await;
        check(&connection).expect("it waits for its client to close too");
        connection.activity().note_write_blocked();
        advance(connection.limits.stalled_reader).await;
        assert_eq!(check(&connection), Err(CloseReason::StalledReader));
    }

    #[tokio::test(start_paused = true)]
    async fn head_fault_belongs_to_the_latest_request() {
        let connection = connection();
        connection.http1().note_head_fault((2, HeadFault::Fragment));
        let faults = [(); 3].map(|()| {
            connection.request_begins();
            connection.head_fault()
        });
        assert_eq!(faults, [None, Some(HeadFault::Fragment), None]);
    }

    #[test]
    fn section_limit_is_known_once_the_client_sends_it() {
        let connection = connection();
        assert_eq!(connection.section_limit(), None);
        connection.note_section_limit(100);
        assert_eq!(connection.section_limit(), Some(100));
    }

    #[test]
    fn first_reason_for_its_end_counts() {
        let connection = connection();
        assert_eq!(connection.close_reason(), None);
        connection.set_close_reason(CloseReason::Idle);
        connection.set_close_reason(CloseReason::StalledReader);
        assert_eq!(connection.close_reason(), Some(CloseReason::Idle));
    }
}
