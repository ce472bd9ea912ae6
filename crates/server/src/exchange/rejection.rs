//! Requests that are rejected before the router gets them.

use super::{
    app_response::AppResponse,
    problems::{closing, problem},
};
use crate::{connection::HeadFault, limits::Limits};
use axum_trailers::{
    syntax::{host_and_port, list_elements},
    trailers::server::section_size,
};
use http::{HeaderMap, Method, StatusCode, Version, header, request::Parts, uri::Authority};

/// The response to a request that must be rejected.
pub(crate) fn reject(request: &Parts, limits: &Limits) -> Option<AppResponse> {
    if request.version >= Version::HTTP_2 && head_size(request) > limits.header_section as usize {
        let why = format!("the header section is larger than {} bytes", limits.header_section);
        return Some(problem(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, &why));
    }
    if request.version == Version::HTTP_11
        && let Some((status, why)) = bad_transfer_coding(&request.headers)
    {
        // The end of such a message is unknown.
        return Some(closing(problem(status, why)));
    }
    if let Some(why) = bad_host(request).or_else(|| bad_target(request)) {
        return Some(problem(StatusCode::BAD_REQUEST, why));
    }
    if asks_for_websocket(&request.headers) {
        return Some(problem(
            StatusCode::NOT_IMPLEMENTED,
            "WebSocket is not supported: use server-sent events or a streamed response",
        ));
    }
    if request.method == Method::CONNECT {
        return Some(problem(
            StatusCode::NOT_IMPLEMENTED,
            "CONNECT is not supported: this server is not a proxy",
        ));
    }
    None
}

/// The response to a request in whose head the guard has found a fault. It ends the connection: a request with two
/// lengths has no certain end, and the guard records only the first fault.
pub(crate) fn reject_head(fault: HeadFault) -> AppResponse {
    closing(problem(
        StatusCode::BAD_REQUEST,
        match fault {
            HeadFault::AmbiguousLength => {
                "the request has both `Transfer-Encoding` and `Content-Length` (RFC 9112 section 6.1)"
            }
            HeadFault::Fragment => {
                "the request target has a fragment: remove it, or write `#` as `%23` (RFC 9112 section 3.2)"
            }
        },
    ))
}

/// Counted as in RFC 9113 §6.5.2, except that pseudo-header fields count only the bytes of `:authority` and `:path`.
/// h2's limit is larger; over HTTP/1.1 hyper enforces it.
fn head_size(request: &Parts) -> usize {
    let uri = &request.uri;
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    authority + path + section_size(&request.headers)
}

/// A single `chunked` is the only transfer coding that is implemented
/// ([RFC 9112 §6.1](https://www.rfc-editor.org/rfc/rfc9112#section-6.1)). hyper checks only the last one.
fn bad_transfer_coding(headers: &HeaderMap) -> Option<(StatusCode, &'static str)> {
    let mut chunked = 0;
    for coding in list_elements(headers, &header::TRANSFER_ENCODING) {
        if !coding.eq_ignore_ascii_case(b"chunked") {
            let why = "the only supported transfer coding is `chunked` (RFC 9112 section 6.1)";
            return Some((StatusCode::NOT_IMPLEMENTED, why));
        }
        chunked += 1;
    }
    let why = "`chunked` is applied more than once (RFC 9112 section 6.1)";
    (chunked > 1).then_some((StatusCode::BAD_REQUEST, why))
}

/// What is wrong with `Host`, if anything.
fn bad_host(request: &Parts) -> Option<&'static str> {
    let mut hosts = request.headers.get_all(header::HOST).iter();
    let (host, other) = (hosts.next(), hosts.next());
    if other.is_some() || (host.is_none() && request.version == Version::HTTP_11) {
        return Some("a request needs exactly one `Host` field (RFC 9112 section 3.2)");
    }
    let is_valid = |host: &&str| host.is_empty() || host_and_port(host).is_some();
    let Ok(host) = host.map(|host| host.to_str().ok().filter(is_valid).ok_or(())).transpose() else {
        return Some("`Host` is not a host with an optional port number (RFC 9112 section 3.2)");
    };
    if request.version < Version::HTTP_2 {
        return None;
    }
    let authority = request.uri.authority().map(Authority::as_str);
    let named = [host, authority].into_iter().flatten().all(|host| !host.is_empty());
    if !named || (host.is_none() && authority.is_none()) {
        return Some(
            "a request needs `:authority` or `Host`, and neither may be empty (RFC 9113 section 8.3.1)",
        );
    }
    let default_port = if request.uri.scheme_str() == Some("http") { "80" } else { "443" };
    let differ = |(host, authority)| !are_the_same(host, authority, default_port);
    if host.zip(authority).is_some_and(differ) {
        return Some("`Host` and `:authority` differ (RFC 9113 section 8.3.1)");
    }
    None
}

/// Whether both name the same host, compared in normal form
/// ([RFC 3986 §6.2](https://www.rfc-editor.org/rfc/rfc3986#section-6.2)): the case of the host and the scheme's default
/// port make no difference.
fn are_the_same(one: &str, other: &str, default_port: &str) -> bool {
    if one.eq_ignore_ascii_case(other) {
        return true;
    }
    let with_port = |of| {
        host_and_port(of)
            .map(|(host, port)| (host, port.filter(|port| !port.is_empty()).unwrap_or(default_port)))
    };
    with_port(one).zip(with_port(other)).is_some_and(|((host, port), (other, other_port))| {
        host.eq_ignore_ascii_case(other) && port == other_port
    })
}

/// A target must be in origin-form, absolute-form or `*`, except for `CONNECT`
/// ([RFC 9112 §3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)).
fn bad_target(request: &Parts) -> Option<&'static str> {
    // `path` returns a slash for an empty path.
    let path = request.uri.path_and_query().map_or("", |target| target.as_str());
    // In absolute-form it may be empty, but not over HTTP/2 (RFC 9113 §8.3.1).
    let is_absolute = request.version < Version::HTTP_2 && request.uri.scheme().is_some();
    let is_empty = is_absolute && (path.is_empty() || path.starts_with('?'));
    let is_one = path.starts_with('/') || path == "*" || is_empty || request.method == Method::CONNECT;
    (!is_one).then_some("the request target needs a path that begins with a slash (RFC 9112 section 3.2)")
}

/// A server may ignore `Upgrade` (RFC 9110 §7.8), but a client that offers `websocket` can use nothing else.
fn asks_for_websocket(headers: &HeaderMap) -> bool {
    list_elements(headers, &header::UPGRADE).any(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;
    use http::HeaderValue;
    use proptest::{collection::vec, prelude::*};

    fn status(version: Version, uri: &str, fields: &[(HeaderName, &str)]) -> Option<u16> {
        let (mut request, ()) = http::Request::new(()).into_parts();
        request.version = version;
        request.uri = uri.parse().expect("a target");
        for (name, value) in fields {
            request.headers.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        reject(&request, &Limits::default()).map(|response| response.status.as_u16())
    }

    #[test]
    fn http1_request_needs_one_valid_host() {
        let host = |host| (header::HOST, host);
        for valid in ["localhost", "localhost:3000", "[::1]:3000", "127.0.0.1", ""] {
            assert_eq!(status(Version::HTTP_11, "/", &[host(valid)]), None, "{valid}");
        }
        for invalid in ["a b", "user@a", "a/b", "a:b", "[::g]", "[::1]x"] {
            assert_eq!(status(Version::HTTP_11, "/", &[host(invalid)]), Some(400), "{invalid}");
            assert_eq!(status(Version::HTTP_10, "/", &[host(invalid)]), Some(400), "{invalid}");
        }
        assert_eq!(status(Version::HTTP_11, "/", &[host("a"), host("a")]), Some(400));
        assert_eq!(status(Version::HTTP_11, "/", &[]), Some(400));
        assert_eq!(status(Version::HTTP_10, "/", &[]), None);
    }

    #[test]
    fn host_is_the_same_as_the_authority() {
        let host = |host| (header::HOST, host);
        for (uri, hosts, expected) in [
            ("https://a:1/", &[][..], None),
            ("https://a:1/", &[host("A:1")], None),
            ("https://a:1/", &[host("a")], Some(400)),
            ("https://a/", &[host("a:443")], None),
            ("https://a:443/", &[host("a:")], None),
            ("http://a/", &[host("a:80")], None),
            ("https://a/", &[host("a:80")], Some(400)),
            ("https://[::1]/", &[host("[::1]:443")], None),
            ("https://a/", &[host("")], Some(400)),
            ("/", &[host("a")], None),
            ("/", &[host("")], Some(400)),
            ("/", &[], Some(400)),
            ("https://a:1/", &[host("a:1"), host("a:1")], Some(400)),
            ("https://a/", &[host("b")], Some(400)),
        ] {
            for version in [Version::HTTP_2, Version::HTTP_3] {
                assert_eq!(status(version, uri, hosts), expected, "{version:?} {uri} {hosts:?}");
            }
        }
        assert_eq!(
            status(Version::HTTP_11, "http://a/", &[host("b")]),
            None,
            "the target's authority replaces it (RFC 9112 section 3.2.2)"
        );
    }

    #[test]
    fn header_section_is_measured_if_hyper_does_not() {
        let most = Limits::default().header_section as usize;
        let name = HeaderName::from_static("x-large");
        for version in [Version::HTTP_2, Version::HTTP_3] {
            // Authority and path, and the field's name and its overhead of 32 bytes.
            let left = most - "a/".len() - name.as_str().len() - 32;
            for (length, expected) in [(left, None), (left + 1, Some(431))] {
                let fields = [(name.clone(), &*"x".repeat(length))];
                assert_eq!(status(version, "https://a/", &fields), expected, "{version:?} {length}");
            }
        }
        let fields = [(header::HOST, "a"), (name, &*"x".repeat(most))];
        assert_eq!(status(Version::HTTP_11, "/", &fields), None);
    }

    #[test]
    fn target_has_a_path() {
        for (uri, expected) in [
            ("/", None),
            ("*", None),
            ("http://a", None),
            ("fast", Some(400)),
            ("http://a?b", None),
            ("a:1", Some(400)),
        ] {
            assert_eq!(status(Version::HTTP_11, uri, &[(header::HOST, "a")]), expected, "{uri}");
        }
    }

    #[test]
    fn only_a_single_chunked_is_implemented() {
        let te = |value| (header::TRANSFER_ENCODING, value);
        for (lines, expected) in [
            (&[te("chunked")][..], None),
            (&[te("Chunked")], None),
            (&[te("gzip, chunked")], Some(501)),
            (&[te("identity, chunked")], Some(501)),
            (&[te("foo"), te("chunked")], Some(501)),
            (&[te("chunked;a=b")], Some(501)),
            (&[te("chunked, chunked")], Some(400)),
            (&[te("chunked"), te("chunked")], Some(400)),
        ] {
            let fields: Vec<_> = [(header::HOST, "a")].iter().chain(lines).cloned().collect();
            assert_eq!(status(Version::HTTP_11, "/", &fields), expected, "{lines:?}");
        }
    }

    #[test]
    fn websocket_upgrade_is_rejected_and_others_are_ignored() {
        for (upgrade, expected) in [("websocket", Some(501)), ("h2c", None)] {
            let fields = [(header::HOST, "a"), (header::UPGRADE, upgrade)];
            assert_eq!(status(Version::HTTP_11, "/", &fields), expected);
        }
    }

    proptest! {
        #[test]
        fn rejection_closes_the_connection_only_for_bad_framing(
            host in vec(any::<u8>(), 0..20), upgrade in vec(any::<u8>(), 0..20), coding in vec(any::<u8>(), 0..20),
            is_http2: bool,
        ) {
            let (mut request, ()) = http::Request::new(()).into_parts();
            request.version = if is_http2 { Version::HTTP_2 } else { Version::HTTP_11 };
            for (name, value) in
                [(header::HOST, host), (header::UPGRADE, upgrade), (header::TRANSFER_ENCODING, coding)]
            {
                if let Ok(value) = HeaderValue::from_bytes(&value) {
                    request.headers.insert(name, value);
                }
            }
            let refused = reject(&request, &Limits::default());
            let status = refused.as_ref().map(|response| response.status.as_u16());
            prop_assert!(status.is_none_or(|status| [400, 501].contains(&status)), "{status:?}");
            let has_coding = !is_http2 && list_elements(&request.headers, &header::TRANSFER_ENCODING).next().is_some();
            let is_of_framing = refused.is_some_and(|response| response.headers.contains_key(header::CONNECTION));
            prop_assert!(!is_of_framing || has_coding);
        }
    }
}
