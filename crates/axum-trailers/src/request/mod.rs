//! Read and check the trailers of requests.
//!
//! - [`RequestBody`] returns a request's body as a stream, followed by its trailers;
//! - [`CollectedBody`] returns all of it at once;
//! - [`VerifyContentDigestLayer`] and the extractor [`Verified`] check the content against its `Content-Digest`.
//!
//! Requests can have trailers over HTTP/2, and over HTTP/1.1 with the chunked coding. axum-trailers-server passes both
//! on; axum 0.6's own server (hyper 0.14) only those of HTTP/2.

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
