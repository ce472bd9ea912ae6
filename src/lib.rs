//! HTTP trailers.
pub mod body;
#[cfg(feature = "demo")]
pub mod demo;
pub mod layers;
#[cfg(feature = "server")]
pub mod server;
pub mod trailers;
