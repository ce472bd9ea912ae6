//! Digests of content ([RFC 9530](https://www.rfc-editor.org/rfc/rfc9530)): computed as the content passes, written into
//! fields and read from them.
//!
//! - [`Algorithm`], those that the registry calls active;
//! - [`Hashers`], the digests of content that comes in pieces, and [`Digest`], what comes of them;
//! - [`DigestField`], what a `Content-Digest` or `Repr-Digest` field says;
//! - [`Preferences`], what a `Want-Content-Digest` or `Want-Repr-Digest` field asks for;
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
mod core_budget;
mod field;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod hasher;
mod parallel;
mod preferences;

pub(crate) use self::parallel::ParallelHashers;
pub use self::{
    algorithm::Algorithm,
    field::{
        CONTENT_DIGEST, DigestField, MalformedDigest, REPR_DIGEST, WANT_CONTENT_DIGEST, WANT_REPR_DIGEST,
    },
    hasher::{Digest, Hashers},
    preferences::Preferences,
};
