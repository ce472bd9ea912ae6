//! Converts message heads between the two generations of `http`. Names, values, their order and their repetitions are
//! kept; extensions are not, since no type means the same in both.
//!
//! `http` 1 accepts UTF-8 in targets and a `#` in methods, and from HTTP/2 a `"` in names, which `http` 0.2 accepts
//! everywhere. So each conversion can fail, and none panics.

use crate::exchange::{BadHead, Unsendable};
use axum_trailers::compat::conversion::{Copies, older, spare, to_1_with_room};
use bytes::Bytes;
use http_02::{
    HeaderMap, HeaderValue, Method, Request, Uri, Version,
    uri::{self, Authority, PathAndQuery, Scheme},
};

/// The authority of the last request. The requests of a thread often share it, so it is copied once.
#[derive(Default)]
pub(super) struct LastAuthority(Option<Authority>);

impl LastAuthority {
    fn of(&mut self, authority: &http::uri::Authority) -> Result<Authority, BadHead> {
        match &self.0 {
            Some(last) if last.as_str() == authority.as_str() => Ok(last.clone()),
            _ => {
                let authority = Authority::try_from(authority.as_str()).map_err(|_| BadHead::Authority)?;
                Ok(self.0.insert(authority).clone())
            }
        }
    }
}

/// Converts the head of a request. It must have been checked.
pub(super) fn request(head: &http::request::Parts, last: &mut LastAuthority) -> Result<Request<()>, BadHead> {
    let mut request = Request::new(());
    let path = head.uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default();
    let values = || head.headers.values().map(http::HeaderValue::as_bytes);
    let mut copies = Copies::of(|| [path.as_bytes()].into_iter().chain(values()));
    let method = Method::from_bytes(head.method.as_str().as_bytes());
    *request.method_mut() = method.map_err(|_| BadHead::Method)?;
    *request.uri_mut() = uri(&head.uri, copies.next(path.len()), last)?;
    *request.version_mut() = version(head.version);
    *request.headers_mut() = older_fields(&head.headers, copies)?;
    *request.extensions_mut() = spare::take();
    Ok(request)
}

/// `X-Request-Id`, and `Date`, which hyper adds. Without this room the map would have to grow.
const ROOM_FOR_ADDED: usize = 2;

/// Converts the head of a response.
pub(super) fn response(
    head: &http_02::response::Parts,
) -> Result<(http::StatusCode, http::HeaderMap), Unsendable> {
    let status = http::StatusCode::from_u16(head.status.as_u16());
    let status = status.expect("the same numbers are status codes in both generations");
    Ok((status, to_1_with_room(&head.headers, ROOM_FOR_ADDED)?))
}

/// Keeps the allocations of a request's head for a response.
pub(super) fn reuse(head: http::request::Parts) {
    spare::give(head.headers);
}

/// Keeps the allocations of a response's head for a request.
pub(super) fn reuse_response(head: http_02::response::Parts) {
    spare::give(head.headers);
    spare::give(head.extensions);
}

/// `copies` are those of the values, in order.
fn older_fields(fields: &http::HeaderMap, mut copies: Copies) -> Result<HeaderMap, BadHead> {
    let mut old: HeaderMap = spare::take();
    // `http` 0.2 does not add what a map keeps free, a quarter of its room.
    let names = fields.keys_len();
    old.try_reserve((names + names / 3).max(spare::USUAL)).map_err(|_full| BadHead::TooManyFields)?;
    for (name, value) in fields {
        let older = older(name).ok_or_else(|| BadHead::of_name(name))?;
        let copy = HeaderValue::from_maybe_shared(copies.next(value.len()));
        let mut copy = copy.expect("both generations accept the same values");
        copy.set_sensitive(value.is_sensitive());
        old.try_append(older, copy).map_err(|_full| BadHead::TooManyFields)?;
    }
    Ok(old)
}

/// `path` is a copy of the path and query.
fn uri(uri: &http::Uri, path: Bytes, last: &mut LastAuthority) -> Result<Uri, BadHead> {
    let mut parts = uri::Parts::default();
    parts.scheme = uri.scheme_str().map(scheme).transpose()?;
    parts.authority = uri.authority().map(|authority| last.of(authority)).transpose()?;
    let path = uri.path_and_query().map(|_| PathAndQuery::from_maybe_shared(path)).transpose();
    parts.path_and_query = path.map_err(|_| BadHead::Target)?;
    Uri::from_parts(parts).map_err(|_| BadHead::Target)
}

fn scheme(scheme: &str) -> Result<Scheme, BadHead> {
    Ok(match scheme {
        "https" => Scheme::HTTPS,
        "http" => Scheme::HTTP,
        other => Scheme::try_from(other).map_err(|_| BadHead::Target)?,
    })
}

fn version(version: http::Version) -> Version {
    match version {
        http::Version::HTTP_09 => Version::HTTP_09,
        http::Version::HTTP_10 => Version::HTTP_10,
        http::Version::HTTP_2 => Version::HTTP_2,
        http::Version::HTTP_3 => Version::HTTP_3,
        _ => Version::HTTP_11,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn request_head_arrives_whole() {
        let mut secret = http::HeaderValue::from_static("secret");
        secret.set_sensitive(true);
        let (head, ()) = http::Request::builder()
            .method("PURGE")
            .uri("https://example.com:8443/a%20b/?q=1&q=2")
            .version(http::Version::HTTP_2)
            .header("x-b", "1")
            .header("x-a", "2")
            .header("x-b", "3")
            .header("x-latin", http::HeaderValue::from_bytes(b"\xe9").expect("a field value"))
            .header("x-secret", secret)
            .body(())
            .expect("a request")
            .into_parts();
        let request = request(&head, &mut LastAuthority::default()).expect("passes");
        assert_eq!(request.method(), "PURGE");
        assert_eq!(request.uri(), "https://example.com:8443/a%20b/?q=1&q=2");
        assert_eq!(request.version(), Version::HTTP_2);
        let fields: Vec<_> = request.headers().iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        let expected =
            [("x-b", &b"1"[..]), ("x-b", b"3"), ("x-a", b"2"), ("x-latin", b"\xe9"), ("x-secret", b"secret")];
        assert_eq!(fields, expected);
        assert!(request.headers()["x-secret"].is_sensitive());
    }

    #[test]
    fn other_forms_of_target_arrive_one_after_the_other() {
        let mut last = LastAuthority::default();
        let targets =
            ["/", "*", "/?", "localhost:443", "http://localhost/", "https://LOCALHOST/", "http://a/", "a:1"];
        for target in targets.into_iter().flat_map(|target| [target; 2]) {
            let (mut head, ()) = http::Request::new(()).into_parts();
            head.uri = target.parse().expect("a target");
            assert_eq!(request(&head, &mut last).expect("passes").uri().to_string(), head.uri.to_string());
        }
    }

    #[test]
    fn response_head_arrives_whole() {
        let (head, ()) = http_02::Response::builder()
            .status(799)
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .body(())
            .expect("a response")
            .into_parts();
        let (status, headers) = response(&head).expect("passes");
        assert_eq!(status.as_u16(), 799);
        let cookies: Vec<_> = headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
    }

    #[test]
    fn response_name_that_is_no_token_is_an_error() {
        let (head, ()) =
            http_02::Response::builder().header("\"x\"", "1").body(()).expect("a response").into_parts();
        let error = response(&head).expect_err("no name for the newer generation");
        assert_eq!(error.to_string(), "`\"x\"` is not a valid field name");
    }

    #[test]
    fn head_with_as_many_fields_as_a_map_holds_arrives() {
        let name = |n| http::HeaderName::try_from(format!("x-{n}")).expect("a name");
        let (mut head, ()) = http::Request::new(()).into_parts();
        head.headers = (0..24 * 1024).map(|n| (name(n), http::HeaderValue::from(n))).collect();
        let request = request(&head, &mut LastAuthority::default()).expect("it has the same room");
        assert_eq!(request.headers().len(), 24 * 1024);
    }

    #[test]
    fn method_and_target_for_the_newer_generation_only_are_rejected() {
        let (mut head, ()) = http::Request::new(()).into_parts();
        head.uri = http::Uri::try_from("/ä?ö".as_bytes()).expect("a target for the newer generation");
        let error = request(&head, &mut LastAuthority::default()).expect_err("not for the older one");
        assert!(matches!(error, BadHead::Target), "{error}");
        head.uri = http::Uri::default();
        head.method = http::Method::from_bytes(b"A#B").expect("a method for the newer generation");
        let error = request(&head, &mut LastAuthority::default()).expect_err("not for the older one");
        assert!(matches!(error, BadHead::Method), "{error}");
    }

    fn bytes(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
        // Half of them are typical of names, values and targets.
        let byte = prop_oneof![any::<u8>(), prop::sample::select(&b"aZ0-_!\"#%&,/:;?@[]{}~ \t\r\n"[..])];
        prop::collection::vec(byte, length)
    }

    proptest! {
        #[test]
        fn request_head_arrives_unchanged_or_is_rejected(
            method in bytes(1..20), target in bytes(0..30), authority in bytes(1..12), form in 0..4,
            fields in prop::collection::vec((bytes(0..6), bytes(0..8), any::<bool>()), 0..40),
        ) {
            let (mut head, ()) = http::Request::new(()).into_parts();
            head.method = http::Method::from_bytes(&method).unwrap_or_default();
            let target = match form {
                0 => target,
                1 => [b"/", &*target].concat(),
                2 => [b"https://", &*authority, b"/", &*target].concat(),
                _ => authority,
            };
            head.uri = http::Uri::try_from(&*target).unwrap_or_default();
            for (name, value, is_sensitive) in fields {
                // As hyper creates them from HTTP/1.1, and from HTTP/2.
                let names = [http::HeaderName::from_bytes(&name), http::HeaderName::from_lowercase(&name)];
                for name in names.into_iter().flatten() {
                    if let Ok(mut value) = http::HeaderValue::from_bytes(&value) {
                        value.set_sensitive(is_sensitive);
                        head.headers.append(name, value);
                    }
                }
            }
            match request(&head, &mut LastAuthority::default()) {
                Ok(request) => {
                    prop_assert_eq!(request.method().as_str(), head.method.as_str());
                    prop_assert_eq!(request.uri().to_string(), head.uri.to_string());
                    prop_assert_eq!(request.uri().path(), head.uri.path());
                    let older = request.headers().iter().map(|(n, v)| (n.as_str(), v.as_bytes(), v.is_sensitive()));
                    let newer = head.headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes(), v.is_sensitive()));
                    prop_assert!(older.eq(newer));
                }
                Err(BadHead::Field(_)) => prop_assert!(head.headers.keys().any(|name| name.as_str().contains('"'))),
                Err(BadHead::Method | BadHead::Target | BadHead::Authority) => {}
                Err(error) => prop_assert!(false, "{}", error),
            }
        }
    }
}
