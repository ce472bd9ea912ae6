//! One request and its response, and what the log, the span and the metrics say of it in the end.

mod account;
mod course;
mod ending;
mod origin;
mod received;
mod report;
mod request_id;
mod span;

pub(super) use self::{
    course::{Answered, Exchange},
    ending::{Failure, with_sources},
    origin::Origin,
    received::Received,
    request_id::X_REQUEST_ID,
};
