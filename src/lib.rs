//! HTTP trailers.
pub mod body;
pub mod layers;
pub mod trailers;
