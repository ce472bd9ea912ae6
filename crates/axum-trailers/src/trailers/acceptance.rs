use crate::{
    compat::{Fields, ProtocolVersion, Request},
    syntax::list_elements,
};
use http::{Version, header};
use std::fmt;

/// Whether the client accepts trailers in the response.
///
/// Trailers are always sent over HTTP/2, over HTTP/1.1 and HTTP/3 only if the request contains `TE: trailers`
/// ([RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1),
/// [§10.1.4](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.4)), and never over HTTP/1.0. Over HTTP/3 Chromium reports
/// an error for many responses with trailers. Like Firefox it sends no `TE`, and shows no trailers over HTTP/3.
///
/// axum-trailers-server decides this once per request. Except over HTTP/2 it stores the result in the request's
/// extensions, so a layer that changes `TE` has no effect.
///
/// ```
/// use axum_trailers::trailers::Acceptance;
/// use http::Request;
///
/// let request = Request::get("/").header("te", "trailers").body(()).unwrap();
/// assert_eq!(Acceptance::from_request(&request), Acceptance::Accepted);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// Trailers are sent.
    Accepted,
    /// Trailers and the `Trailer` field are withheld.
    Withheld(WithheldReason),
}

/// Why trailers are withheld from a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WithheldReason {
    /// The request used HTTP/1.1 or HTTP/3 without `TE: trailers`.
    NotAsked,
    /// The request used HTTP/1.0, which has no trailers.
    OldProtocol,
    /// The fields were not announced, and HTTP/1.1 sends only announced ones. Other fields of the section are sent.
    Unannounced,
}

impl WithheldReason {
    /// The reason as a metric label: `not_asked`, `old_protocol` or `unannounced`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::OldProtocol => "old_protocol",
            Self::Unannounced => "unannounced",
        }
    }
}

impl fmt::Display for WithheldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAsked => "no `TE: trailers`",
            Self::OldProtocol => "HTTP/1.0",
            Self::Unannounced => "not announced",
        })
    }
}

impl Acceptance {
    /// Returns the server's decision for this request, or [decides](Self::decide) from the request itself if there is
    /// none.
    #[must_use]
    pub fn from_request(request: &impl Request) -> Self {
        Self::decided(request).unwrap_or_else(|| Self::decide(request.version(), request.fields()))
    }

    /// The server's decision.
    pub(crate) fn decided(request: &impl Request) -> Option<Self> {
        request.extension().copied()
    }

    /// Decides from the request's protocol version and header section.
    #[must_use]
    pub fn decide(version: impl ProtocolVersion, headers: &impl Fields) -> Self {
        match version.into_version() {
            Version::HTTP_09 | Version::HTTP_10 => Self::Withheld(WithheldReason::OldProtocol),
            Version::HTTP_2 => Self::Accepted,
            _ if te_lists_trailers(headers) => Self::Accepted,
            _ => Self::Withheld(WithheldReason::NotAsked),
        }
    }

    /// Whether trailers are sent.
    #[must_use]
    pub fn is_accepted(self) -> bool {
        self == Self::Accepted
    }
}

/// `TE = [ t-codings *( "," t-codings ) ]`, where `trailers` is the only coding without a weight (RFC 9110 §10.1.4).
fn te_lists_trailers(headers: &impl Fields) -> bool {
    list_elements(headers, &header::TE).any(|coding| coding.eq_ignore_ascii_case(b"trailers"))
}
