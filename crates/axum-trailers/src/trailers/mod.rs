//! What a trailer section may say, who announces it, and who takes it.
//!
//! A trailer section is the block of fields that follows a message's content
//! ([RFC 9110 §6.5](https://www.rfc-editor.org/rfc/rfc9110#section-6.5)):
//!
//! - [`Trailers`], a map that holds only fields a trailer section may have;
//! - [`why_forbidden`] and [`forbidden_fields`], the fields it may not have, each with the reason;
//! - [`Declared`], the names that a sender announces in the `Trailer` field;
//! - [`Acceptance`], whether the sender of a request takes trailers in the response;
//! - [`TrailerLimits`], how large the trailer section of a request may be;
//! - [`server`], what a server does with all of these.

mod acceptance;
mod declared;
mod forbidden;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod map;
mod received;
pub mod server;

pub use self::{
    acceptance::{Acceptance, WithheldReason},
    declared::Declared,
    forbidden::{ForbiddenReason, forbidden_fields, why_forbidden},
    map::{TrailerError, Trailers},
    received::{TrailerLimits, TrailersTooLarge},
};
