use axum_trailers::trailers::TrailerLimits;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What one client can cost the server. Every limit is on by default, and later versions may have more of them.
///
/// Only [`min_body_rate`](Self::min_body_rate) can be switched off. [`Server::limits`](crate::Server::limits) replaces a
/// value that is out of bounds by the nearest one within: a duration is 1 ms to a year, a number of connections or streams
/// is at least 1, and the sections have the bounds below.
///
/// Flow control has fixed bounds: a client may send 512 KiB of content that nobody reads over an HTTP/2 stream, and 8 MiB
/// over all streams of a connection.
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
    /// How long a TLS handshake may take. Default: 10 s.
    pub handshake: Duration,
    /// How long a connection may take after the handshake to say its first bytes: the HTTP/2 preface, or the
    /// first byte of HTTP/1.1. Default: 10 s.
    pub first_byte: Duration,
    /// How long an HTTP/1.1 request's header section may take. It bounds the pause before the next request on
    /// the same connection too. Default: 30 s.
    pub request_headers: Duration,
    /// How long a connection may stay without a request. Over HTTP/1.1 bytes that still move count as one, over
    /// HTTP/2 they do not, since `PING` frames move on any connection. Default: 60 s.
    pub idle: Duration,
    /// How long a request's body may give nothing while the application waits for it and the client may send. A request
    /// whose body stalls is answered with 408, or its response is broken off if it has begun. Of a gRPC call it bounds the
    /// wait for the first message. A client that waits for `100 Continue` over HTTP/2, which can't be sent, has 2 s. Default:
    /// 30 s.
    pub stalled_body: Duration,
    /// How many bytes per second of a request's body must come at least while the application waits for them, and the
    /// client may send; 0 for as few as it likes. Of gRPC calls it is not asked. A slower request is answered with 408, or
    /// its response is broken off if it has begun. Default: 240.
    pub min_body_rate: u32,
    /// Over how much of that time [`min_body_rate`](Self::min_body_rate) is measured, again and again: by default each
    /// 30 s need 7,200 bytes. Before the first of these periods there is a grace of a sixth of it. Default: 30 s, and so a
    /// grace of 5 s.
    pub min_body_rate_period: Duration,
    /// How long a client may take nothing of a response that waits for it. Over HTTP/1.1 it is seen to take
    /// something when its kernel does, over HTTP/2 when 16 KiB of the stream in question are gone: one with large
    /// buffers is not seen to read from those. Default: 60 s.
    ///
    /// A stream that stalls on an HTTP/2 connection whose other streams do not is given up alone: its body is
    /// dropped at once, and the client gets `RST_STREAM` when it moves again. Until then it keeps its place among
    /// the [`streams`](Self::streams). A connection on which nothing moves is cut.
    pub stalled_reader: Duration,
    /// How often an HTTP/2 connection is asked for a sign of life (`PING`). It may take fifteen times as long to give
    /// it, since the `PING` waits behind all that a slow reader has yet to read. Default: 20 s, and so 5 min.
    ///
    /// HTTP/1.1 has no `PING`. TCP keep-alive probes a silent client of any connection, for the first time after 15 s.
    pub ping: Duration,
    /// How many connections may be open at once. Those past it are closed before the handshake. Default: 512.
    pub connections: usize,
    /// How many streams one HTTP/2 connection may have open at once
    /// ([RFC 9113 §6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2)). One whose request was answered before its
    /// end is open until that end, for 30 s at most. Default: 100.
    pub streams: u32,
    /// The size of a request's header section, in bytes: over HTTP/1.1 with the request line, over HTTP/2
    /// counted as [RFC 9113 §6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2) counts it. Answered
    /// with 431 past it. [8 KiB](Self::MIN_HEADER_SECTION) to [1 MiB](Self::MAX_HEADER_SECTION). Default: 16 KiB.
    /// (The `SETTINGS` of HTTP/2 contain a larger bound, within which the server itself measures the section.)
    pub header_section: u32,
    /// The size of a request's trailer section, in bytes, counted as [`TrailerLimits`] says. Past it the body ends in
    /// an error for the handler, and the client gets 431, or an error of its stream where the response has begun. Over
    /// HTTP/1.1 never more than 16 KiB. At most [1 MiB](Self::MAX_TRAILER_SECTION). Default: 8 KiB.
    pub trailer_section: u32,
    /// How many fields a request's trailer section may have; past it as with
    /// [`trailer_section`](Self::trailer_section). Over HTTP/1.1 never more than 100. At most
    /// [10,000](Self::MAX_TRAILER_FIELDS). Default: 64.
    pub trailer_fields: u32,
}

impl Limits {
    /// The smallest limit that [`header_section`](Self::header_section) can be set to: 8 KiB.
    pub const MIN_HEADER_SECTION: u32 = 8 * 1024;

    /// The largest limit that [`header_section`](Self::header_section) can be set to: 1 MiB.
    pub const MAX_HEADER_SECTION: u32 = 1024 * 1024;

    /// The largest limit that [`trailer_section`](Self::trailer_section) can be set to: 1 MiB.
    pub const MAX_TRAILER_SECTION: u32 = 1024 * 1024;

    /// The largest limit that [`trailer_fields`](Self::trailer_fields) can be set to: 10,000.
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

    /// The same within the bounds in which they can hold: hyper panics, spins or answers nothing beyond some of them.
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

/// As many streams as a client can open on a connection: their numbers have 31 bits and are odd (RFC 9113 §5.1.1).
const MOST_STREAMS: u32 = 1 << 30;

const MILLISECOND: Duration = Duration::from_millis(1);

/// So much can be added to any time.
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
