//! Which fields a trailer section may contain, who announces them, and which clients accept them.
//!
//! A trailer section is the block of fields that follows a message's content
//! ([RFC 9110 §6.5](https://www.rfc-editor.org/rfc/rfc9110#section-6.5)):
//!
//! - [`Trailers`], a map that contains only permitted fields;
//! - [`why_forbidden`] and [`forbidden_fields`], the forbidden fields with the reason for each;
//! - [`Declared`], the names that a sender announces in the `Trailer` field; [`declared!`](crate::declared) checks them
//!   when the program is compiled;
//! - [`Declaration`], which of them may be missing, or only report a failure, such as [`STREAM_ERROR`];
//! - [`Acceptance`], whether the client accepts trailers in the response;
//! - [`TrailerLimits`], the maximum size of a request's trailer section;
//! - [`server`], what a server does with all of these.

mod acceptance;
mod declaration;
mod declared;
mod forbidden;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod map;
mod received;
pub mod server;
mod static_names;
mod stream_error;

pub use self::{
    acceptance::{Acceptance, WithheldReason},
    declaration::Declaration,
    declared::Declared,
    forbidden::{ForbiddenReason, forbidden_fields, why_forbidden},
    map::{TrailerError, Trailers},
    received::{TrailerLimits, TrailersTooLarge},
    static_names::StaticNames,
    stream_error::{STREAM_ERROR, StreamError},
};
