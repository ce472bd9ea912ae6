use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::Value;

/// A JSON document, formatted for people.
pub(super) struct Json(pub(super) Value);

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        let fields = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
        (fields, format!("{:#}\n", self.0)).into_response()
    }
}
