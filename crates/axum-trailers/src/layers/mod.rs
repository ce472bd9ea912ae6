//! Trailers for any route, as tower layers. The service, future and body of each layer are in a module of their own.
//!
//! - [`ContentDigestLayer`] ends each response with the digest of its content;
//! - [`ServerTimingLayer`] ends each response with how long it took.
//!
//! They wrap any route of axum 0.8 or 0.6 and any tower service, whatever its body, and each other in any order. Services
//! of `http` 1, such as routes of axum 0.8, need no feature; those of `http` 0.2, such as routes of axum 0.6, need the
//! feature `axum-06`.
//!
//! Trailers of the inner body are kept; all of them form one trailer section, and `Trailer` names them all.
//!
//! Over HTTP/1.1 a length rules out trailers ([RFC 9112 §7.1.2](https://www.rfc-editor.org/rfc/rfc9112#section-7.1.2)),
//! and over HTTP/2 curl does not show trailers behind one. A layer that adds trailers therefore removes `Content-Length`
//! and hides the length of the body, unless the server does (it has decided the
//! [`Acceptance`](crate::trailers::Acceptance), or the request is one of `http` 0.2 over HTTP/2). The layer then enforces
//! the length: a body that is shorter or longer fails.

pub mod content_digest;
mod framing;
mod hidden_length;
mod observed;
mod response_body;
pub mod server_timing;

pub use self::{content_digest::ContentDigestLayer, server_timing::ServerTimingLayer};
