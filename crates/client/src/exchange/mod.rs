//! One request and its response.

mod error;
mod on_send;
mod response_body;
mod unchecked_trailers;

pub use self::{
    error::Error, on_send::OnSend, response_body::ResponseBody, unchecked_trailers::UncheckedTrailers,
};
