use axum_trailers::problem::Problem;
use http::{StatusCode, header};

/// After how many seconds a client that was refused may find room.
pub(super) const RETRY_AFTER: u64 = 5;

/// What waiting helps against.
pub(super) fn retry_later(status: StatusCode, detail: impl Into<String>) -> Problem {
    Problem::new(status, detail).field(header::RETRY_AFTER, RETRY_AFTER)
}
