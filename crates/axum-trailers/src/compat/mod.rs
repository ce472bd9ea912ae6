//! Both generations of `http` and `http-body`.
//!
//! axum 0.8, tonic 0.14 and hyper 1 use `http` 1 and `http-body` 1; axum 0.6 and hyper 0.14 use `http` 0.2 and
//! `http-body` 0.4. This crate has **one type for both**: inside it uses `http` 1, and each type implements the traits
//! of both generations. Its functions accept the types of either through the traits of this module, which can't be
//! implemented outside of this crate.
//!
//! | | `http` 1 | `http` 0.2 |
//! |---|---|---|
//! | layers, bodies, [`RequestBody::new`](crate::request::RequestBody::new), [`Trailers`](crate::trailers::Trailers) | always | feature `axum-06` |
//! | responses and extractors of axum | 0.8: feature `axum-08` | 0.6: feature `axum-06` |
//!
//! What functions return is of `http` 1. With the feature `axum-06`, `http` 0.2's types can be created from it:
//! `HeaderMap::try_from(trailers)` and `HeaderValue::from(&digest)`.
//!
//! A conversion never panics and loses no field: what can't be converted is an error.

// Only this module, `axum_06.rs`, `axum_08.rs` and tests may name `http_02`, `http_body_04`, an `axum_core`, or anything of
// `http_body` besides its `SizeHint`.

mod any_body;
mod body;
#[cfg(feature = "axum-06")]
#[doc(hidden)]
pub mod conversion;
mod fields;
#[cfg(feature = "axum-06")]
mod http_body_04;
mod http_body_1;
mod into_trailers;
mod length_limit;
mod message;
mod names;

#[doc(hidden)]
pub use self::any_body::AnyBody;
#[cfg(feature = "axum-06")]
pub(crate) use self::http_body_04::{older_size_hint, poll_older_trailers};
pub use self::{
    body::SplitBody,
    fields::{Fields, SetError},
    http_body_1::Http1,
    into_trailers::IntoTrailers,
    message::{Request, RequestWithBody, Response, ResponseHead},
    names::{FieldName, FieldValue, ProtocolVersion, Status},
};
pub(crate) use self::{
    body::{implement_body, poll_frame},
    length_limit::is_over_limit,
};
#[cfg(feature = "axum-06")]
pub use self::{conversion::ConversionError, http_body_04::Http02};

/// Keeps the traits of this module from being implemented elsewhere.
pub(crate) mod sealed {
    pub trait Sealed {}
}
