//! Converts message heads between the two generations of `http`. Names, values, their order and their repetitions are
//! kept; extensions are not, since no type means the same in both.
//!
//! Neither generation accepts everything that the other does: `http` 0.2 accepts a `"` in names, `http` 1 only in names
//! from HTTP/2, and `http` 1 accepts UTF-8 in targets and a `#` in methods. So each conversion can fail, and none
//! panics.

use super::host;
use axum_trailers::{
    compat::conversion::{Copies, newer, older, spare},
    syntax::{has_outer_whitespace, is_lowercase_token, without_outer_whitespace},
};
use bytes::Bytes;
use http_02::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header,
    uri::{self, Authority, PathAndQuery, Scheme},
};
use std::sync::{Mutex, PoisonError};

/// A request head that the older generation does not accept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadHead {
    #[error("the method contains invalid characters")]
    Method,
    #[error(
        "the request target is not a valid URI: percent-encode non-ASCII characters (RFC 3986 section 2.1)"
    )]
    Target,
    #[error("the authority is not a host with an optional port (RFC 9110 section 4.2.4)")]
    Authority,
    #[error(transparent)]
    Fields(#[from] BadFields),
}

/// A header or trailer section that is malformed, or that the older generation does not accept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadFields {
    #[error("{0:?} is not a valid field name: use only letters, digits and any of !#$%&'*+-.^_`|~")]
    Name(http::HeaderName),
    #[error("the value of `{0}` is not a valid field value")]
    Value(http::HeaderName),
    #[error("the value of `{0}` begins or ends with a space or a tab (RFC 9113 section 8.2.1)")]
    Whitespace(http::HeaderName),
    #[error("too many fields")]
    TooMany,
}

/// A response head or trailer section that the newer generation does not accept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsendable {
    #[error("{0} is not a valid status code")]
    Status(StatusCode),
    #[error("`{0}` is not a valid field name")]
    Name(HeaderName),
    #[error("the value of `{0}` is not a valid field value")]
    Value(HeaderName),
    #[error("too many fields")]
    TooManyFields,
}

/// The authority of the last request. The requests of a connection usually share it, so it is checked and copied once.
#[derive(Default)]
pub(crate) struct LastAuthority(Mutex<Option<Authority>>);

impl LastAuthority {
    fn of(&self, authority: &http::uri::Authority) -> Result<Authority, BadHead> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| last.as_str() == authority.as_str()) {
            return Ok(last.clone());
        }
        if !host::is_valid(authority.as_str().as_bytes()) {
            return Err(BadHead::Authority);
        }
        let authority = Authority::try_from(authority.as_str()).map_err(|_| BadHead::Authority)?;
        *last = Some(authority.clone());
        Ok(authority)
    }
}

pub(crate) fn request(head: &http::request::Parts, last: &LastAuthority) -> Result<Request<()>, BadHead> {
    let mut request = Request::new(());
    let path = head.uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default();
    let values = || head.headers.values().map(http::HeaderValue::as_bytes);
    let mut copies = Copies::of(|| [path.as_bytes()].into_iter().chain(values()));
    let method = Method::from_bytes(head.method.as_str().as_bytes());
    *request.method_mut() = method.map_err(|_| BadHead::Method)?;
    *request.uri_mut() = uri(&head.uri, copies.next(path.len()), last)?;
    *request.version_mut() = version(head.version);
    *request.headers_mut() = older_fields::<true>(&head.headers, copies)?;
    *request.extensions_mut() = spare::take();
    Ok(request)
}

/// Replaces the `Host` of an HTTP/1.1 request with the authority of its target, if that is in absolute-form
/// ([RFC 9112 §3.2.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2)).
pub(crate) fn take_host_of_target(request: &mut Request<()>) {
    if request.version() < Version::HTTP_2
        && request.uri().scheme().is_some()
        && let Some(authority) = request.uri().authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().insert(header::HOST, host);
    }
}

/// What a rejection needs of a request whose head can't be converted.
pub(crate) fn without_fields(head: &http::request::Parts) -> Request<()> {
    let mut request = Request::new(());
    *request.version_mut() = version(head.version);
    request
}

/// Also returns a copy of `more`, which shares the buffer of the values and needs no allocation.
pub(crate) fn response(
    head: &http_02::response::Parts,
    more: &[u8],
) -> Result<(http::Response<()>, Bytes), Unsendable> {
    if head.headers.keys_len() > MOST_FIELDS {
        return Err(Unsendable::TooManyFields);
    }
    let mut response = http::Response::new(());
    let status = http::StatusCode::from_u16(head.status.as_u16());
    *response.status_mut() = status.map_err(|_| Unsendable::Status(head.status))?;
    let (fields, more) = newer_fields::<true>(&head.headers, ROOM_FOR_ADDED, more)?;
    *response.headers_mut() = fields;
    Ok((response, more))
}

/// Converts the head of a response that is not the router's.
pub(crate) fn older_response(head: &http::response::Parts) -> Result<Response<()>, BadFields> {
    let mut response = Response::new(());
    let status = StatusCode::from_u16(head.status.as_u16());
    *response.status_mut() = status.expect("the same numbers are status codes in both generations");
    *response.headers_mut() = to_old(&head.headers)?;
    Ok(response)
}

/// Keeps the allocations of a request's head for a response.
pub(crate) fn reuse_request(head: http::request::Parts) {
    spare::give(head.headers);
}

/// Keeps the allocations of a response's head for a request.
pub(crate) fn reuse_response(head: http_02::response::Parts) {
    spare::give(head.headers);
    spare::give(head.extensions);
}

/// Keeps the allocations of a trailer section.
pub(crate) fn reuse_trailers(fields: HeaderMap) {
    spare::give(fields);
}

/// Checks the names and values of a client's trailer section. Whitespace around a value is an error; over HTTP/1.1 it is
/// not part of the value, and hyper removes it.
pub(crate) fn check_received(fields: &http::HeaderMap) -> Result<(), BadFields> {
    for (name, value) in fields {
        if !is_lowercase_token(name.as_str()) {
            return Err(BadFields::Name(name.clone()));
        }
        if has_outer_whitespace(value.as_bytes()) {
            return Err(BadFields::Whitespace(name.clone()));
        }
    }
    Ok(())
}

/// Converts a header or trailer section for axum.
pub(crate) fn to_old(fields: &http::HeaderMap) -> Result<HeaderMap, BadFields> {
    older_fields::<false>(fields, Copies::of(|| fields.values().map(http::HeaderValue::as_bytes)))
}

/// `copies` are those of the values, in order.
fn older_fields<const ARE_RECEIVED: bool>(
    fields: &http::HeaderMap,
    mut copies: Copies,
) -> Result<HeaderMap, BadFields> {
    let mut old: HeaderMap = spare::take();
    // `http` 0.2 does not add what a map keeps free, a quarter of its room.
    let names = fields.keys_len();
    old.try_reserve((names + names / 3).max(spare::USUAL)).map_err(|_full| BadFields::TooMany)?;
    for (name, value) in fields {
        let older = older(name).ok_or_else(|| BadFields::Name(name.clone()))?;
        if ARE_RECEIVED && has_outer_whitespace(value.as_bytes()) {
            return Err(BadFields::Whitespace(name.clone()));
        }
        let copy = HeaderValue::from_maybe_shared(copies.next(value.len()));
        let mut copy = copy.map_err(|_| BadFields::Value(name.clone()))?;
        copy.set_sensitive(value.is_sensitive());
        old.try_append(older, copy).map_err(|_full| BadFields::TooMany)?;
    }
    Ok(old)
}

/// Converts a trailer section for hyper.
pub(crate) fn to_new(fields: &HeaderMap) -> Result<http::HeaderMap, Unsendable> {
    newer_fields::<false>(fields, 0, &[]).map(|(fields, _nothing)| fields)
}

/// `X-Request-Id`, and `Date`, which hyper adds. Without this room the map would have to grow.
const ROOM_FOR_ADDED: usize = 2;

/// The number of names that a map can hold (three quarters of 32,768), minus some that are added to a head. A map
/// panics if there are more.
const MOST_FIELDS: usize = 24 * 1024 - 8;

/// The fields, in a map that has room for some more, and a copy of `more`. Leaves out two fields of a header section.
fn newer_fields<const ARE_OF_HEAD: bool>(
    fields: &HeaderMap,
    room: usize,
    more: &[u8],
) -> Result<(http::HeaderMap, Bytes), Unsendable> {
    let mut new: http::HeaderMap = spare::take();
    let names = (fields.keys_len() + room).max(spare::USUAL);
    new.try_reserve(names).map_err(|_full| Unsendable::TooManyFields)?;
    // `TE` is a request field (RFC 9110 §10.1.4), and malformed in a response over HTTP/2. hyper removes it only from
    // requests. hyper itself sets `Transfer-Encoding`: one that a handler has copied from elsewhere would be sent in
    // addition.
    let is_sent =
        |name: &HeaderName| !ARE_OF_HEAD || (*name != header::TE && *name != header::TRANSFER_ENCODING);
    let sent = || {
        fields.iter().filter(|(name, _)| is_sent(name)).map(|(name, value)| (name, value, sendable(value)))
    };
    let mut copies = Copies::of(|| sent().map(|(_, _, bytes)| bytes).chain([more]));
    for (name, value, bytes) in sent() {
        if bytes.len() != value.len() {
            tracing::debug!(%name, "whitespace around a field value removed");
        }
        let new_name = newer(name).ok_or_else(|| Unsendable::Name(name.clone()))?;
        let new_value = http::HeaderValue::from_maybe_shared(copies.next(bytes.len()));
        let mut new_value = new_value.map_err(|_| Unsendable::Value(name.clone()))?;
        new_value.set_sensitive(value.is_sensitive());
        new.try_append(new_name, new_value).map_err(|_full| Unsendable::TooManyFields)?;
    }
    Ok((new, copies.next(more.len())))
}

/// The part of a value that is well-formed in both protocols
/// ([RFC 9113 §8.2.1](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.1)).
fn sendable(value: &HeaderValue) -> &[u8] {
    without_outer_whitespace(value.as_bytes())
}

/// `path` is a copy of the path and query.
fn uri(uri: &http::Uri, path: Bytes, last: &LastAuthority) -> Result<Uri, BadHead> {
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
        let (head, ()) = http::Request::builder()
            .method("PURGE")
            .uri("https://example.com:8443/a%20b/?q=1&q=2")
            .version(http::Version::HTTP_2)
            .header("x-b", "1")
            .header("x-a", "2")
            .header("x-b", "3")
            .header("x-latin", http::HeaderValue::from_bytes(b"\xe9").expect("a field value"))
            .body(())
            .expect("a request")
            .into_parts();
        let request = request(&head, &LastAuthority::default()).expect("passes");
        assert_eq!(request.method(), "PURGE");
        assert_eq!(request.uri(), "https://example.com:8443/a%20b/?q=1&q=2");
        assert_eq!(request.version(), Version::HTTP_2);
        let fields: Vec<_> = request.headers().iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        assert_eq!(fields, [("x-b", &b"1"[..]), ("x-b", b"3"), ("x-a", b"2"), ("x-latin", b"\xe9")]);
    }

    #[test]
    fn other_forms_of_target_arrive_one_after_the_other() {
        let last = LastAuthority::default();
        let targets =
            ["/", "*", "/?", "localhost:443", "http://localhost/", "https://LOCALHOST/", "http://a/", "a:1"];
        for target in targets.into_iter().flat_map(|target| [target; 2]) {
            let (mut head, ()) = http::Request::new(()).into_parts();
            head.uri = target.parse().expect("a target");
            assert_eq!(request(&head, &last).expect("passes").uri().to_string(), head.uri.to_string());
        }
    }

    #[test]
    fn response_head_arrives_whole() {
        let (head, ()) = http_02::Response::builder()
            .status(StatusCode::from_u16(799).expect("a status code"))
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .body(())
            .expect("a response")
            .into_parts();
        let (response, more) = response(&head, b"more").expect("passes");
        assert_eq!(more, "more");
        assert_eq!(response.status().as_u16(), 799);
        let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
    }

    #[test]
    fn sensitive_values_stay_sensitive() {
        let mut value = HeaderValue::from_static("secret");
        value.set_sensitive(true);
        let fields = HeaderMap::from_iter([(HeaderName::from_static("x-a"), value)]);
        let new = to_new(&fields).expect("passes");
        assert!(new["x-a"].is_sensitive());
        assert!(to_old(&new).expect("passes")["x-a"].is_sensitive());
    }

    fn response_head(headers: HeaderMap) -> http_02::response::Parts {
        let (mut head, ()) = Response::new(()).into_parts();
        head.headers = headers;
        head
    }

    /// Fields with this many names, and one value each.
    fn many(names: usize) -> HeaderMap {
        let name = |n| HeaderName::try_from(format!("x-{n}")).expect("a name");
        (0..names).map(|n| (name(n), HeaderValue::from(n))).collect()
    }

    #[test]
    fn name_that_is_no_token_is_an_error() {
        let fields =
            HeaderMap::from_iter([(HeaderName::from_static("\"x\""), HeaderValue::from_static("1"))]);
        let error = to_new(&fields).expect_err("no name for the newer generation");
        assert_eq!(error.to_string(), "`\"x\"` is not a valid field name");
        assert!(matches!(response(&response_head(fields), &[]), Err(Unsendable::Name(_))));
    }

    #[test]
    fn names_are_limited_and_values_are_not() {
        for values in [24_577, 40_000] {
            let mut fields = HeaderMap::new();
            for n in 0..values {
                fields.append("x-a", HeaderValue::from(n));
            }
            let new = to_new(&fields).expect("one name");
            assert_eq!(to_old(&new).expect("one name"), fields);
            assert_eq!(response(&response_head(fields), &[]).expect("one name").0.headers().len(), values);
        }
        assert!(response(&response_head(many(MOST_FIELDS)), &[]).is_ok());
        let too_many = response(&response_head(many(MOST_FIELDS + 1)), &[]);
        assert!(matches!(too_many, Err(Unsendable::TooManyFields)));
        let full = many(24 * 1024);
        assert_eq!(to_old(&to_new(&full).expect("as many")).expect("as many"), full);
    }

    #[test]
    fn head_has_room_for_the_fields_that_hyper_adds() {
        let (mut full, _) = response(&response_head(many(MOST_FIELDS)), &[]).expect("accepted");
        for name in ["date", "content-length", "connection", "transfer-encoding"] {
            full.headers_mut().insert(name, http::HeaderValue::from_static("x"));
        }
    }

    #[test]
    fn method_and_target_for_the_newer_generation_only_are_rejected() {
        let (mut head, ()) = http::Request::new(()).into_parts();
        head.uri = http::Uri::try_from("/ä?ö".as_bytes()).expect("a target for the newer generation");
        let error = request(&head, &LastAuthority::default()).expect_err("not for the older one");
        assert!(matches!(error, BadHead::Target), "{error}");
        head.uri = http::Uri::default();
        head.method = http::Method::from_bytes(b"A#B").expect("a method for the newer generation");
        let error = request(&head, &LastAuthority::default()).expect_err("not for the older one");
        assert!(matches!(error, BadHead::Method), "{error}");
    }

    fn bytes(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
        // Half of them are typical of names, values and targets.
        let byte = prop_oneof![any::<u8>(), prop::sample::select(&b"aZ0-_!\"#%&,/:;?@[]{}~ \t\r\n"[..])];
        prop::collection::vec(byte, length)
    }

    /// Bytes of names and values, and whether the value is sensitive.
    fn fields() -> impl Strategy<Value = Vec<(Vec<u8>, Vec<u8>, bool)>> {
        let left_out = prop::sample::select(vec!["Te", "te", "transfer-encoding"]);
        let name = prop_oneof![20 => bytes(0..6), 2 => left_out.prop_map(|name| name.as_bytes().to_vec())];
        prop::collection::vec((name, bytes(0..8), any::<bool>()), 0..40)
    }

    fn list(fields: &HeaderMap) -> Vec<(String, Vec<u8>, bool)> {
        let field = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.to_string(), value.as_bytes().to_vec(), value.is_sensitive())
        };
        fields.iter().map(field).collect()
    }

    fn list_of_new(fields: &http::HeaderMap) -> Vec<(String, Vec<u8>, bool)> {
        let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), value.as_bytes().to_vec(), value.is_sensitive())
        };
        fields.iter().map(field).collect()
    }

    /// All fields without whitespace around the values.
    fn trimmed(fields: &HeaderMap) -> HeaderMap {
        let trimmed = |value: &HeaderValue| {
            let inner = without_outer_whitespace(value.as_bytes());
            let mut trimmed = HeaderValue::from_bytes(inner).expect("a part of a value");
            trimmed.set_sensitive(value.is_sensitive());
            trimmed
        };
        fields.iter().map(|(name, value)| (name.clone(), trimmed(value))).collect()
    }

    /// The same except `TE` and `Transfer-Encoding`.
    fn as_sent(fields: &HeaderMap) -> HeaderMap {
        let is_sent = |name: &HeaderName| *name != header::TE && *name != header::TRANSFER_ENCODING;
        let all = trimmed(fields);
        let sent = all.iter().filter(|(name, _)| is_sent(name));
        sent.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    proptest! {
        #[test]
        fn fields_for_hyper_arrive_except_two_unless_a_name_is_not_a_token(fields in fields(), status in 100..1000_u16) {
            let mut old = HeaderMap::new();
            for (name, value, sensitive) in fields {
                if let (Ok(name), Ok(mut value)) = (HeaderName::from_bytes(&name), HeaderValue::from_bytes(&value)) {
                    value.set_sensitive(sensitive);
                    old.append(name, value);
                }
            }
            let mut head = response_head(old.clone());
            head.status = StatusCode::from_u16(status).expect("a status");
            match (to_new(&old), response(&head, &[])) {
                (Ok(new), Ok((response, _))) => {
                    let sent = as_sent(&old);
                    prop_assert_eq!(list_of_new(&new), list(&trimmed(&old)));
                    prop_assert_eq!(list_of_new(response.headers()), list(&sent));
                    prop_assert_eq!(response.status().as_u16(), status);
                    let back = check_received(&new).and_then(|()| to_old(&new));
                    prop_assert_eq!(back.expect("it comes from there"), trimmed(&old));
                }
                (Err(Unsendable::Name(name)), Err(_)) => prop_assert!(!is_lowercase_token(name.as_str())),
                (new, response) => prop_assert!(false, "{:?} {:?}", new, response),
            }
        }

        #[test]
        fn fields_for_axum_arrive_whole(fields in fields(), status in 100..1000_u16) {
            let mut new = http::HeaderMap::new();
            for (name, value, sensitive) in fields {
                // As hyper creates them from HTTP/1.1, and from HTTP/2.
                let names = [http::HeaderName::from_bytes(&name), http::HeaderName::from_lowercase(&name)];
                for name in names.into_iter().flatten() {
                    if let Ok(mut value) = http::HeaderValue::from_bytes(&value) {
                        value.set_sensitive(sensitive);
                        new.append(name, value);
                    }
                }
            }
            let are_tokens = new.keys().all(|name| is_lowercase_token(name.as_str()));
            let old = match to_old(&new) {
                Ok(old) => old,
                Err(error) => {
                    prop_assert!(!are_tokens && matches!(error, BadFields::Name(_)), "{}", error);
                    return Ok(());
                }
            };
            prop_assert!(are_tokens);
            prop_assert_eq!(list(&old), list_of_new(&new));
            let is_malformed = new.values().any(|value| has_outer_whitespace(value.as_bytes()));
            prop_assert_eq!(check_received(&new).is_err(), is_malformed);
            let (mut head, ()) = http::Response::new(()).into_parts();
            head.status = http::StatusCode::from_u16(status).expect("a status");
            head.headers = new;
            let response = older_response(&head).expect("passes");
            prop_assert_eq!((response.status().as_u16(), response.headers()), (status, &old));
        }

        #[test]
        fn request_head_arrives_unchanged_or_is_rejected(
            method in bytes(1..20), target in bytes(0..30), authority in bytes(1..12), form in 0..4,
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
            match request(&head, &LastAuthority::default()) {
                Ok(request) => {
                    prop_assert_eq!(request.method().as_str(), head.method.as_str());
                    prop_assert_eq!(request.uri().to_string(), head.uri.to_string());
                    prop_assert_eq!(request.uri().path(), head.uri.path());
                }
                Err(error) => {
                    let is_of_them = matches!(error, BadHead::Method | BadHead::Target | BadHead::Authority);
                    prop_assert!(is_of_them, "{}", error);
                }
            }
        }
    }
}
