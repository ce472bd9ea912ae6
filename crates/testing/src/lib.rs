//! Helpers for tests of bodies and layers:
//!
//! - [`scripted()`] and [`ScriptedBody`], a stream and a body that answer each poll with the next [`Step`], which may be
//!   `Pending`;
//! - [`read_by_contract`], which reads any body to its end and panics if it breaks the contract of `http-body`, and its
//!   result, [`Read`];
//! - [`request_with_te`], a request whose sender accepts trailers.
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
mod request;
mod scripted;

pub use self::{
    contract::{Read, read_by_contract},
    request::request_with_te,
    scripted::{ScriptedBody, Step, fields, scripted},
};
