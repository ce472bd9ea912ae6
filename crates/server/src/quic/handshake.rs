//! From the first packet of a connection to TLS, or to the reason for the failure.

use super::{config::Config, driver::Driver};
use crate::accept::Early;
use axum_trailers_quic::{
    quinn::{Connection, ConnectionError, Incoming, TransportErrorCode},
    tls_alert,
};
use rustls::AlertDescription;
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
    pub(super) async fn complete(
        self,
        config: &Config,
        limit: Duration,
    ) -> Result<(Connection, Option<Driver>), Failure> {
        let Self { incoming, under_way: _until_the_end } = self;
        let config = config.current().map_err(|error| Failure::Tls(error.to_string()))?;
        let connecting = incoming.accept_with(config).map_err(Failure::of)?;
        let driver = Driver::last_spawned();
        match timeout(limit, connecting).await {
            Ok(connected) => connected.map(|connection| (connection, driver)).map_err(Failure::of),
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

impl Failure {
    fn of(error: ConnectionError) -> Self {
        match error {
            ConnectionError::TransportError(error) => Self::of_own(error.code, error.to_string()),
            ConnectionError::ConnectionClosed(close) if tls_alert(close.error_code).is_some() => {
                Self::Refused(close.to_string())
            }
            error => Self::Gone(error),
        }
    }

    /// The server's own error.
    fn of_own(code: TransportErrorCode, why: String) -> Self {
        match tls_alert(code).map(AlertDescription::from) {
            Some(AlertDescription::NoApplicationProtocol) => Self::Alpn,
            _ => Self::Tls(why),
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum_trailers_quic::quinn::ConnectionClose;
    use bytes::Bytes;

    /// The codes of alerts: [RFC 8446 §6](https://www.rfc-editor.org/rfc/rfc8446#section-6).
    const DECODE_ERROR: u8 = 50;
    const UNKNOWN_CA: u8 = 48;
    const NO_ALPN: u8 = 120;

    #[test]
    fn alert_of_either_side_gives_the_reason() {
        for (code, label) in [(NO_ALPN, "alpn"), (DECODE_ERROR, "tls")] {
            assert_eq!(Failure::of_own(TransportErrorCode::crypto(code), String::new()).label(), label);
        }
        for (error_code, label) in [
            (TransportErrorCode::crypto(UNKNOWN_CA), "refused_by_client"),
            (TransportErrorCode::INTERNAL_ERROR, "client_gone"),
        ] {
            let close = ConnectionClose { error_code, frame_type: None, reason: Bytes::new() };
            assert_eq!(Failure::of(ConnectionError::ConnectionClosed(close)).label(), label);
        }
        assert_eq!(Failure::of(ConnectionError::TimedOut).label(), "client_gone");
    }
}
