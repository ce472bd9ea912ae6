use axum::response::{IntoResponse, Response};
use http_02::header;
use serde_json::Value;
use std::time::Duration;

/// A JSON document, formatted for people.
pub(super) struct Json(pub(super) Value);

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        let fields = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
        (fields, format!("{:#}\n", self.0)).into_response()
    }
}

/// Converts to milliseconds, rounded to microseconds.
pub(super) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
