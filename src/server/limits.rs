use std::time::Duration;
use tokio::time::Instant;

/// What one client can cost the server. Every limit is on by default.
///
/// ```
/// use axum_trailers::server::Limits;
/// use std::time::Duration;
///
/// let limits = Limits { stalled_reader: Duration::from_secs(5), ..Limits::default() };
/// # let _ = limits;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a TLS handshake may take. Default: 10 s.
    pub handshake: Duration,
    /// How long a connection may take after the handshake to say its first bytes: the HTTP/2 preface, or the
    /// first byte of HTTP/1.1. Default: 10 s.
    pub first_byte: Duration,
    /// How long an HTTP/1.1 request's header section may take. It bounds the pause before the next request on
    /// the same connection too. Default: 30 s.
    pub request_headers: Duration,
    /// How long a connection without a request may stay without a byte in either direction. Default: 60 s.
    pub idle: Duration,
    /// How long a request's body may give nothing while the application waits for it. Default: 30 s.
    pub stalled_body: Duration,
    /// How long a client may take nothing of a response that waits for it. Over HTTP/1.1 any byte counts, over
    /// HTTP/2 16 KiB of the stream in question. Default: 30 s.
    ///
    /// A stream that stalls on an HTTP/2 connection whose other streams do not is dropped alone; a connection on
    /// which nothing moves is cut.
    pub stalled_reader: Duration,
    /// How often an HTTP/2 connection with open streams is asked for a sign of life (`PING`), and how long it
    /// may take to give it. Default: 20 s.
    pub ping: Duration,
    /// How many connections may be open at once. Those past it are closed before the handshake. Default: 512.
    pub connections: usize,
    /// How many streams one HTTP/2 connection may have open at once
    /// ([RFC 9113 §6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2)). Default: 100.
    pub streams: u32,
    /// The size of a request's header section, in bytes: over HTTP/1.1 with the request line, over HTTP/2
    /// counted as [RFC 9113 §6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2) counts it. Answered
    /// with 431 past it. At least 8 KiB. Default: 16 KiB.
    pub header_section: u32,
    /// The size of a request's trailer section, in bytes, counted in the same way. Past it the body ends in an
    /// error. Default: 8 KiB.
    pub trailer_section: u32,
}

impl Limits {
    /// The smallest limit that [`header_section`](Self::header_section) can be set to: 8 KiB.
    pub const MIN_HEADER_SECTION: u32 = 8 * 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            first_byte: Duration::from_secs(10),
            request_headers: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            stalled_body: Duration::from_secs(30),
            stalled_reader: Duration::from_secs(30),
            ping: Duration::from_secs(20),
            connections: 512,
            streams: 100,
            header_section: 16 * 1024,
            trailer_section: 8 * 1024,
        }
    }
}

/// When a limit runs out. One that is longer than a year is as good as none, and can't overflow.
pub(super) fn deadline(since: Instant, limit: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    since + limit.min(YEAR)
}
