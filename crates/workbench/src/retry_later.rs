use axum_trailers::problem::Problem;
use http_02::{StatusCode, header};

/// How many seconds a rejected client should wait before it retries.
pub(super) const RETRY_AFTER: u64 = 5;

/// A problem with `Retry-After`.
pub(super) fn retry_later(status: StatusCode, detail: impl Into<String>) -> Problem {
    Problem::new(status, detail).field(header::RETRY_AFTER, RETRY_AFTER)
}
