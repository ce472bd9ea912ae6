//! The helpers for `http` 0.2 and `http-body` 0.4:
//!
//! - [`read_by_contract`], whose result is the same [`Read`](crate::Read);
//! - [`fields`], a header or trailer section;
//! - [`request_with_te`], a request whose sender accepts trailers.

mod contract;
mod request;
mod scripted;

pub use self::{contract::read_by_contract, request::request_with_te, scripted::fields};
