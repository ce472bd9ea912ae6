//! One request and its response.

mod error;
mod response_body;
mod unchecked_trailers;

pub use self::{error::Error, response_body::ResponseBody, unchecked_trailers::UncheckedTrailers};
