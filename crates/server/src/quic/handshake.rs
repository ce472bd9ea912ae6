//! From the first packet of a connection to TLS, or to the reason for the failure.

use super::config::Config;
use crate::accept::Early;
use axum_trailers_quic::quinn::{Connection, ConnectionError, Incoming};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::timeout;

/// A connection whose handshake has not begun, on its way to the thread that serves it.
#[derive(Debug)]
pub(crate) struct AcceptedHandshake {
    incoming: Incoming,
    under_way: UnderWay,
}

/// Counts a handshake until it is dropped.
#[derive(Debug)]
struct UnderWay(Arc<AtomicUsize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl AcceptedHandshake {
    /// `handshakes` counts those that are under way.
    pub(super) fn new(incoming: Incoming, handshakes: Arc<AtomicUsize>) -> Self {
        handshakes.fetch_add(1, Relaxed);
        Self { incoming, under_way: UnderWay(handshakes) }
    }

    /// Performs the handshake within a time. The connection is then driven by this thread's runtime.
    pub(super) async fn complete(self, config: &Config, limit: Duration) -> Result<Connection, Failure> {
        let Self { incoming, under_way: _until_the_end } = self;
        let config = config.current().map_err(|error| Failure::Tls(error.to_string()))?;
        let connecting = incoming.accept_with(config).map_err(Failure::of)?;
        match timeout(limit, connecting).await {
            Ok(connected) => connected.map_err(Failure::of),
            Err(_elapsed) => Err(Failure::TimedOut(limit)),
        }
    }
}

/// Why a connection has no TLS.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// There is no common protocol in ALPN.
    Alpn,
    /// The client rejected what it was offered, usually the certificate.
    Refused(String),
    Tls(String),
    TimedOut(Duration),
    /// The client left during the handshake.
    Gone(ConnectionError),
}

/// The number of a TLS alert is part of an error's code
/// ([RFC 9001 §4.8](https://www.rfc-editor.org/rfc/rfc9001#section-4.8)).
const ALERTS: std::ops::RangeInclusive<u64> = 0x100..=0x1ff;
const NO_APPLICATION_PROTOCOL: u64 = 0x100 + 120;

impl Failure {
    fn of(error: ConnectionError) -> Self {
        match error {
            ConnectionError::TransportError(error) => match u64::from(error.code) {
                NO_APPLICATION_PROTOCOL => Self::Alpn,
                _ => Self::Tls(error.to_string()),
            },
            ConnectionError::ConnectionClosed(close) if ALERTS.contains(&u64::from(close.error_code)) => {
                Self::Refused(close.to_string())
            }
            error => Self::Gone(error),
        }
    }
}

impl Early for Failure {
    fn label(&self) -> &'static str {
        match self {
            Self::Alpn => "alpn",
            Self::Refused(_) => "refused_by_client",
            Self::Tls(_) => "tls",
            Self::TimedOut(_) => "timeout",
            Self::Gone(_) => "client_gone",
        }
    }

    /// A connection over UDP begins with bytes.
    fn is_probe(&self) -> bool {
        false
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alpn => {
                f.write_str("the client offers no protocol that the server speaks over QUIC (ALPN)")
            }
            Self::Refused(why) => write!(f, "the client rejected the handshake: {why}"),
            Self::Tls(why) => f.write_str(why),
            Self::TimedOut(limit) => write!(f, "the handshake took longer than {limit:?}"),
            Self::Gone(error) => write!(f, "the client left during the handshake: {error}"),
        }
    }
}
