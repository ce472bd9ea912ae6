use axum_trailers::trailers::TrailerLimits;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Limits on what one client can cost the server. All are on by default; later versions may add more.
///
/// Only [`min_body_rate`](Self::min_body_rate) can be switched off. [`Server::limits`](crate::Server::limits) clamps
/// each value: durations to between 1 ms and a year, numbers of connections and streams to at least 1, sections to the
/// bounds below.
///
/// Flow control has fixed limits: a client may send 512 KiB of unread content on a stream of HTTP/2 or HTTP/3, and 8 MiB on
/// all streams of a connection together. Over HTTP/3, up to 2 MiB of a connection's responses wait for acknowledgement.
///
/// ```
/// use axum_trailers_server::Limits;
/// use std::time::Duration;
///
/// let mut limits = Limits::default();
/// limits.stalled_reader = Duration::from_secs(5);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How long a handshake of TLS or QUIC may take, together with a header of the PROXY protocol in front of it. Default: 10 s.
    pub handshake: Duration,
    /// How long a client may take, after the handshake if there is one, to send its first bytes: the HTTP/2 preface, or
    /// the first byte of HTTP/1.1. It does not apply to HTTP/3. Default: 10 s.
    pub first_byte: Duration,
    /// How long the header section of a request over HTTP/1.1 or HTTP/3 may take. Over HTTP/1.1 this also limits the pause
    /// before the next request on the same connection. Default: 30 s.
    pub request_headers: Duration,
    /// How long a connection may stay without a request. Over HTTP/1.1, bytes that still move count as activity; over
    /// HTTP/2 and HTTP/3 they do not, since `PING` frames move on any connection. Default: 60 s.
    pub idle: Duration,
    /// How long a request's body may deliver nothing while the application waits for it and the client may send. A
    /// request whose body stalls gets 408, or its response is cut if it has begun. For gRPC calls this limits the
    /// wait for the first message. A client that waits for `100 Continue` over HTTP/2, which can't be sent, has 2 s.
    /// Default: 30 s.
    pub stalled_body: Duration,
    /// The minimum rate of a request's body, in bytes per second, while the application waits for it and the client may
    /// send; 0 disables it. It does not apply to gRPC calls. A slower request gets 408, or its response is cut if
    /// it has begun. Default: 240.
    pub min_body_rate: u32,
    /// The period over which [`min_body_rate`](Self::min_body_rate) is measured, again and again: by default each 30 s
    /// need 7,200 bytes. Only the time counts in which the application waits and the client may send. A grace of a
    /// sixth of the period comes first. Default: 30 s, so 5 s of grace.
    pub min_body_rate_period: Duration,
    /// How long a client may read nothing of a response that waits for it. Over HTTP/1.1 everything that its kernel
    /// accepts counts as progress, over HTTP/2 and HTTP/3 only 16 KiB of the same stream: a client that reads from its own
    /// large buffers shows no progress. Default: 60 s.
    ///
    /// If one stream of an HTTP/2 connection stalls and others do not, only that stream is abandoned: its body is
    /// dropped at once, and the client gets `RST_STREAM` when it reads again. Until then it counts toward
    /// [`streams`](Self::streams). A connection on which nothing moves is closed. Over HTTP/3, a stalled stream is reset at once,
    /// with `H3_REQUEST_CANCELLED`.
    pub stalled_reader: Duration,
    /// The interval at which a client of HTTP/2 or HTTP/3 gets a `PING`. Over HTTP/2 the client may take fifteen times as long to
    /// answer, since the `PING` waits behind everything that a slow reader has not read yet. Over HTTP/3 it does not wait: a
    /// client is gone after two intervals without a packet, but not before 5 s. Default: 20 s, so 5 min or 40 s to answer.
    ///
    /// HTTP/1.1 has no `PING`. TCP keep-alive probes a silent client of any connection over TCP, first after 15 s.
    pub ping: Duration,
    /// How many connections may be open at once, over TCP and QUIC together. More are closed before the handshake. Default: 512.
    pub connections: usize,
    /// How many streams one connection of HTTP/2 or HTTP/3 may have open at once
    /// ([RFC 9113 §6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2)). Over HTTP/2, a stream that is answered before its
    /// request has ended stays open until that end, for at most 30 s. Over HTTP/3 never more than 1,024. Default: 100.
    pub streams: u32,
    /// The maximum size of a request's header section, in bytes: over HTTP/1.1 including the request line, over HTTP/2 and
    /// HTTP/3 counted as in [RFC 9113 §6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2). A larger one gets 431.
    /// From [8 KiB](Self::MIN_HEADER_SECTION) to [1 MiB](Self::MAX_HEADER_SECTION). Default: 16 KiB. (The `SETTINGS` of
    /// HTTP/2 and HTTP/3 may contain a larger value; the server itself enforces this limit. Over HTTP/3, a `HEADERS` frame of more
    /// than four times the larger of this and [`trailer_section`](Self::trailer_section) ends its stream.)
    pub header_section: u32,
    /// The maximum size of a request's trailer section, in bytes, counted as in [`TrailerLimits`]. For a larger one the
    /// handler's body ends in an error, and the client gets 431, or a stream error if the response has begun. Over
    /// HTTP/1.1 never more than 16 KiB. At most [1 MiB](Self::MAX_TRAILER_SECTION). Default: 8 KiB.
    pub trailer_section: u32,
    /// The maximum number of fields in a request's trailer section. More have the same effect as a too large
    /// [`trailer_section`](Self::trailer_section). Over HTTP/1.1 never more than 100. At most
    /// [10,000](Self::MAX_TRAILER_FIELDS). Default: 64.
    pub trailer_fields: u32,
}

impl Limits {
    /// The smallest value of [`header_section`](Self::header_section): 8 KiB.
    pub const MIN_HEADER_SECTION: u32 = 8 * 1024;

    /// The largest value of [`header_section`](Self::header_section): 1 MiB.
    pub const MAX_HEADER_SECTION: u32 = 1024 * 1024;

    /// The largest value of [`trailer_section`](Self::trailer_section): 1 MiB.
    pub const MAX_TRAILER_SECTION: u32 = 1024 * 1024;

    /// The largest value of [`trailer_fields`](Self::trailer_fields): 10,000.
    pub const MAX_TRAILER_FIELDS: u32 = 10_000;

    pub(super) fn ping_timeout(&self) -> Duration {
        self.ping * 15
    }

    pub(super) fn trailers(&self) -> TrailerLimits {
        let mut limits = TrailerLimits::default();
        limits.size = self.trailer_section as usize;
        limits.fields = self.trailer_fields as usize;
        limits
    }

    /// Clamps the limits to bounds in which they work: beyond some of them hyper panics, spins or does not respond.
    pub(super) fn within_bounds(self) -> Self {
        let bounded = |limit: Duration| limit.clamp(MILLISECOND, YEAR);
        Self {
            handshake: bounded(self.handshake),
            first_byte: bounded(self.first_byte),
            request_headers: bounded(self.request_headers),
            idle: bounded(self.idle),
            stalled_body: bounded(self.stalled_body),
            min_body_rate: self.min_body_rate,
            min_body_rate_period: bounded(self.min_body_rate_period),
            stalled_reader: bounded(self.stalled_reader),
            ping: bounded(self.ping),
            connections: self.connections.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize)),
            streams: self.streams.clamp(1, MOST_STREAMS),
            header_section: self.header_section.clamp(Self::MIN_HEADER_SECTION, Self::MAX_HEADER_SECTION),
            trailer_section: self.trailer_section.min(Self::MAX_TRAILER_SECTION),
            trailer_fields: self.trailer_fields.min(Self::MAX_TRAILER_FIELDS),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            first_byte: Duration::from_secs(10),
            request_headers: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            stalled_body: Duration::from_secs(30),
            min_body_rate: 240,
            min_body_rate_period: Duration::from_secs(30),
            stalled_reader: Duration::from_secs(60),
            ping: Duration::from_secs(20),
            connections: 512,
            streams: 100,
            header_section: 16 * 1024,
            trailer_section: 8 * 1024,
            trailer_fields: 64,
        }
    }
}

/// As many streams as a client can open on a connection: stream numbers have 31 bits and are odd (RFC 9113 §5.1.1).
const MOST_STREAMS: u32 = 1 << 30;

const MILLISECOND: Duration = Duration::from_millis(1);

/// Short enough to be added to any time.
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
