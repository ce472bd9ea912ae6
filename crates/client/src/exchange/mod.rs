//! One request and its response.

mod error;
#[expect(clippy::module_inception, reason = "one file per type")]
mod exchange;
mod incoming;
mod informational;
mod on_send;
mod outgoing_body;
mod response_body;
mod stall;
mod unchecked_trailers;

pub use self::{
    error::Error, informational::OnInformational, on_send::OnSend, response_body::ResponseBody,
    unchecked_trailers::UncheckedTrailers,
};
pub(crate) use self::{exchange::Exchange, incoming::Incoming, outgoing_body::OutgoingBody, stall::Stall};
