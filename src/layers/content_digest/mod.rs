//! [`ContentDigestLayer`] and what it is made of.

mod backlog;
mod beside;
mod buffered;
mod crowd;
mod fields;
mod future;
mod hashing;
mod layer;

pub use self::{
    future::ResponseFuture,
    layer::{ContentDigest, ContentDigestLayer},
};
use super::observed::Observed;

/// The response body of [`ContentDigest`]: the same data, and the digests in the trailer section at its end.
pub type ResponseBody<B> = Observed<buffered::Source<B>, fields::Digests>;
