//! `GET /healthz`: that the server answers.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/healthz'
//! ```
//!
//! Somebody asks every few seconds, so the log has these requests at `DEBUG`.

use axum::{Extension, response::IntoResponse};
use axum_trailers::hints::Routine;
use http::header;

pub(super) async fn healthz() -> impl IntoResponse {
    (Extension(Routine), [(header::CACHE_CONTROL, "no-store")], "ok\n")
}
