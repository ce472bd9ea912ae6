//! What a trailer section may say, who announces it, and who takes it.
//!
//! A trailer section is the block of fields that follows a message's content
//! ([RFC 9110 §6.5](https://www.rfc-editor.org/rfc/rfc9110#section-6.5)). This room knows its rules and no
//! other room:
//!
//! - [`Trailers`], a map that holds only fields a trailer section may have;
//! - [`why_forbidden`] and [`forbidden_fields`], the fields it may not have, each with the reason;
//! - [`Declared`], the names that a sender announces in the `Trailer` field;
//! - [`Acceptance`], whether the sender of a request takes trailers in the response;
//! - [`TrailerLimits`], how large the trailer section of a request may be.

mod acceptance;
#[cfg(feature = "server")]
mod announced;
mod content;
mod declared;
mod failure;
mod forbidden;
#[cfg(any(all(test, feature = "server"), feature = "fuzzing"))]
#[cfg_attr(not(feature = "fuzzing"), expect(unreachable_pub, reason = "fuzz/ alone reaches it"))]
pub(crate) mod fuzzing;
mod list;
mod map;
mod received;
mod token;

pub use self::{
    acceptance::{Acceptance, TrailersWithheld, WithheldReason},
    declared::Declared,
    forbidden::{ForbiddenReason, forbidden_fields, why_forbidden},
    map::{TrailerError, Trailers},
    received::{TrailerLimits, TrailersTooLarge},
};
#[cfg(feature = "server")]
pub(crate) use self::{
    announced::Announced,
    failure::are_in,
    token::{has_outer_whitespace, is_lowercase_token, without_outer_whitespace},
};
pub(crate) use self::{content::has_content, failure::FailureMark, received::received, token::is_tchar};
#[cfg(any(feature = "server", feature = "demo"))]
pub(crate) use self::{list::elements, received::section_size};
