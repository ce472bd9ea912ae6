//! Trailers for any route, as tower layers. Each has a module of its own for its service, future and body.
//!
//! - [`ContentDigestLayer`] ends each response with the digest of its content.

pub mod content_digest;

pub use self::content_digest::ContentDigestLayer;
