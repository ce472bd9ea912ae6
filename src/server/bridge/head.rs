//! Message heads, from one generation of `http` to the other. Names, values, their order and their repetitions
//! are kept; extensions are not, since no type means the same in both.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version,
    uri::{self, Authority, PathAndQuery, Scheme},
};
use std::sync::{Mutex, PoisonError};

/// A request head that the older generation does not take.
#[derive(Debug, thiserror::Error)]
#[error("the request head can't be passed on")]
pub(super) struct BadHead(#[from] http::Error);

/// The authority of the last request. Those of a connection have the same one, as a rule: it is parsed and copied once.
#[derive(Default)]
pub(super) struct LastAuthority(Mutex<Option<Authority>>);

impl LastAuthority {
    fn of(&self, authority: &http_1::uri::Authority) -> Result<Authority, BadHead> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| last.as_str() == authority.as_str()) {
            return Ok(last.clone());
        }
        let authority = Authority::try_from(authority.as_str()).map_err(http::Error::from)?;
        *last = Some(authority.clone());
        Ok(authority)
    }
}

pub(super) fn request(head: &http_1::request::Parts, last: &LastAuthority) -> Result<Request<()>, BadHead> {
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(head.method.as_str().as_bytes()).map_err(http::Error::from)?;
    *request.uri_mut() = uri(&head.uri, last)?;
    *request.version_mut() = version(head.version);
    *request.headers_mut() = to_old(&head.headers)?;
    Ok(request)
}

pub(super) fn response<B>(head: &http::response::Parts, body: B) -> http_1::Response<B> {
    let mut response = http_1::Response::new(body);
    *response.status_mut() =
        http_1::StatusCode::from_u16(head.status.as_u16()).expect("a status code is one in both generations");
    *response.headers_mut() = to_new_with_room(&head.headers, ROOM_FOR_DATE);
    response
}

/// The head of a response that is not the router's.
pub(super) fn older_response(head: &http_1::response::Parts) -> Result<Response<()>, http::Error> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(head.status.as_u16())?;
    *response.headers_mut() = to_old(&head.headers)?;
    Ok(response)
}

/// A header or trailer section for axum.
pub(super) fn to_old(fields: &http_1::HeaderMap) -> Result<HeaderMap, http::Error> {
    let mut old = HeaderMap::with_capacity(fields.len());
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_ref())?;
        let mut copy = HeaderValue::from_bytes(value.as_bytes())?;
        copy.set_sensitive(value.is_sensitive());
        old.append(name, copy);
    }
    Ok(old)
}

/// A header or trailer section for hyper.
pub(super) fn to_new(fields: &HeaderMap) -> http_1::HeaderMap {
    to_new_with_room(fields, 0)
}

/// hyper adds `Date`, for which the map would have to grow.
const ROOM_FOR_DATE: usize = 1;

fn to_new_with_room(fields: &HeaderMap, room: usize) -> http_1::HeaderMap {
    let mut new = http_1::HeaderMap::with_capacity(fields.len() + room);
    for (name, value) in fields {
        let name =
            http_1::HeaderName::from_bytes(name.as_ref()).expect("a field name is one in both generations");
        let mut copy = http_1::HeaderValue::from_bytes(value.as_bytes())
            .expect("a field value is one in both generations");
        copy.set_sensitive(value.is_sensitive());
        new.append(name, copy);
    }
    new
}

fn uri(uri: &http_1::Uri, last: &LastAuthority) -> Result<Uri, BadHead> {
    let mut parts = uri::Parts::default();
    parts.scheme = uri.scheme_str().map(scheme).transpose()?;
    parts.authority = uri.authority().map(|authority| last.of(authority)).transpose()?;
    let path = uri.path_and_query().map(|path| PathAndQuery::try_from(path.as_str())).transpose();
    parts.path_and_query = path.map_err(http::Error::from)?;
    Ok(Uri::from_parts(parts).map_err(http::Error::from)?)
}

fn scheme(scheme: &str) -> Result<Scheme, http::Error> {
    Ok(match scheme {
        "https" => Scheme::HTTPS,
        "http" => Scheme::HTTP,
        other => Scheme::try_from(other)?,
    })
}

fn version(version: http_1::Version) -> Version {
    match version {
        http_1::Version::HTTP_09 => Version::HTTP_09,
        http_1::Version::HTTP_10 => Version::HTTP_10,
        http_1::Version::HTTP_2 => Version::HTTP_2,
        http_1::Version::HTTP_3 => Version::HTTP_3,
        _ => Version::HTTP_11,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_head_arrives_whole() {
        let (head, ()) = http_1::Request::builder()
            .method("PURGE")
            .uri("https://user@example.com:8443/a%20b/?q=1&q=2")
            .version(http_1::Version::HTTP_2)
            .header("x-b", "1")
            .header("x-a", "2")
            .header("x-b", "3")
            .header("x-latin", http_1::HeaderValue::from_bytes(b"\xe9").expect("a field value"))
            .body(())
            .expect("a request")
            .into_parts();
        let request = request(&head, &LastAuthority::default()).expect("passes");
        assert_eq!(request.method(), "PURGE");
        assert_eq!(request.uri(), "https://user@example.com:8443/a%20b/?q=1&q=2");
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
            let (mut head, ()) = http_1::Request::new(()).into_parts();
            head.uri = target.parse().expect("a target");
            assert_eq!(request(&head, &last).expect("passes").uri().to_string(), head.uri.to_string());
        }
    }

    #[test]
    fn response_head_arrives_whole() {
        let (head, ()) = http::Response::builder()
            .status(StatusCode::from_u16(799).expect("a status code"))
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .body(())
            .expect("a response")
            .into_parts();
        let response = response(&head, ());
        assert_eq!(response.status().as_u16(), 799);
        let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
    }

    #[test]
    fn sensitive_values_stay_sensitive() {
        let mut value = HeaderValue::from_static("secret");
        value.set_sensitive(true);
        let fields = HeaderMap::from_iter([(HeaderName::from_static("x-a"), value)]);
        let new = to_new(&fields);
        assert!(new["x-a"].is_sensitive());
        assert!(to_old(&new).expect("passes")["x-a"].is_sensitive());
    }
}
