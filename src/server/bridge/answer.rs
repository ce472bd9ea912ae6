//! What the bridge itself decides of a response: which requests the router never sees, and whether a response's
//! trailers go out.

use super::{
    head::{self, BadFields, BadHead, Unsendable},
    pace::RequestFault,
    request_body::FaultCell,
    response_body::{Failures, Length, ResponseBody, TrailerPlan},
};
use crate::{
    problem::Problem,
    server::{Limits, connection::Outgoing, exchange::Exchange},
    trailers::{Announced, FailureMark, TrailersWithheld, has_content, section_size},
};
use axum::{
    body,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode, Version, header, response::Parts, uri::Authority,
};

/// The answer to a request that is not passed on.
pub(super) fn refusal(request: &Request<()>, limits: &Limits) -> Option<Response> {
    if request.version() == Version::HTTP_2 && head_size(request) > limits.header_section as usize {
        let why = format!("the header section is larger than {} bytes", limits.header_section);
        return Some(problem(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, &why));
    }
    if request.version() == Version::HTTP_11 && !names_one_host(request.headers()) {
        let why = "an HTTP/1.1 request needs one valid `Host` field (RFC 9112 section 3.2)";
        return Some(problem(StatusCode::BAD_REQUEST, why));
    }
    if asks_for_websocket(request.headers()) {
        return Some(problem(
            StatusCode::NOT_IMPLEMENTED,
            "this server does not carry WebSocket upgrades: use server-sent events or a streamed response",
        ));
    }
    if request.method() == Method::CONNECT {
        return Some(problem(StatusCode::NOT_IMPLEMENTED, "this server is no proxy: it carries no CONNECT"));
    }
    None
}

/// Counted as RFC 9113 §6.5.2 counts it, but for the few bytes of `:method` and `:scheme`. h2 has a larger bound.
fn head_size(request: &Request<()>) -> usize {
    let uri = request.uri();
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    authority + path + section_size(request.headers())
}

pub(super) fn bad_head(error: &BadHead) -> Response {
    let status = match error {
        BadHead::Fields(BadFields::TooMany) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        BadHead::Method | BadHead::Target | BadHead::Fields(_) => StatusCode::BAD_REQUEST,
    };
    problem(status, &error.to_string())
}

/// The answer to a request whose content can't be taken.
pub(super) fn faulty_request(fault: RequestFault, version: Version) -> Response {
    let status = match fault {
        RequestFault::TrailersTooLarge(_) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        RequestFault::BadTrailers => StatusCode::BAD_REQUEST,
        RequestFault::Stalled(_) | RequestFault::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
    };
    let mut response = problem(status, &fault.to_string());
    if status == StatusCode::REQUEST_TIMEOUT && version < Version::HTTP_2 {
        // RFC 9110 §15.5.9: the server has decided to close the connection.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

pub(super) fn needs_http2(service: &str) -> Response {
    let why = format!("`{service}` is a gRPC service: it is called over HTTP/2");
    problem(StatusCode::HTTP_VERSION_NOT_SUPPORTED, &why)
}

pub(super) fn needs_post(service: &str) -> Response {
    let why = format!("`{service}` is a gRPC service: its methods are called with POST");
    let post = HeaderValue::from_static("POST");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, why).field(header::ALLOW, post).into_response()
}

pub(super) fn needs_grpc(service: &str) -> Response {
    let why = format!("`{service}` is a gRPC service: the type of its content is `application/grpc`");
    problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, &why)
}

pub(super) fn not_passed_on(error: &BadFields) -> Response {
    tracing::error!(%error, "a service's response can't be passed on");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the service's response can't be passed on")
}

fn unsendable(error: &Unsendable) -> Response {
    tracing::error!(%error, "a handler's response can't be sent");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the handler's response can't be sent")
}

/// The panic's own message is on standard error: the panic hook has put it there.
pub(super) fn panicked() -> Response {
    tracing::error!("a handler panicked");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the handler panicked")
}

/// A response has a final status (RFC 9110 §15.2). Over HTTP/2 any other is a malformed message.
fn not_final(status: StatusCode) -> Response {
    tracing::error!(%status, "a handler answered with an informational status");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the handler answered with a status that is not final")
}

fn problem(status: StatusCode, why: &str) -> Response {
    Problem::new(status, why).into_response()
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
    pub(super) fn new(response: Response, exchange: Exchange) -> Self {
        let response =
            if response.status().is_informational() { not_final(response.status()) } else { response };
        Self { response, exchange }
    }

    pub(super) fn into_hyper(self, fault: FaultCell) -> http_1::Response<ResponseBody> {
        let Self { response, mut exchange } = self;
        let status = response.status();
        let has_content = has_content(exchange.method(), status);
        let (mut head, body) = response.into_parts();
        let body = if has_content { body } else { body::boxed(http_body::Empty::new()) };
        let body = Outgoing::new(body);
        if status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
            // axum sets that of the empty body. A 204 must not have one, and in a 304 it would be that of the
            // representation (RFC 9110 §8.6).
            head.headers.remove(header::CONTENT_LENGTH);
        }
        let (plan, withholds) = plan_trailers(&exchange, &mut head, &body);
        let may_fail_untold =
            matches!(plan, TrailerPlan::Withheld) && head.extensions.get::<FailureMark>().is_some();
        let gives_way = plan.announces_any() || may_fail_untold;
        let length = if has_content { plan_length(gives_way, &mut head.headers) } else { Length::Unknown };
        let sent = match head::response(&head) {
            Ok(sent) => sent,
            Err(error) => {
                let instead = exchange.in_span(|| unsendable(&error));
                return Self::new(instead, exchange).into_hyper(FaultCell::default());
            }
        };
        exchange.answered(status, &head.headers);
        if withholds && has_content {
            exchange.withheld_trailers();
        }
        let failures = Failures { fault, mark: head.extensions.remove() };
        sent.map(|()| ResponseBody::new(body, exchange, plan, length, failures))
    }
}

/// What becomes of the trailers, and whether that withholds some. `Trailer` is written again, so that it has no name of
/// which nothing can come.
fn plan_trailers(exchange: &Exchange, head: &mut Parts, body: &Outgoing) -> (TrailerPlan, bool) {
    if exchange.acceptance().is_accepted() && !body.is_end_stream() {
        return (TrailerPlan::Sent(Announced::settle(&mut head.headers)), false);
    }
    let announced = head.headers.remove(header::TRAILER).is_some();
    (TrailerPlan::Withheld, announced || head.extensions.get::<TrailersWithheld>().is_some())
}

fn plan_length(gives_way: bool, headers: &mut HeaderMap) -> Length {
    match content_length(headers) {
        // At its last byte a body of known length is over for hyper, and no failure behind it is ever seen. Over HTTP/1.1 trailers follow chunks alone (RFC 9112 §7.1.2). Over HTTP/2 they could follow a body of known
        // length, but curl (7.88) stops reading at its last byte and never shows them.
        Some(length) if gives_way => {
            headers.remove(header::CONTENT_LENGTH);
            Length::Kept(length)
        }
        Some(length) => Length::Told(length),
        None => Length::Unknown,
    }
}

/// axum's router has set it wherever the body knows its length.
fn content_length(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?;
    // `parse` takes a sign as well.
    let is_number = length.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { length.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

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
            let request = Request::builder().header("host", "a").header("upgrade", upgrade).body(());
            let refusal = refusal(&request.expect("a request"), &Limits::default());
            assert_eq!(refusal.map(|response| response.status()), status);
        }
    }

    proptest! {
        #[test]
        fn refusal_never_panics(host in vec(any::<u8>(), 0..20), upgrade in vec(any::<u8>(), 0..20), is_http2: bool) {
            let mut request = Request::new(());
            *request.version_mut() = if is_http2 { Version::HTTP_2 } else { Version::HTTP_11 };
            for (name, value) in [(header::HOST, host), (header::UPGRADE, upgrade)] {
                if let Ok(value) = HeaderValue::from_bytes(&value) {
                    request.headers_mut().insert(name, value);
                }
            }
            let _any = refusal(&request, &Limits::default());
        }
    }
}
