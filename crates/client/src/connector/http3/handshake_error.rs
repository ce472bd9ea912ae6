use crate::{
    connector::{ConnectError, TlsError},
    exchange::Error,
};
use axum_trailers_quic::{quinn::ConnectionError, tls_alert};
use rustls::AlertDescription;
use std::io::ErrorKind;

/// Why there is no QUIC connection. `to` is host and port.
pub(super) fn of(error: &ConnectionError, to: &str) -> Error {
    let failed = |kind, reason: &str| {
        Error::Connect(ConnectError::Failed { to: to.to_owned(), kind, reason: reason.to_owned() })
    };
    if let Some(alert) = alert(error) {
        return Error::Tls(match alert {
            AlertDescription::NoApplicationProtocol => TlsError::Protocol("HTTP/3"),
            alert => TlsError::of_alert(alert),
        });
    }
    match error {
        ConnectionError::TransportError(error) => {
            if tls_alert(error.code).is_some() {
                Error::Tls(TlsError::of_text(&error.reason))
            } else {
                failed(ErrorKind::InvalidData, &error.to_string())
            }
        }
        ConnectionError::TimedOut => failed(ErrorKind::TimedOut, "no answer over QUIC"),
        ConnectionError::VersionMismatch => {
            failed(ErrorKind::Unsupported, "the server does not support version 1 of QUIC")
        }
        error => failed(ErrorKind::ConnectionRefused, &error.to_string()),
    }
}

/// The TLS alert with which the server has ended a connection.
pub(super) fn alert(error: &ConnectionError) -> Option<AlertDescription> {
    let ConnectionError::ConnectionClosed(close) = error else { return None };
    tls_alert(close.error_code).map(AlertDescription::from)
}
