//! How the server itself ends a call: with trailers or, if nothing was sent before them, with a header section
//! (`Trailers-Only`).

use crate::exchange::AppResponse;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::time::Duration;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

pub(super) fn deadline_exceeded() -> HeaderMap {
    status("4", "deadline exceeded")
}

/// The response to a call whose service has not responded in time.
pub(super) fn too_late() -> AppResponse {
    trailers_only(deadline_exceeded())
}

/// The response to a call whose client sends nothing: `CANCELLED`, because the server is not at fault.
pub(super) fn no_message(limit: Duration) -> AppResponse {
    trailers_only(status("1", &format!("no message arrived for {limit:?}")))
}

fn status(code: &'static str, message: &str) -> HeaderMap {
    HeaderMap::from_iter([
        (GRPC_STATUS, HeaderValue::from_static(code)),
        (GRPC_MESSAGE, HeaderValue::try_from(message).expect("printable ASCII without a percent sign")),
    ])
}

fn trailers_only(mut section: HeaderMap) -> AppResponse {
    section.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    AppResponse::empty(section)
}
