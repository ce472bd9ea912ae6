//! What an application says of a response to the log of its server: extensions of the response.
//!
//! ```
//! use axum::{Extension, response::IntoResponse};
//! use axum_trailers::hints::Routine;
//!
//! async fn healthz() -> impl IntoResponse {
//!     (Extension(Routine), "ok\n")
//! }
//! ```

/// It is asked for every few seconds, such as by a load balancer. If it ends well, its line is at `DEBUG`, not `INFO`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routine;

/// Its trailers are those of another message, and it announces what that one does. A field of them that never comes,
/// or comes unannounced over HTTP/1.1, is logged at `INFO`, not `WARN`: another sender, or a proxy before it, is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relayed;
