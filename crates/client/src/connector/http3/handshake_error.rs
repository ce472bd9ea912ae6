use crate::{
    connector::{ConnectError, TlsError},
    exchange::Error,
};
use axum_trailers_quic::quinn::ConnectionError;
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
            let is_of_tls = u64::from(error.code) & !ALERT == CRYPTO_ERROR;
            if is_of_tls {
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

/// The TLS alert with which the server has ended a connection ([RFC 9001 §4.8](https://www.rfc-editor.org/rfc/rfc9001#section-4.8)).
pub(super) fn alert(error: &ConnectionError) -> Option<AlertDescription> {
    let ConnectionError::ConnectionClosed(close) = error else { return None };
    let code = u64::from(close.error_code);
    let alert = u8::try_from(code & ALERT).ok()?;
    (code & !ALERT == CRYPTO_ERROR).then(|| AlertDescription::from(alert))
}

const CRYPTO_ERROR: u64 = 0x100;
const ALERT: u64 = 0xff;
