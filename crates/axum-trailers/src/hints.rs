//! Response extensions that change how the server logs a response.
//!
//! ```
//! use axum::{Extension, response::IntoResponse};
//! use axum_trailers::hints::Routine;
//!
//! async fn healthz() -> impl IntoResponse {
//!     (Extension(Routine), "ok\n")
//! }
//! ```

/// Marks a response to a request that clients such as load balancers send every few seconds. If the response succeeds
/// (complete, and neither 4xx nor 5xx), the server logs it at `DEBUG` instead of `INFO`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routine;

/// Marks a response that repeats the trailers of another message, as a proxy or an echo does. If an announced field
/// never arrives, or an unannounced one can't be sent over HTTP/1.1, the server logs `INFO` instead of `WARN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relayed;
