//! Helpers for tests of bodies and layers:
//!
//! - [`scripted()`] and [`ScriptedBody`], a stream and a body that answer each poll with the next [`Step`], which may be
//!   `Pending`;
//! - [`read_by_contract`], which reads any body to its end and panics if it breaks the contract of `http-body`, and its
//!   result, [`Read`];
//! - [`fields`], a header or trailer section;
//! - [`request_with_te`], a request whose sender accepts trailers.
//!
//! They are for `http` 1 and `http-body` 1. The module [`http_02`] has those that differ for `http` 0.2 and
//! `http-body` 0.4. [`ScriptedBody`] is a body of both generations. The module [`http3`] encodes messages of HTTP/3.
//!
//! ```
//! use axum_trailers_testing::{ScriptedBody, Step::{Data, End, Pending, Trailers}, read_by_contract};
//!
//! let body = ScriptedBody::new([Data("5000 rows"), Pending, End, Trailers(&[("x-row-count", "5000")])]);
//! let read = read_by_contract(body);
//! assert_eq!((&*read.content, read.pending), ("5000 rows", 1));
//! read.assert_trailer("x-row-count", "5000");
//! read.assert_no_trailer("content-digest");
//! ```

mod contract;
pub mod http3;
pub mod http_02;
mod read;
mod reading;
mod request;
mod scripted;

pub use self::{
    contract::read_by_contract,
    read::Read,
    request::request_with_te,
    scripted::{ScriptedBody, Step, fields, scripted},
};
