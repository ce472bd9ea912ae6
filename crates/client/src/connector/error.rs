use rustls::{AlertDescription, CertificateError};
use std::{io, time::Duration};

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The name can't be resolved, or no address accepts a connection.
    #[error("can't connect to {to}: {reason}")]
    #[non_exhaustive]
    Failed {
        /// Host and port.
        to: String,
        /// What the operating system reports, such as `ConnectionRefused`; `NotFound` if the name can't be resolved.
        kind: io::ErrorKind,
        /// The reason.
        reason: String,
    },
    /// The proxy does not open a tunnel.
    #[error("the proxy {proxy} does not open a tunnel: {reason}")]
    #[non_exhaustive]
    Proxy {
        /// Host and port of the proxy.
        proxy: String,
        /// The reason.
        reason: String,
    },
    /// The proxy is none that this client supports.
    #[error("can't use the proxy {proxy}: {reason}")]
    #[non_exhaustive]
    UnsupportedProxy {
        /// The URL of the proxy, without user and password.
        proxy: String,
        /// The reason.
        reason: String,
    },
    /// There was no connection, including the TLS handshake, in this time.
    #[error("no connection after {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// There was a connection, but no response in this time.
    #[error("no response after {} s", .0.as_secs_f64())]
    NoResponse(Duration),
}

/// Why TLS failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A certificate or a key can't be used.
    #[error("{0}")]
    Settings(String),
    /// The server's certificate is not accepted.
    #[error("the server's certificate is not trusted: {0}")]
    Untrusted(String),
    /// The handshake failed for another reason.
    #[error("{0}")]
    Handshake(String),
    /// The server does not agree to the required protocol.
    #[error("the server does not agree to {0}")]
    Protocol(&'static str),
}

impl TlsError {
    /// Of a handshake.
    pub(super) fn of(error: &io::Error) -> Self {
        match error.get_ref().and_then(|error| error.downcast_ref()) {
            Some(rustls::Error::InvalidCertificate(error)) => Self::Untrusted(explain(error)),
            Some(rustls::Error::AlertReceived(alert)) => Self::of_alert(*alert),
            Some(rustls::Error::InvalidMessage(_)) => {
                Self::Handshake("the server does not use TLS on this port".to_owned())
            }
            Some(error) => Self::Handshake(error.to_string()),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::Handshake("the server closed the connection during the handshake".to_owned())
            }
            None => Self::Handshake(error.to_string()),
        }
    }

    pub(crate) fn of_alert(alert: AlertDescription) -> Self {
        Self::Handshake(format!("the server ended the connection with the alert {alert:?}"))
    }
}

/// rustls has no text for these.
fn explain(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer => "its issuer is unknown".to_owned(),
        CertificateError::BadSignature => "its signature is wrong".to_owned(),
        CertificateError::Revoked => "it is revoked".to_owned(),
        CertificateError::NotValidForName => "it is for another name".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet".to_owned()
        }
        CertificateError::Other(error) => error.0.to_string(),
        error => error.to_string(),
    }
}
