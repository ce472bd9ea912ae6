//! `GET /healthz`: that the server answers.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/healthz'
//! ```

use axum::response::IntoResponse;
use http::header;

pub(super) async fn healthz() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n")
}
