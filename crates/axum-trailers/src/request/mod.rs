//! Read and check the trailers of requests.
//!
//! - [`RequestBody`] returns a request's body as a stream, followed by its trailers;
//! - [`CollectedBody`] returns all of it at once;
//! - [`VerifyContentDigestLayer`] and the extractor [`Verified`] check the content against its `Content-Digest`.
//!
//! Requests can have trailers over HTTP/2 and HTTP/3, and over HTTP/1.1 with the chunked coding. axum-trailers-server passes all
//! of them on. So does axum 0.8's own server (hyper 1), which has no HTTP/3; that of axum 0.6 (hyper 0.14) passes on only those of HTTP/2.
//!
//! The extractors are for axum 0.8 (feature `axum-08`) and axum 0.6 (feature `axum-06`). Services without axum use
//! [`RequestBody::new`] and [`Verified::new`].

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
