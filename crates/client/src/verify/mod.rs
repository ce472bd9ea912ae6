//! Verification of a response's content and end, around any body.

mod body;
mod compared;
mod comparison;
mod content_range;
mod evidence;
mod extent;
mod findings;
mod hashing;
mod note;
mod section_digests;
#[cfg(test)]
mod tests;
mod verification;

pub(crate) use self::extent::content_length;
pub use self::{
    body::{VerifiedBody, VerifyError},
    comparison::Comparison,
    content_range::ContentRange,
    note::Note,
    verification::{Prefix, Verification},
};
