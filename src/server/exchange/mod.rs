//! One request and its response, and what the log, the span and the metrics say of it in the end.

mod course;
mod ending;
mod report;
mod span;

pub(super) use self::{
    course::{Answered, Exchange},
    ending::{Failure, with_sources},
};
