//! HTTP trailers for axum 0.6.
pub mod body;
pub mod digest;
pub mod fields;
#[cfg(any(test, fuzzing))]
mod fuzzing;
pub mod hints;
pub mod layers;
pub mod problem;
pub mod request;
pub mod trailers;
