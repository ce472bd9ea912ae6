//! Trailers for any route, as tower layers.
//!
//! - [`ContentDigestLayer`] ends each response with the digest of its content.

mod content_digest;

pub use self::content_digest::{ContentDigest, ContentDigestLayer, DigestBody, ResponseFuture};
