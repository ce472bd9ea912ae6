use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::get,
};
use axum_trailers::problem::Problem;
use http_02::{StatusCode, header};
use prometheus::{Encoder, Registry, TextEncoder};

/// `GET /metrics` in [Prometheus' text format](https://prometheus.io/docs/instrumenting/exposition_formats/), and
/// nothing else.
pub(crate) fn page(registry: Registry) -> Router {
    Router::new().route("/metrics", get(move || async move { written(&registry) })).fallback(nothing_here)
}

fn written(registry: &Registry) -> Response {
    let (encoder, mut text) = (TextEncoder::new(), Vec::new());
    match encoder.encode(&registry.gather(), &mut text) {
        Ok(()) => ([(header::CONTENT_TYPE, encoder.format_type().to_owned())], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "can't encode the metrics");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "can't encode the metrics").into_response()
        }
    }
}

async fn nothing_here() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "this address serves only /metrics")
}
