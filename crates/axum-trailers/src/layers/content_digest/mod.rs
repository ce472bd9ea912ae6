//! [`ContentDigestLayer`] and its parts.

mod body;
mod buffered;
mod fields;
mod future;
mod layer;

pub use self::{
    body::ResponseBody,
    future::ResponseFuture,
    layer::{ContentDigest, ContentDigestLayer},
};
