use super::{Cut, DigestSource, Missing, NoDigest, Printable, SenderFailure};
use crate::{ConnectError, Error, TlsError};
use axum_trailers::digest::{Algorithm, Digest};
use http::StatusCode;
use std::fmt::Write;

/// What a transfer came to. Of several that hold, the first in this order is the verdict.
///
/// `Display` makes one line of text for people. It contains no control characters, even if the server sent some.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Verdict {
    /// The trouble is on this side: the request can't be sent, or the content can't be stored.
    #[error("{}", Printable(.0))]
    LocalTrouble(String),
    /// There was no connection, or no response in time.
    #[error("{}", Printable(.0))]
    NotConnected(ConnectError),
    /// TLS failed.
    #[error("TLS: {}", Printable(.0))]
    Tls(TlsError),
    /// The status is 4xx or 5xx.
    #[error("refused: {status}")]
    #[non_exhaustive]
    Refused {
        /// The status.
        status: StatusCode,
    },
    /// The transfer ended early.
    #[error("cut: {0}")]
    Cut(Cut),
    /// The message is complete, and its sender reports a failure in it.
    #[error("the sender reports a failure: {0}")]
    SenderFailed(SenderFailure),
    /// The content is not what the sender or the user announced.
    #[error("the digest differs: expected {} ({by}), got {}", shown(.by, .expected), shown(.by, .got))]
    #[non_exhaustive]
    DigestDiffers {
        /// Where the expected digest comes from.
        by: DigestSource,
        /// The expected digest.
        expected: Digest,
        /// The digest of what arrived.
        got: Digest,
    },
    /// No trailer section arrived although one was announced, or a digest or gRPC status is missing in it. Another
    /// missing trailer is a failure only with
    /// [`Verification::require_trailers`](crate::Verification::require_trailers).
    #[error("an announced trailer is missing: {0}")]
    TrailerMissing(Missing),
    /// The message is complete, but a digest is required, and there is none to compare: the user requires one in the
    /// response ([`Verification::require_digest`](crate::Verification::require_digest)), or has one that does not fit the
    /// response ([`Verification::expect`](crate::Verification::expect)).
    #[error("complete, but a digest is required: {0}")]
    NoDigest(NoDigest),
    /// The content is what was announced.
    #[error("verified: {algorithm} ({by})")]
    #[non_exhaustive]
    Verified {
        /// Where the digest comes from.
        by: DigestSource,
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// The end was seen, but nothing verifies the content.
    #[error("complete, nothing to verify it with")]
    Unverified,
}

impl Verdict {
    /// [`Refused`](Self::Refused), which may get other fields, with this status.
    #[must_use]
    pub fn refused(status: StatusCode) -> Self {
        Self::Refused { status }
    }

    /// Whether the transfer is complete, and nothing contradicts its content: [`Verified`](Self::Verified) or
    /// [`Unverified`](Self::Unverified).
    ///
    /// It says nothing about the status, except that it is not 4xx or 5xx: a redirect (3xx) is a success as well.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Verified { .. } | Self::Unverified)
    }

    pub(crate) fn cut(&self) -> Option<&Cut> {
        if let Self::Cut(cut) = self { Some(cut) } else { None }
    }
}

impl From<Error> for Verdict {
    fn from(error: Error) -> Self {
        match error {
            Error::Request(reason) | Error::RequestBody(reason) => Self::LocalTrouble(reason),
            Error::Connect(error) => Self::NotConnected(error),
            Error::Tls(error) => Self::Tls(error),
            Error::NoResponse(cut) => Self::Cut(cut),
        }
    }
}

/// A digest as a field has it, if it comes from one. Others can be compared with the output of `sha256sum`, in hexadecimal.
fn shown(by: &DigestSource, digest: &Digest) -> String {
    if let DigestSource::Field { .. } = by {
        return digest.to_string();
    }
    let mut hex = format!("{} ", digest.algorithm());
    for byte in digest.as_bytes() {
        write!(hex, "{byte:02x}").expect("memory");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn text_is_one_line_without_control_characters() {
        let failed = |reason: &str| ConnectError::Failed {
            to: "a:443".to_owned(),
            kind: std::io::ErrorKind::ConnectionRefused,
            reason: reason.to_owned(),
        };
        for (verdict, text) in [
            (Verdict::LocalTrouble("disk full: a\nb".to_owned()), "disk full: a\\nb"),
            (Verdict::NotConnected(failed("refused\r")), "can't connect to a:443: refused\\r"),
            (
                Verdict::NotConnected(ConnectError::NoResponse(Duration::from_secs(5))),
                "no response after 5 s",
            ),
            (Verdict::Tls(TlsError::Handshake("bad \x1b[1m".to_owned())), "TLS: bad \\u{1b}[1m"),
            (Verdict::Refused { status: StatusCode::NOT_FOUND }, "refused: 404 Not Found"),
            (Verdict::Cut(Cut::Closed), "cut: the connection was closed before the end of the message"),
            (Verdict::Unverified, "complete, nothing to verify it with"),
        ] {
            assert_eq!(verdict.to_string(), text);
        }
    }

    #[test]
    fn error_without_a_response_is_a_verdict_and_no_success() {
        let timeout = ConnectError::Timeout(Duration::from_secs(1));
        for (error, verdict) in [
            (Error::Request("no host".to_owned()), Verdict::LocalTrouble("no host".to_owned())),
            (Error::RequestBody("no disk".to_owned()), Verdict::LocalTrouble("no disk".to_owned())),
            (Error::Connect(timeout.clone()), Verdict::NotConnected(timeout)),
            (Error::Tls(TlsError::Protocol("HTTP/2")), Verdict::Tls(TlsError::Protocol("HTTP/2"))),
            (Error::NoResponse(Cut::Closed), Verdict::Cut(Cut::Closed)),
        ] {
            assert_eq!(Verdict::from(error), verdict);
            assert!(!verdict.is_success());
        }
    }
}
