//! Trailers for any route, as tower layers. The service, future and body of each layer are in a module of their own.
//!
//! - [`ContentDigestLayer`] ends each response with the digest of its content;
//! - [`ServerTimingLayer`] ends each response with how long it took.
//!
//! They wrap any axum 0.6 route, whatever its body, and each other in any order. Trailers of the inner body are kept;
//! all of them form one trailer section, and `Trailer` names them all.

pub mod content_digest;
mod observed;
mod response_body;
pub mod server_timing;
#[cfg(test)]
mod testing;

pub use self::{content_digest::ContentDigestLayer, server_timing::ServerTimingLayer};
