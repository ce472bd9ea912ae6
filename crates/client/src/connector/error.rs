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

    /// Of a handshake over QUIC, of which only rustls's text is known.
    #[cfg(feature = "http3")]
    pub(super) fn of_text(text: &str) -> Self {
        match text.strip_prefix("invalid peer certificate: ") {
            Some(reason) => Self::Untrusted(explain_text(reason)),
            None => Self::Handshake(text.to_owned()),
        }
    }

    pub(crate) fn of_alert(alert: AlertDescription) -> Self {
        Self::Handshake(format!("the server ended the connection with the alert {alert:?}"))
    }
}

fn explain(error: &CertificateError) -> String {
    match error {
        CertificateError::Other(error) => error.0.to_string(),
        error => explain_text(&error.to_string()),
    }
}

/// rustls has no more than a name for some.
fn explain_text(reason: &str) -> String {
    // What webpki finds and rustls has no variant for.
    let reason =
        reason.strip_prefix("Other(OtherError(").and_then(|rest| rest.strip_suffix("))")).unwrap_or(reason);
    let is = |name: &str, text: &str| reason == name || reason.starts_with(text);
    let text = match reason {
        "UnknownIssuer" => "its issuer is unknown",
        "BadSignature" => "its signature is wrong",
        "Revoked" => "it is revoked",
        "NotValidForName" => "it is for another name",
        _ if is("Expired", "certificate expired:") => "it has expired",
        _ if is("NotValidYet", "certificate not valid yet:") => "it is not valid yet",
        other => other,
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::UnixTime;
    use std::time::Duration;

    #[test]
    fn faults_that_only_webpki_names_are_named() {
        assert_eq!(explain_text("Other(OtherError(CaUsedAsEndEntity))"), "CaUsedAsEndEntity");
    }

    #[test]
    fn faults_of_certificates_are_explained() {
        let time = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        for (error, expected) in [
            (CertificateError::UnknownIssuer, "its issuer is unknown"),
            (CertificateError::BadSignature, "its signature is wrong"),
            (CertificateError::Revoked, "it is revoked"),
            (CertificateError::NotValidForName, "it is for another name"),
            (CertificateError::Expired, "it has expired"),
            (CertificateError::ExpiredContext { time: time(9), not_after: time(8) }, "it has expired"),
            (CertificateError::NotValidYet, "it is not valid yet"),
            (
                CertificateError::NotValidYetContext { time: time(8), not_before: time(9) },
                "it is not valid yet",
            ),
        ] {
            assert_eq!(explain(&error), expected);
            #[cfg(feature = "http3")]
            assert_eq!(
                TlsError::of_text(&rustls::Error::InvalidCertificate(error).to_string()),
                TlsError::Untrusted(expected.to_owned())
            );
        }
    }
}
