//! [`VerifyContentDigestLayer`], [`Verified`], and what they are made of.

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
