//! Digests of content ([RFC 9530](https://www.rfc-editor.org/rfc/rfc9530)): compute them while the content passes, and
//! write and read the fields that contain them.
//!
//! - [`Algorithm`], the algorithms that the registry lists as active;
//! - [`Hashers`], which compute digests of content that arrives in pieces, and their result, [`Digest`];
//! - [`DigestField`], the value of a `Content-Digest` or `Repr-Digest` field;
//! - [`Preferences`], the value of a `Want-Content-Digest` or `Want-Repr-Digest` field.
//!
//! ```
//! use axum_trailers::digest::{Algorithm, CONTENT_DIGEST, DigestField, Hashers};
//! use http::HeaderMap;
//!
//! let mut hashers = Hashers::new([Algorithm::Sha256]);
//! hashers.update(b"{\"hello\": ");
//! hashers.update(b"\"world\"}\n");
//! let digests = hashers.finish();
//!
//! let mut trailers = HeaderMap::new();
//! trailers.insert(CONTENT_DIGEST, digests[0].to_field_value());
//! assert_eq!(trailers["content-digest"], "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
//!
//! let field = DigestField::read(&trailers, &CONTENT_DIGEST)?.expect("it is there");
//! assert_eq!(field.known, digests);
//! # Ok::<_, axum_trailers::digest::MalformedDigest>(())
//! ```

mod algorithm;
mod field;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod hasher;
mod parallel;
mod preferences;

#[doc(hidden)]
pub use self::parallel::ParallelHashers;
pub use self::{
    algorithm::Algorithm,
    field::{
        CONTENT_DIGEST, DigestField, MalformedDigest, REPR_DIGEST, WANT_CONTENT_DIGEST, WANT_REPR_DIGEST,
    },
    hasher::{Digest, Hashers},
    preferences::Preferences,
};
