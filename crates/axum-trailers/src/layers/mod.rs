//! Trailers for any route, as tower layers. Each has a module of its own for its service, future and body.
//!
//! - [`ContentDigestLayer`] ends each response with the digest of its content;
//! - [`ServerTimingLayer`] ends each response with how long it took.
//!
//! They go around any axum 0.6 route, whatever its body, and around each other in any order. Fields that come from
//! further in stay, all of them make one trailer section, and `Trailer` names them all.

pub mod content_digest;
mod observed;
mod response_body;
pub mod server_timing;
#[cfg(test)]
mod testing;

pub use self::{content_digest::ContentDigestLayer, server_timing::ServerTimingLayer};
