use std::fmt;

/// Why a trailer section may not contain a field.
///
/// The classes follow [RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1): recipients need these
/// fields before they receive the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForbiddenReason {
    /// It frames the message or belongs to the connection (`Content-Length`, `Connection`, …).
    MessageFraming,
    /// It contains where the message goes or came from (`Host`, `Via`, …).
    Routing,
    /// It changes how the server processes the request (`Expect`, `Range`, `If-Match`, `Accept`, …).
    RequestModifier,
    /// It identifies the client or keeps state about it (`Authorization`, `Set-Cookie`, …).
    Authentication,
    /// It controls what a client or cache does with the response (`Cache-Control`, `Location`, `Alt-Svc`, …).
    ResponseControl,
    /// It describes how to interpret the content (`Content-Type`, `Content-Encoding`, `Content-Location`, …).
    ContentFormat,
}

impl fmt::Display for ForbiddenReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MessageFraming => "message framing",
            Self::Routing => "routing",
            Self::RequestModifier => "request modifier",
            Self::Authentication => "authentication",
            Self::ResponseControl => "response control",
            Self::ContentFormat => "content format",
        })
    }
}

/// Returns why `name` may not be a trailer field, or `None` if it may. The name is in lower case, as in a `HeaderName`.
///
/// Unknown fields are permitted: RFC 9110 §6.5.1 leaves the decision to each field's definition, which only its sender
/// knows. `Authentication-Info` and `ETag` are permitted because their definitions allow it (RFC 9110 §11.6.3 and
/// §8.8.3).
///
/// ```
/// use axum_trailers::trailers::{ForbiddenReason, why_forbidden};
/// use http::header;
///
/// assert_eq!(why_forbidden(header::CONTENT_LENGTH), Some(ForbiddenReason::MessageFraming));
/// assert_eq!(why_forbidden("x-row-count"), None);
/// ```
#[must_use]
pub fn why_forbidden(name: impl AsRef<str>) -> Option<ForbiddenReason> {
    reason(name.as_ref())
}

/// The same for a lower-case name, which may be no valid field name.
pub(super) fn is_forbidden(name: &str) -> bool {
    reason(name).is_some()
}

/// One list for the lookup, the docs and the pages that show it.
macro_rules! forbidden {
    ($($reason:ident: $($name:literal)|+;)+) => {
        /// The fields that may not be trailer fields, by reason
        /// ([RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1)). [`why_forbidden`] uses the same
        /// list.
        ///
        /// | Reason | Fields |
        /// |---|---|
        $(#[doc = concat!("| [`", stringify!($reason), "`](ForbiddenReason::", stringify!($reason), ") |", $(" `", $name, "`",)+ " |")])+
        ///
        /// ```
        /// use axum_trailers::trailers::{ForbiddenReason, forbidden_fields};
        ///
        /// let routing = forbidden_fields().find(|(reason, _)| *reason == ForbiddenReason::Routing);
        /// assert!(routing.is_some_and(|(_, names)| names.contains(&"via")));
        /// ```
        pub fn forbidden_fields() -> impl Iterator<Item = (ForbiddenReason, &'static [&'static str])> {
            [$((ForbiddenReason::$reason, &[$($name),+][..])),+].into_iter()
        }

        /// The same fields, without the reasons.
        pub(super) const FORBIDDEN: &[&str] = &[$($($name),+),+];

        fn reason(name: &str) -> Option<ForbiddenReason> {
            match name {
                $($($name)|+ => Some(ForbiddenReason::$reason),)+
                _ => None,
            }
        }
    };
}

forbidden! {
    // Connection-specific fields are malformed anywhere in HTTP/2 and HTTP/3 (RFC 9113 §8.2.2). `Trailer` in a trailer
    // section announces fields that have already arrived.
    MessageFraming: "connection" | "content-length" | "keep-alive" | "proxy-connection" | "te" | "trailer"
        | "transfer-encoding" | "upgrade";
    Routing: "forwarded" | "host" | "via" | "x-forwarded-for" | "x-forwarded-host" | "x-forwarded-port" | "x-forwarded-proto"
        | "x-real-ip";
    RequestModifier: "accept" | "accept-charset" | "accept-encoding" | "accept-language" | "expect" | "if-match"
        | "if-modified-since" | "if-none-match" | "if-range" | "if-unmodified-since" | "max-forwards" | "range";
    Authentication: "authorization" | "cookie" | "proxy-authenticate" | "proxy-authorization" | "set-cookie"
        | "www-authenticate";
    ResponseControl: "access-control-allow-credentials" | "access-control-allow-headers"
        | "access-control-allow-methods" | "access-control-allow-origin" | "access-control-expose-headers"
        | "access-control-max-age" | "age" | "alt-svc" | "cache-control" | "clear-site-data"
        | "content-security-policy" | "content-security-policy-report-only" | "cross-origin-embedder-policy"
        | "cross-origin-opener-policy" | "cross-origin-resource-policy" | "date" | "expires" | "location"
        | "permissions-policy" | "pragma" | "referrer-policy" | "refresh" | "retry-after"
        | "strict-transport-security" | "vary" | "warning" | "x-content-type-options" | "x-frame-options";
    ContentFormat: "content-disposition" | "content-encoding" | "content-language" | "content-location"
        | "content-range" | "content-type";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_refused_with_its_reason() {
        let cases = [
            ("Transfer-Encoding", ForbiddenReason::MessageFraming),
            ("Content-Length", ForbiddenReason::MessageFraming),
            ("Connection", ForbiddenReason::MessageFraming),
            ("Trailer", ForbiddenReason::MessageFraming),
            ("TE", ForbiddenReason::MessageFraming),
            ("Host", ForbiddenReason::Routing),
            ("Max-Forwards", ForbiddenReason::RequestModifier),
            ("If-None-Match", ForbiddenReason::RequestModifier),
            ("Range", ForbiddenReason::RequestModifier),
            ("Authorization", ForbiddenReason::Authentication),
            ("Set-Cookie", ForbiddenReason::Authentication),
            ("Cache-Control", ForbiddenReason::ResponseControl),
            ("Location", ForbiddenReason::ResponseControl),
            ("Alt-Svc", ForbiddenReason::ResponseControl),
            ("Strict-Transport-Security", ForbiddenReason::ResponseControl),
            ("Via", ForbiddenReason::Routing),
            ("Content-Location", ForbiddenReason::ContentFormat),
            ("Content-Type", ForbiddenReason::ContentFormat),
            ("Content-Encoding", ForbiddenReason::ContentFormat),
            ("Content-Range", ForbiddenReason::ContentFormat),
        ];
        for (name, reason) in cases {
            let name: http::HeaderName = name.parse().expect("a field name");
            assert_eq!(why_forbidden(&name), Some(reason), "{name}");
        }
    }

    #[test]
    fn table_has_each_field_once_with_its_reason() {
        let mut names = Vec::new();
        for (reason, fields) in forbidden_fields() {
            for name in fields {
                assert_eq!(why_forbidden(name), Some(reason), "{name}");
                names.push(*name);
            }
        }
        names.sort_unstable();
        assert!(names.windows(2).all(|two| two[0] != two[1]), "{names:?}");
    }

    #[test]
    fn fields_meant_for_trailers_are_allowed() {
        for name in [
            "accept-ranges",
            "authentication-info",
            "chunky-trailer",
            "content-digest",
            "etag",
            "grpc-message",
            "grpc-status",
            "repr-digest",
            "server-timing",
            "x-row-count",
        ] {
            assert_eq!(why_forbidden(name), None, "{name}");
        }
    }
}
