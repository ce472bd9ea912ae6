//! [`VerifyContentDigestLayer`], [`Verified`], and their parts.

mod body;
mod check;
mod error;
mod extractor;
mod layer;
mod response_body;

#[cfg(any(feature = "axum-06", feature = "axum-08"))]
pub(crate) use self::extractor::verified;
#[cfg(all(test, any(feature = "axum-06", feature = "axum-08")))]
pub(crate) use self::{
    body::Verdict,
    check::{Check, Need},
};
pub use self::{
    body::VerifyBody,
    error::ContentDigestError,
    extractor::Verified,
    layer::{ResponseFuture, VerifyContentDigest, VerifyContentDigestLayer},
    response_body::ResponseBody,
};
