use super::{Page, pages};
use crate::app::Application;
use http::{HeaderValue, Request, Response, StatusCode, header, uri::Authority};

/// Redirects every request to the same host and target over HTTPS. 308 keeps the method and the content
/// ([RFC 9110 §15.4.9](https://www.rfc-editor.org/rfc/rfc9110#section-15.4.9)).
pub(crate) fn to_https(port: u16) -> impl Application {
    pages(move |request| redirect(location(request, port)))
}

fn redirect(location: Option<String>) -> Page {
    let (status, text) = match location {
        Some(_) => (StatusCode::PERMANENT_REDIRECT, ""),
        None => (StatusCode::BAD_REQUEST, "can't redirect: the request has no host\n"),
    };
    let mut page = Response::new(text.into());
    *page.status_mut() = status;
    match location.map(HeaderValue::try_from) {
        Some(Ok(location)) => drop(page.headers_mut().insert(header::LOCATION, location)),
        Some(Err(_)) => return redirect(None),
        None => {
            let text = HeaderValue::from_static("text/plain; charset=utf-8");
            page.headers_mut().insert(header::CONTENT_TYPE, text);
        }
    }
    page
}

fn location<B>(request: &Request<B>, port: u16) -> Option<String> {
    let uri = request.uri();
    let host = request.headers().get(header::HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    // The target's own authority overrides `Host` (RFC 9112 §3.2.2).
    let authority = uri.authority().cloned().or(host)?;
    let host = Some(authority.host()).filter(|host| !host.is_empty())?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') { path } else { "/" };
    Some(match port {
        443 => format!("https://{host}{path}"),
        port => format!("https://{host}:{port}{path}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_stays_and_the_port_changes() {
        let cases = [
            ("/a%20b?q=1&q=2", "localhost:7878", 3000, Some("https://localhost:3000/a%20b?q=1&q=2")),
            ("/", "[::1]:7878", 3000, Some("https://[::1]:3000/")),
            ("/x", "example.com", 443, Some("https://example.com/x")),
            ("http://other:80/x", "example.com", 3000, Some("https://other:3000/x")),
            ("*", "localhost", 3000, Some("https://localhost:3000/")),
            ("/", "", 3000, None),
            ("/", ":80", 3000, None),
        ];
        for (target, host, port, expected) in cases {
            let request = Request::builder().uri(target).header(header::HOST, host).body(());
            assert_eq!(location(&request.expect("a request"), port).as_deref(), expected, "{target}");
        }
    }
}
