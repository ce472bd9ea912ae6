//! Failures as gRPC reports them: a status, a message, and details for programs
//! ([error model](https://google.aip.dev/193)).

use crate::{export::metadata::DatabaseLost, retry_later::RETRY_AFTER};
use axum_trailers::problem::Problem;
use http::StatusCode;
use std::{collections::HashMap, time::Duration};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

const DOMAIN: &str = "axum-trailers";

/// The largest size of a message, in bytes. It is a trailer, and clients accept only a few KiB of those; a name in a
/// request may be longer.
const MESSAGE: usize = 1024;

/// The status for an invalid argument.
pub(super) fn invalid(field: &str, why: &str) -> Status {
    let why = shortened(why);
    let details = ErrorDetails::with_bad_request_violation(field, why);
    Status::with_error_details(Code::InvalidArgument, why, details)
}

/// The status for a table that does not exist.
pub(super) fn no_table(name: &str) -> Status {
    let message = format!("unknown table `{name}`: see ListTables");
    let details = ErrorDetails::with_resource_info("table", shortened(name), "", "");
    Status::with_error_details(Code::NotFound, shortened(&message), details)
}

/// Converts a problem of the routes.
pub(super) fn refused(problem: &Problem) -> Status {
    let why = shortened(problem.detail());
    match problem.status() {
        StatusCode::BAD_REQUEST if problem.member("maximum").is_some() => invalid("limit", why),
        StatusCode::BAD_REQUEST => invalid("columns", why),
        StatusCode::TOO_MANY_REQUESTS => Status::with_error_details(Code::ResourceExhausted, why, retry()),
        StatusCode::SERVICE_UNAVAILABLE => Status::with_error_details(Code::Unavailable, why, retry()),
        _ => Status::internal(why),
    }
}

/// The status for a database that was lost in the middle. If the failure was requested, the call can be retried.
pub(super) fn lost(lost: &DatabaseLost) -> Status {
    let rows = HashMap::from([("rows".to_owned(), (lost.row - 1).to_string())]);
    let mut details = ErrorDetails::with_error_info("DATABASE_LOST", DOMAIN, rows);
    let code = if lost.cause.is_none() {
        details.set_retry_info(Some(AFTER));
        Code::Unavailable
    } else {
        Code::Internal
    };
    Status::with_error_details(code, shortened(&lost.to_string()), details)
}

/// The status for a thread that ended without one.
pub(super) fn stopped() -> Status {
    Status::internal("the call stopped unexpectedly")
}

const AFTER: Duration = Duration::from_secs(RETRY_AFTER);

fn retry() -> ErrorDetails {
    ErrorDetails::with_retry_info(Some(AFTER))
}

fn shortened(message: &str) -> &str {
    let end = (0..=MESSAGE).rev().find(|end| message.is_char_boundary(*end)).unwrap_or_default();
    message.get(..end).filter(|_| message.len() > MESSAGE).unwrap_or(message)
}
