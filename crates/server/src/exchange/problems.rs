//! Responses that the server itself generates.

use super::{
    app_response::AppResponse, ending::with_sources, request_fault::RequestFault, request_head::BadHead,
    section_limit::SectionTooLarge, sendable::Unsendable,
};
use axum_trailers::{BoxError, problem::Problem};
use http::{HeaderValue, StatusCode, header};

pub(crate) fn bad_head(error: &BadHead) -> AppResponse {
    let status = match error {
        BadHead::TooManyFields => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        BadHead::Method | BadHead::Target | BadHead::Authority | BadHead::Field(_) => StatusCode::BAD_REQUEST,
    };
    problem(status, &error.to_string())
}

/// The response to a request whose content is faulty.
pub(crate) fn faulty_request(fault: RequestFault) -> AppResponse {
    let status = match fault {
        RequestFault::TrailersTooLarge(_) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        RequestFault::BadTrailers | RequestFault::Framing(_) => StatusCode::BAD_REQUEST,
        RequestFault::Stalled(_) | RequestFault::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
        RequestFault::AwaitsContinue => StatusCode::EXPECTATION_FAILED,
    };
    problem(status, &fault.to_string())
}

/// Makes the response end its HTTP/1.1 connection.
pub(crate) fn closing(mut response: AppResponse) -> AppResponse {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

pub(crate) fn needs_http2(service: &str) -> AppResponse {
    let why = format!("`{service}` is a gRPC service: call it over HTTP/2");
    problem(StatusCode::HTTP_VERSION_NOT_SUPPORTED, &why)
}

/// The end of the connection would be the end of the response, and the client could not distinguish it from a cut.
pub(super) fn needs_http11() -> AppResponse {
    problem(
        StatusCode::HTTP_VERSION_NOT_SUPPORTED,
        "this response of unknown length can't be sent over HTTP/1.0 on a Unix socket, where a cut response would look \
         complete: use HTTP/1.1 (nginx: `proxy_http_version 1.1`)",
    )
}

pub(crate) fn needs_post(service: &str) -> AppResponse {
    let why = format!("`{service}` is a gRPC service: call its methods with POST");
    let post = HeaderValue::from_static("POST");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, why).field(header::ALLOW, post).into_http_response().into()
}

pub(crate) fn needs_grpc(service: &str) -> AppResponse {
    let why = format!("`{service}` is a gRPC service: set `Content-Type` to `application/grpc`");
    problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, &why)
}

pub(crate) fn unsendable(error: &Unsendable) -> AppResponse {
    tracing::error!(%error, "a handler's response can't be sent");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the handler's response can't be sent")
}

pub(super) fn too_large(error: &SectionTooLarge) -> AppResponse {
    tracing::warn!(%error, "a response's header section can't be sent");
    problem(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the response's header section is larger than the client's limit",
    )
}

/// The panic hook has already written the panic's message to standard error.
pub(crate) fn panicked() -> AppResponse {
    tracing::error!("a handler panicked");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the handler panicked")
}

/// The application returned an error instead of a response.
pub(crate) fn service_failed(error: &BoxError) -> AppResponse {
    tracing::error!(error = with_sources(&**error), "the application failed");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the application failed")
}

/// A response must have a final status (RFC 9110 §15.2). Over HTTP/2 any other makes the message malformed.
pub(super) fn not_final(status: StatusCode) -> AppResponse {
    tracing::error!(%status, "a handler returned an informational status");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the handler returned an informational status")
}

pub(super) fn problem(status: StatusCode, why: &str) -> AppResponse {
    Problem::new(status, why).into_http_response().into()
}
