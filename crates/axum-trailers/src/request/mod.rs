//! The trailers of requests, read and checked.
//!
//! - [`RequestBody`] gives a request's body as a stream and, after its end, its trailers;
//! - [`CollectedBody`] gives all of it at once;
//! - [`VerifyContentDigestLayer`] and the extractor [`Verified`] hold what came against its `Content-Digest`.
//!
//! The trailers come over HTTP/2 and over HTTP/1.1 with the chunked coding. axum-trailers-server carries them; on
//! axum 0.6's own, hyper 0.14 does so for HTTP/2.

mod body;
mod collected;
mod error;
pub mod verify;

pub use self::{
    body::RequestBody,
    collected::CollectedBody,
    error::RequestBodyError,
    verify::{ContentDigestError, Verified, VerifyContentDigestLayer},
};
