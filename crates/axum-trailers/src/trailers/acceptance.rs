use crate::syntax::list_elements;
use http::{HeaderMap, Request, Version, header};
use std::fmt;

/// Whether the client accepts trailers in the response.
///
/// Trailers are always sent over HTTP/2 and later, over HTTP/1.1 only if the request contains `TE: trailers`
/// ([RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1),
/// [§10.1.4](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.4)), and never over HTTP/1.0.
///
/// axum-trailers-server decides this once per request. Over HTTP/1.1 and HTTP/1.0 it stores the result in the request's
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
    /// The request used HTTP/1.1 without `TE: trailers`.
    NotAsked,
    /// The request used HTTP/1.0, which has no trailers.
    OldProtocol,
}

impl WithheldReason {
    /// The reason as a metric label: `not_asked` or `old_protocol`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::OldProtocol => "old_protocol",
        }
    }
}

impl fmt::Display for WithheldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAsked => "no `TE: trailers`",
            Self::OldProtocol => "HTTP/1.0",
        })
    }
}

impl Acceptance {
    /// Returns the server's decision for this request, or [decides](Self::decide) from the request itself if there is
    /// none.
    #[must_use]
    pub fn from_request<B>(request: &Request<B>) -> Self {
        match request.extensions().get() {
            Some(decided) => *decided,
            None => Self::decide(request.version(), request.headers()),
        }
    }

    /// Decides from the request's protocol version and header section.
    #[must_use]
    pub fn decide(version: Version, headers: &HeaderMap) -> Self {
        match version {
            Version::HTTP_09 | Version::HTTP_10 => Self::Withheld(WithheldReason::OldProtocol),
            Version::HTTP_11 if !te_lists_trailers(headers) => Self::Withheld(WithheldReason::NotAsked),
            _ => Self::Accepted,
        }
    }

    /// Whether trailers are sent.
    #[must_use]
    pub fn is_accepted(self) -> bool {
        self == Self::Accepted
    }
}

/// `TE = [ t-codings *( "," t-codings ) ]`, where `trailers` is the only coding without a weight (RFC 9110 §10.1.4).
fn te_lists_trailers(headers: &HeaderMap) -> bool {
    list_elements(headers, &header::TE).any(|coding| coding.eq_ignore_ascii_case(b"trailers"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const NOT_ASKED: Acceptance = Acceptance::Withheld(WithheldReason::NotAsked);
    const OLD: Acceptance = Acceptance::Withheld(WithheldReason::OldProtocol);

    #[test]
    fn protocol_and_te_decide() {
        let cases: &[(Version, &[&str], Acceptance)] = &[
            (Version::HTTP_2, &[], Acceptance::Accepted),
            (Version::HTTP_3, &[], Acceptance::Accepted),
            (Version::HTTP_11, &[], NOT_ASKED),
            (Version::HTTP_11, &["trailers"], Acceptance::Accepted),
            (Version::HTTP_11, &["Trailers"], Acceptance::Accepted),
            (Version::HTTP_11, &["deflate;q=0.5 , trailers"], Acceptance::Accepted),
            (Version::HTTP_11, &["gzip", "trailers"], Acceptance::Accepted),
            (Version::HTTP_11, &["gzip"], NOT_ASKED),
            (Version::HTTP_11, &["trailersx, trailers;q=0"], NOT_ASKED),
            (Version::HTTP_11, &[""], NOT_ASKED),
            (Version::HTTP_10, &["trailers"], OLD),
        ];
        for (version, te, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in *te {
                headers.append(header::TE, HeaderValue::from_static(value));
            }
            assert_eq!(Acceptance::decide(*version, &headers), *expected, "{version:?} {te:?}");
        }
    }

    #[test]
    fn what_the_server_decided_comes_first() {
        let mut request = Request::builder().version(Version::HTTP_2).body(()).expect("a request");
        assert_eq!(Acceptance::from_request(&request), Acceptance::Accepted);
        request.extensions_mut().insert(NOT_ASKED);
        assert_eq!(Acceptance::from_request(&request), NOT_ASKED);
    }
}
