use super::{Cut, DigestSource, SenderFailure};
use crate::{ConnectError, Error, TlsError};
use axum_trailers::digest::{Algorithm, Digest};
use http::{HeaderName, StatusCode};

/// What a transfer came to. Of several that hold, the first in this order is the verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Verdict {
    /// The trouble is on this side: the request can't be sent, or the content can't be stored.
    #[error("{0}")]
    LocalTrouble(String),
    /// There was no connection, or no response in time.
    #[error("no connection: {0}")]
    NotConnected(ConnectError),
    /// TLS failed.
    #[error("TLS: {0}")]
    Tls(TlsError),
    /// The status is 4xx or 5xx.
    #[error("refused: {status}")]
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
    #[error("digest differs: expected {expected} ({by}), got {got}")]
    DigestDiffers {
        /// Where the expected digest comes from.
        by: DigestSource,
        /// The expected digest.
        expected: Digest,
        /// The digest of what arrived.
        got: Digest,
    },
    /// Announced trailers are missing.
    #[error("an announced trailer is missing: {0}")]
    TrailerMissing(Missing),
    /// The content is what was announced.
    #[error("verified: {algorithm} ({by})")]
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

/// Announced trailers that did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", .names.iter().map(HeaderName::as_str).collect::<Vec<_>>().join(", "),
    if *.has_section { "" } else { " (no trailer section arrived)" })]
#[non_exhaustive]
pub struct Missing {
    /// Their names.
    pub names: Vec<HeaderName>,
    /// Whether a trailer section arrived at all.
    pub has_section: bool,
}

impl Verdict {
    /// Whether the transfer is complete, and nothing contradicts its content: [`Verified`](Self::Verified) or
    /// [`Unverified`](Self::Unverified).
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Verified { .. } | Self::Unverified)
    }
}

impl From<Error> for Verdict {
    fn from(error: Error) -> Self {
        match error {
            Error::Request(reason) => Self::LocalTrouble(reason),
            Error::Connect(error) => Self::NotConnected(error),
            Error::Tls(error) => Self::Tls(error),
            Error::NoResponse(cut) => Self::Cut(cut),
        }
    }
}
