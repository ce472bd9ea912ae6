//! Digests of content ([RFC 9530](https://www.rfc-editor.org/rfc/rfc9530)): the [`Algorithm`] that a layer is told.
//!
//! The fields that carry digests are read and written in here too, for [`layers`](crate::layers) and
//! [`request`](crate::request). This room knows no other.

mod algorithm;
mod field;
#[cfg(any(test, feature = "fuzzing"))]
#[cfg_attr(not(feature = "fuzzing"), expect(unreachable_pub, reason = "fuzz/ alone reaches it"))]
pub(crate) mod fuzzing;
mod hashed;
mod hasher;
mod preferences;

pub use self::algorithm::Algorithm;
pub(crate) use self::{
    field::{CONTENT_DIGEST, DigestField, REPR_DIGEST, WANT_CONTENT_DIGEST, WANT_REPR_DIGEST},
    hashed::Hashed,
    hasher::{Digest, Hashers},
    preferences::Preferences,
};
