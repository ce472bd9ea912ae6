//! Where a redirect leads, and whether it is followed
//! ([RFC 9110 §15.4](https://www.rfc-editor.org/rfc/rfc9110#section-15.4)).

use super::{
    outgoing::{Next, Outgoing},
    target,
};
use axum_trailers_client::ResponseBody;
use http::{Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use std::time::Duration;
use tokio::time::timeout;

#[derive(Debug, PartialEq)]
pub(super) enum Redirect {
    None,
    To(Next),
    /// Why it is not followed.
    Refused(String),
}

/// The content of a redirect that is read so that its connection can be used again, in bytes.
const READ: usize = 64 * 1024;

/// How long that may take. A new connection does not take longer.
const WAIT: Duration = Duration::from_secs(1);

pub(super) fn of<B>(response: &Response<B>, outgoing: &Outgoing) -> Redirect {
    let status = response.status();
    let Some(location) = response.headers().get(header::LOCATION).filter(|_| is_redirect(status)) else {
        return Redirect::None;
    };
    let Some(method) = method(status, outgoing) else {
        return Redirect::Refused(format!(
            "{} is not repeated after {}, only after 307 and 308, because it has content",
            outgoing.method,
            status.as_u16()
        ));
    };
    let Some(uri) = target::join(&outgoing.uri, location.as_bytes()) else {
        return Redirect::Refused("its Location is no http or https URL".to_owned());
    };
    if outgoing.uri.scheme_str() == Some("https") && uri.scheme_str() != Some("https") {
        return Redirect::Refused("it leads from https to http".to_owned());
    }
    let keeps_content = matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let is_same_origin = target::is_same_origin(&outgoing.uri, &uri);
    Redirect::To(Next { method, uri, keeps_content, is_same_origin })
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The method of the next request. `None` if the same method without content would mean something else: PUT would empty
/// the resource.
fn method(status: StatusCode, outgoing: &Outgoing) -> Option<Method> {
    let method = &outgoing.method;
    match status {
        StatusCode::SEE_OTHER if *method != Method::HEAD => Some(Method::GET),
        // As browsers do, and what RFC 9110 permits.
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if *method == Method::POST => Some(Method::GET),
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if outgoing.has_content() => None,
        _ => Some(method.clone()),
    }
}

/// Reads a short body, so that its connection can be used again.
pub(super) async fn discard(response: Response<ResponseBody>) {
    let _content = timeout(WAIT, Limited::new(response.into_body(), READ).collect()).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::outgoing::{MakeBody, RequestBody};
    use http::{HeaderMap, HeaderValue, Uri};

    struct Content;

    impl MakeBody for Content {
        fn make(&mut self) -> Result<RequestBody, String> {
            Err("it is not sent".to_owned())
        }
    }

    /// A request with content and credentials.
    fn request(method: &Method, url: &'static str) -> Outgoing {
        let mut fields = HeaderMap::new();
        for name in ["authorization", "cookie", "host", "content-type", "content-digest", "trailer", "x-a"] {
            fields.insert(name, HeaderValue::from_static("1"));
        }
        Outgoing::empty(method.clone(), Uri::from_static(url), fields).with_content(Content)
    }

    fn redirect(status: u16, location: &'static str) -> Response<()> {
        let location = HeaderValue::from_static(location);
        Response::builder().status(status).header("location", location).body(()).expect("valid")
    }

    #[test]
    fn method_and_content_depend_on_the_status() {
        for (method, status, expected) in [
            ("GET", 301, Some(("GET", false))),
            ("POST", 301, Some(("GET", false))),
            ("POST", 302, Some(("GET", false))),
            ("POST", 303, Some(("GET", false))),
            ("POST", 307, Some(("POST", true))),
            ("POST", 308, Some(("POST", true))),
            ("PUT", 301, None),
            ("PUT", 302, None),
            ("PUT", 303, Some(("GET", false))),
            ("PUT", 307, Some(("PUT", true))),
            ("PATCH", 302, None),
            ("HEAD", 303, Some(("HEAD", false))),
            ("HEAD", 302, Some(("HEAD", false))),
        ] {
            let method: Method = method.parse().expect("a method");
            let mut outgoing = request(&method, "https://a.example/x");
            if [Method::GET, Method::HEAD].contains(&method) {
                outgoing = Outgoing::empty(method.clone(), outgoing.uri, outgoing.fields);
            }
            match (of(&redirect(status, "/y"), &outgoing), expected) {
                (Redirect::To(next), Some(expected)) => {
                    assert_eq!((next.method.as_str(), next.keeps_content), expected, "{method} {status}");
                }
                (Redirect::Refused(reason), None) => {
                    assert!(reason.contains(method.as_str()) && reason.contains("307"), "{reason}");
                }
                (other, _) => panic!("{method} {status}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_has_no_location_or_another_status_is_no_redirect() {
        let outgoing = request(&Method::GET, "https://a.example/x");
        for status in [200, 201, 300, 304, 305, 404] {
            assert_eq!(of(&redirect(status, "/y"), &outgoing), Redirect::None, "{status}");
        }
        let without = Response::builder().status(302).body(()).expect("valid");
        assert_eq!(of(&without, &outgoing), Redirect::None);
    }

    #[test]
    fn https_never_leads_to_http() {
        for (from, location, is_followed) in [
            ("https://a.example/", "http://a.example/", false),
            ("https://a.example/", "HTTP://b.example/", false),
            ("https://a.example/", "ftp://b.example/", false),
            ("https://a.example/", "//b.example/", true),
            ("https://a.example/", "https://b.example/", true),
            ("http://a.example/", "https://a.example/", true),
            ("http://a.example/", "http://b.example/", true),
        ] {
            let redirect = of(&redirect(307, location), &request(&Method::PUT, from));
            assert_eq!(matches!(redirect, Redirect::To(_)), is_followed, "{from} {location}");
            assert_ne!(redirect, Redirect::None);
        }
    }

    #[test]
    fn credentials_stay_at_their_origin() {
        const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "host"];
        for (location, stay) in [
            ("/y", true),
            ("https://a.example:443/y", true),
            ("https://b.example/y", false),
            ("https://a.example:8443/y", false),
            ("https://me:secret@b.example/y", false),
        ] {
            let mut outgoing = request(&Method::PUT, "https://a.example/x");
            let Redirect::To(next) = of(&redirect(308, location), &outgoing) else { panic!("{location}") };
            outgoing.redirect(next);
            for name in CREDENTIALS {
                assert_eq!(outgoing.fields.contains_key(name), stay, "{location} {name}");
            }
            assert!(outgoing.has_content() && outgoing.fields.contains_key("content-digest"));
            assert_eq!(outgoing.uri.authority().map(|host| host.as_str().contains('@')), Some(false));
        }
    }

    #[test]
    fn request_without_content_has_no_fields_of_it() {
        let mut outgoing = request(&Method::POST, "https://a.example/x");
        let Redirect::To(next) = of(&redirect(303, "/y"), &outgoing) else { panic!("a redirect") };
        outgoing.redirect(next);
        assert!(!outgoing.has_content());
        let mut names: Vec<_> = outgoing.fields.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["authorization", "cookie", "host", "x-a"]);
    }
}
