use super::{Page, pages};
use crate::app::Application;
use axum_trailers::problem::Problem;
use http::{HeaderValue, Method, Response, StatusCode, header};
use prometheus::{Encoder, Registry, TextEncoder};

/// `GET /metrics` in [Prometheus' text format](https://prometheus.io/docs/instrumenting/exposition_formats/), and
/// nothing else.
pub(crate) fn metrics(registry: Registry) -> impl Application {
    pages(move |request| match (request.uri().path(), request.method()) {
        ("/metrics", &Method::GET | &Method::HEAD) => written(&registry),
        ("/metrics", _) => Problem::new(StatusCode::METHOD_NOT_ALLOWED, "metrics are read with GET")
            .field(header::ALLOW, "GET, HEAD")
            .into_http_response(),
        _ => Problem::new(StatusCode::NOT_FOUND, "this address serves only /metrics").into_http_response(),
    })
}

fn written(registry: &Registry) -> Page {
    let (encoder, mut text) = (TextEncoder::new(), Vec::new());
    if let Err(error) = encoder.encode(&registry.gather(), &mut text) {
        tracing::error!(%error, "can't encode the metrics");
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "can't encode the metrics")
            .into_http_response();
    }
    let mut page = Response::new(text.into());
    let content_type = HeaderValue::try_from(encoder.format_type()).expect("a media type is ASCII text");
    page.headers_mut().insert(header::CONTENT_TYPE, content_type);
    page
}
