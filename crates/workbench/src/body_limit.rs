use axum_trailers::problem::Problem;
use http_02::{HeaderMap, StatusCode, header};

/// Rejects a body whose `Content-Length` is over `limit` before any of it is read.
pub(super) fn fits(headers: &HeaderMap, limit: u64) -> Result<(), Problem> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > limit) { Err(too_large(limit)) } else { Ok(()) }
}

pub(super) fn too_large(limit: u64) -> Problem {
    let detail = format!("the request body is larger than the limit of {limit} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).with("maximum", limit)
}
