//! axum 0.6 and tower-http 0.4.

use crate::{
    handlers::{FIELD, Rows, cut_gzipped_rows, cut_rows, gzipped_rows, no_rows, receipt, rows},
    layers::{MINUTE, Orders, layers, orders},
    measured::{Answer, Generation},
};
use axum::{
    BoxError, Router,
    body::{BoxBody, Bytes, Empty, Full, HttpBody, boxed},
    error_handling::HandleErrorLayer,
    http::{HeaderValue, Request, StatusCode},
    middleware::{Next, from_fn, map_request, map_response},
    response::{IntoResponse, Response},
    routing::{get, put},
};
use axum_06 as axum;
use std::future::{Ready, ready};
use tower::ServiceExt;
use tower_http::decompression::RequestDecompressionLayer;
use tower_http_04 as tower_http;

pub(crate) struct Axum06;

impl Generation for Axum06 {
    type Router = Router<(), BoxBody>;

    async fn send(router: Self::Router, path: &str, fields: &[(&str, &str)], body: Option<Rows>) -> Answer {
        let request = if body.is_some() { Request::put(path) } else { Request::get(path) };
        let request = request.header("te", "trailers").header("accept-encoding", "gzip");
        let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(body.map_or_else(|| boxed(Empty::new()), boxed)).expect("a request");
        let Ok(response) = router.oneshot(request).await;

        let text = |value: &HeaderValue| value.to_str().expect("text").to_owned();
        let mut answer = Answer {
            status: response.status().as_u16(),
            announced: response.headers().get_all("trailer").iter().map(text).collect(),
            encoding: response.headers().get("content-encoding").map(text),
            ..Answer::default()
        };
        let mut body = response.into_body();
        while let Some(chunk) = body.data().await {
            match chunk {
                Ok(chunk) => answer.content.extend_from_slice(&chunk),
                Err(_) => return Answer { is_cut: true, ..answer },
            }
        }
        match body.trailers().await {
            Ok(trailers) => {
                let trailers = trailers.unwrap_or_default();
                answer.trailer = trailers.get(FIELD).map(text);
                answer.digest = trailers.get("content-digest").map(text);
            }
            Err(_) => answer.is_cut = true,
        }
        answer
    }
}

pub(crate) fn app<B>() -> Router<(), B>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    Router::new()
        .route("/rows", get(rows))
        .route("/empty", get(no_rows))
        .route("/cut", get(cut_rows))
        .route("/gzipped", get(gzipped_rows))
        .route("/cut-gzipped", get(cut_gzipped_rows))
        .route("/upload", put(receipt))
}

pub(crate) fn layered() -> Vec<(&'static str, Router<(), BoxBody>)> {
    let mut all: Vec<(_, Router<(), BoxBody>)> = layers!((refusing(), RequestDecompressionLayer::new()));
    all.extend([
        ("`TimeoutLayer`", app().layer(tower_http::timeout::TimeoutLayer::new(MINUTE))),
        (
            "`MapResponseBodyLayer` with `map_frame` or `map_data`",
            app().layer(tower_http::map_response_body::MapResponseBodyLayer::new(|body: BoxBody| {
                body.map_data(|data| data)
            })),
        ),
        (
            "`MapRequestBodyLayer`",
            app().layer(tower_http::map_request_body::MapRequestBodyLayer::new(|body: BoxBody| {
                body.map_data(|data| data)
            })),
        ),
        (
            "axum's `from_fn`",
            app().layer(from_fn(async |request: Request<BoxBody>, next: Next<BoxBody>| {
                next.run(request).await
            })),
        ),
        ("`from_fn` that collects the response", app().layer(from_fn(collecting))),
        ("`map_request`", app().layer(map_request(async |request: Request<BoxBody>| request))),
        ("`map_response`", app().layer(map_response(async |response: Response| response))),
    ]);
    all
}

pub(crate) fn orders() -> Orders<Router<(), BoxBody>> {
    orders!((refusing(), RequestDecompressionLayer::new()), from_fn(collecting))
}

/// tower-http 0.4's decompression of requests returns errors, which axum does not accept.
fn refusing() -> HandleErrorLayer<fn(BoxError) -> Ready<StatusCode>, ()> {
    HandleErrorLayer::new(|_| ready(StatusCode::BAD_REQUEST))
}

/// Replaces a response's body by its content.
async fn collecting(request: Request<BoxBody>, next: Next<BoxBody>) -> Response {
    let (head, body) = next.run(request).await.into_parts();
    match body.collect().await {
        Ok(content) => Response::from_parts(head, boxed(Full::from(content.to_bytes()))),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
