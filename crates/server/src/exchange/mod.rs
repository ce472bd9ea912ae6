//! One request and its response, and what the log, the span and the metrics say of it in the end.

mod client_kind;
mod course;
mod ending;
mod received;
mod report;
mod request_details;
mod request_id;
mod span;

pub(super) use self::{
    client_kind::ClientKind,
    course::{Answered, Exchange},
    ending::{Failure, with_sources},
    received::Received,
    request_id::X_REQUEST_ID,
};
