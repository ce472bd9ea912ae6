//! What the bridge itself decides of a response: which requests the router never sees, and whether a response's
//! trailers go out.

use super::{
    head,
    response_body::{Length, ResponseBody, TrailerPlan},
};
use crate::{
    server::exchange::Exchange,
    trailers::{Declared, TrailersWithheld},
};
use axum::{
    body::{self, BoxBody, HttpBody},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, Request, StatusCode, Version, header, response::Parts, uri::Authority};

/// The answer to a request that is not passed on.
pub(super) fn refusal(request: &Request<()>) -> Option<Response> {
    if request.version() == Version::HTTP_11 && !names_one_host(request.headers()) {
        return Some(bad_request(
            "an HTTP/1.1 request needs one valid `Host` field (RFC 9112 section 3.2)",
        ));
    }
    if asks_for_websocket(request.headers()) {
        return Some(text(
            StatusCode::NOT_IMPLEMENTED,
            "this server does not carry WebSocket upgrades: use server-sent events or a streamed response",
        ));
    }
    if request.method() == Method::CONNECT {
        return Some(text(
            StatusCode::NOT_IMPLEMENTED,
            "this server is no proxy: it carries no CONNECT",
        ));
    }
    None
}

pub(super) fn bad_request(why: &str) -> Response {
    text(StatusCode::BAD_REQUEST, why)
}

/// The panic's own message is on standard error: the panic hook has put it there.
pub(super) fn panicked() -> Response {
    tracing::error!("a handler panicked");
    text(StatusCode::INTERNAL_SERVER_ERROR, "the handler panicked")
}

fn text(status: StatusCode, why: &str) -> Response {
    (status, format!("{why}\n")).into_response()
}

/// hyper answers a request whatever its `Host` says; RFC 9112 §3.2 wants a 400.
fn names_one_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let valid = |host: &[u8]| !host.contains(&b'@') && Authority::try_from(host).is_ok();
    host.is_empty() || valid(host.as_bytes())
}

/// `Upgrade` is an offer that a server may pass over (RFC 9110 §7.8), but who offers `websocket` can use nothing
/// else.
fn asks_for_websocket(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::UPGRADE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|protocol| protocol.trim().eq_ignore_ascii_case("websocket"))
}

/// A response of the router on its way to hyper.
pub(super) struct Answer {
    response: Response,
    exchange: Exchange,
}

impl Answer {
    pub(super) fn new(response: Response, mut exchange: Exchange) -> Self {
        exchange.answered(response.status());
        Self { response, exchange }
    }

    pub(super) fn into_hyper(self) -> http_1::Response<ResponseBody> {
        let Self {
            response,
            mut exchange,
        } = self;
        let has_content = has_content(exchange.method(), response.status());
        let (mut head, body) = response.into_parts();
        let body = if has_content {
            body
        } else {
            body::boxed(http_body::Empty::new())
        };
        let plan = plan_trailers(&mut exchange, &mut head, &body);
        let length = if has_content {
            plan_length(&plan, &mut head.headers)
        } else {
            Length::Unknown
        };
        head::response(&head, ResponseBody::new(body, exchange, plan, length))
    }
}

fn plan_trailers(exchange: &mut Exchange, head: &mut Parts, body: &BoxBody) -> TrailerPlan {
    if exchange.acceptance().is_accepted() && !body.is_end_stream() {
        return TrailerPlan::Sent(Declared::read(&head.headers));
    }
    let announced = head.headers.remove(header::TRAILER).is_some();
    if announced || head.extensions.get::<TrailersWithheld>().is_some() {
        exchange.withheld_trailers();
    }
    TrailerPlan::Withheld
}

fn plan_length(plan: &TrailerPlan, headers: &mut HeaderMap) -> Length {
    match content_length(headers) {
        // Over HTTP/1.1 trailers follow chunks alone (RFC 9112 §7.1.2). Over HTTP/2 they could follow a body of known
        // length, but curl (7.88) stops reading at its last byte and never shows them.
        Some(length) if plan.announces_any() => {
            headers.remove(header::CONTENT_LENGTH);
            Length::Kept(length)
        }
        Some(length) => Length::Told(length),
        None => Length::Unknown,
    }
}

/// Whether a response can have content (RFC 9110 §6.4.1, §15.3.5, §15.4.5). Without, it has no trailers either.
fn has_content(method: &Method, status: StatusCode) -> bool {
    method != Method::HEAD
        && !status.is_informational()
        && status != StatusCode::NO_CONTENT
        && status != StatusCode::NOT_MODIFIED
}

/// axum's router has set it wherever the body knows its length.
fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn hosts(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::HOST, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn http1_request_needs_one_valid_host() {
        for valid in ["localhost", "localhost:3000", "[::1]:3000", "127.0.0.1", ""] {
            assert!(names_one_host(&hosts(&[valid])), "{valid}");
        }
        for invalid in [&[][..], &["a", "a"], &["a b"], &["user@a"], &["a/b"]] {
            assert!(!names_one_host(&hosts(invalid)), "{invalid:?}");
        }
    }

    #[test]
    fn websocket_upgrade_is_refused_and_others_are_passed_over() {
        for (upgrade, status) in [("websocket", Some(StatusCode::NOT_IMPLEMENTED)), ("h2c", None)] {
            let request = Request::builder()
                .header("host", "a")
                .header("upgrade", upgrade)
                .body(());
            let refusal = refusal(&request.expect("a request"));
            assert_eq!(refusal.map(|response| response.status()), status);
        }
    }
}
