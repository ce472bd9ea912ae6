//! `GET /healthz`: the server responds.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/healthz'
//! ```
//!
//! Monitors request it every few seconds, so these requests are logged at `DEBUG`.

use axum::{Extension, response::IntoResponse};
use axum_trailers::hints::Routine;
use http_02::header;

pub(super) async fn healthz() -> impl IntoResponse {
    (Extension(Routine), [(header::CACHE_CONTROL, "no-store")], "ok\n")
}
