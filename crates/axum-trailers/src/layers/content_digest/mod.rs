//! [`ContentDigestLayer`] and what it is made of.

mod backlog;
mod body;
mod buffered;
mod core_budget;
mod fields;
mod future;
mod hashing;
mod layer;
mod offload;

pub use self::{
    body::ResponseBody,
    future::ResponseFuture,
    layer::{ContentDigest, ContentDigestLayer},
};
