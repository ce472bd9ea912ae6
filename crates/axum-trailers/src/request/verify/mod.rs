//! [`VerifyContentDigestLayer`], [`Verified`], and their parts.

mod body;
mod check;
mod error;
mod extractor;
mod layer;

pub use self::{
    body::VerifyBody,
    error::ContentDigestError,
    extractor::Verified,
    layer::{ResponseFuture, VerifyContentDigest, VerifyContentDigestLayer},
};
