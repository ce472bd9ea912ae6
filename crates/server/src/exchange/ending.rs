use super::request_details::joined;
use crate::connection::CloseReason;
use axum_trailers::trailers::{WithheldReason, server::Outcome};
use http::HeaderName;
use std::{error::Error, fmt};

/// What became of the response's trailers.
pub(super) enum Trailers {
    None,
    Sent(Vec<HeaderName>),
    Withheld(WithheldReason),
}

/// How a response ended.
pub(super) enum Ending {
    Complete,
    Failed(Failure, String),
    ReportedInTrailers,
    /// A gRPC call whose status reports a fault of the server.
    FailedCall,
    Cut(CloseReason),
    ClientGone,
}

/// Why a response failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Its body failed.
    Body,
    /// Its length differs from that in its header section.
    Length,
    /// The trailers that report its failure can't be sent.
    Unreportable,
    /// Its header or trailer section is larger than the client accepts.
    SectionTooLarge,
    /// The trailers of its request are too large or malformed.
    RequestTrailers,
    /// The content of its request is malformed.
    RequestFraming,
    /// The content of its request arrives too slowly.
    SlowRequest,
    /// Its handler has asked for it.
    ByHandler,
}

impl Ending {
    pub(super) fn failed(failure: Failure, error: &(dyn Error + 'static)) -> Self {
        Self::Failed(failure, with_sources(error))
    }

    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Complete => Outcome::Complete,
            Self::ReportedInTrailers | Self::FailedCall => Outcome::FailureReported,
            Self::Failed(..) | Self::Cut(_) => Outcome::Cut,
            Self::ClientGone => Outcome::ClientGone,
        }
    }
}

impl Failure {
    /// For metrics.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Length => "length",
            Self::Unreportable => "unreportable",
            Self::SectionTooLarge => "section_too_large",
            Self::RequestTrailers => "request_trailers",
            Self::RequestFraming => "request_framing",
            Self::SlowRequest => "slow_request",
            Self::ByHandler => "broken_by_handler",
        }
    }
}

impl fmt::Display for Trailers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Withheld(reason) => write!(f, "withheld ({reason})"),
            Self::Sent(names) => {
                f.write_str(&joined(names.iter().map(HeaderName::as_str)).unwrap_or_default())
            }
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("complete"),
            Self::Failed(_, why) => write!(f, "failed: {why}"),
            Self::ReportedInTrailers => f.write_str("failed, reported in trailers"),
            Self::FailedCall => f.write_str("failed, reported in grpc-status"),
            Self::Cut(reason) => write!(f, "cut: {reason}"),
            Self::ClientGone => f.write_str("client gone"),
        }
    }
}

/// An error's message, followed by those of its sources.
pub(crate) fn with_sources(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        // A wrapper often repeats its source's message.
        let words = error.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("no row")]
    struct NoRow(#[source] io::Error);

    #[test]
    fn error_text_contains_each_source_once() {
        let full = || io::Error::other("disk full");
        assert_eq!(with_sources(&io::Error::other(full())), "disk full");
        assert_eq!(with_sources(&NoRow(full())), "no row: disk full");
    }

    #[test]
    fn trailers_are_shown_by_name() {
        let names = ["x-a", "x-b"].map(HeaderName::from_static).to_vec();
        assert_eq!(Trailers::Sent(names).to_string(), "x-a,x-b");
        assert_eq!(Trailers::Withheld(WithheldReason::NotAsked).to_string(), "withheld (no `TE: trailers`)");
    }
}
