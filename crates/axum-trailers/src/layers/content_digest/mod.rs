//! [`ContentDigestLayer`] and what it is made of.

mod backlog;
mod beside;
mod body;
mod buffered;
mod crowd;
mod fields;
mod future;
mod hashing;
mod layer;

pub use self::{
    body::ResponseBody,
    future::ResponseFuture,
    layer::{ContentDigest, ContentDigestLayer},
};
