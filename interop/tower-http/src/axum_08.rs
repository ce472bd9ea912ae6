//! axum 0.8 and tower-http 0.7.

use crate::{
    handlers::{FIELD, Rows, cut_gzipped_rows, cut_rows, gzipped_rows, no_rows, receipt, rows},
    layers::{MINUTE, Orders, layers, orders},
    measured::{Answer, Generation},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, response::Parts},
    middleware::{Next, from_fn, map_request, map_response},
    response::{IntoResponse, Response},
    routing::{get, put},
};
use axum_08 as axum;
use http_body::Frame;
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_http::decompression::RequestDecompressionLayer;
use tower_http_07 as tower_http;

pub(crate) struct Axum08;

impl Generation for Axum08 {
    type Router = Router;

    async fn send(router: Router, path: &str, fields: &[(&str, &str)], body: Option<Rows>) -> Answer {
        let request = if body.is_some() { Request::put(path) } else { Request::get(path) };
        let request = request.header("te", "trailers").header("accept-encoding", "gzip");
        let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(body.map_or_else(Body::empty, Body::new)).expect("a request");
        let Ok(response) = router.oneshot(request).await;

        let text = |value: &HeaderValue| value.to_str().expect("text").to_owned();
        let mut answer = Answer {
            status: response.status().as_u16(),
            announced: response.headers().get_all("trailer").iter().map(text).collect(),
            encoding: response.headers().get("content-encoding").map(text),
            ..Answer::default()
        };
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            match frame.map(|frame| frame.into_data().map_err(Frame::into_trailers)) {
                Ok(Ok(chunk)) => answer.content.extend_from_slice(&chunk),
                Ok(Err(trailers)) => {
                    let trailers = trailers.expect("there are two kinds of frames");
                    answer.trailer = trailers.get(FIELD).map(text);
                    answer.digest = trailers.get("content-digest").map(text);
                }
                Err(_) => answer.is_cut = true,
            }
        }
        answer
    }
}

pub(crate) fn app() -> Router {
    Router::new()
        .route("/rows", get(rows))
        .route("/empty", get(no_rows))
        .route("/cut", get(cut_rows))
        .route("/gzipped", get(gzipped_rows))
        .route("/cut-gzipped", get(cut_gzipped_rows))
        .route("/upload", put(receipt))
}

pub(crate) fn layered() -> Vec<(&'static str, Router)> {
    let mut all = layers!(RequestDecompressionLayer::new());
    all.extend([
        (
            "`TimeoutLayer`",
            app().layer(tower_http::timeout::TimeoutLayer::with_status_code(
                StatusCode::REQUEST_TIMEOUT,
                MINUTE,
            )),
        ),
        (
            "`RequestBodyDeadlineLayer`",
            app().layer(tower_http::timeout::RequestBodyDeadlineLayer::new(MINUTE)),
        ),
        (
            "`ResponseBodyDeadlineLayer`",
            app().layer(tower_http::timeout::ResponseBodyDeadlineLayer::new(MINUTE)),
        ),
        (
            "`OnEarlyDropLayer`",
            app().layer(tower_http::on_early_drop::OnEarlyDropLayer::builder().on_body_drop(
                tower_http::on_early_drop::OnBodyDropFn::new(|_: &Request| |_: &Parts| || {}),
            )),
        ),
        (
            "`MapResponseBodyLayer` with `map_frame` or `map_data`",
            app().layer(tower_http::map_response_body::MapResponseBodyLayer::new(|body: Body| {
                body.map_frame(|frame| frame)
            })),
        ),
        (
            "`MapRequestBodyLayer`",
            app().layer(tower_http::map_request_body::MapRequestBodyLayer::new(|body: Body| {
                Body::new(body.map_frame(|frame| frame))
            })),
        ),
        (
            "`MapResponseBodyLayer` with `into_data_stream`",
            app().layer(tower_http::map_response_body::MapResponseBodyLayer::new(|body: Body| {
                Body::from_stream(body.into_data_stream())
            })),
        ),
        (
            "`MapRequestBodyLayer` with `into_data_stream`",
            app().layer(tower_http::map_request_body::MapRequestBodyLayer::new(|body: Body| {
                Body::from_stream(body.into_data_stream())
            })),
        ),
        (
            "axum's `from_fn`",
            app().layer(from_fn(async |request: Request, next: Next| next.run(request).await)),
        ),
        ("`from_fn` that collects the response", app().layer(from_fn(collecting))),
        ("`map_request`", app().layer(map_request(async |request: Request| request))),
        ("`map_response`", app().layer(map_response(async |response: Response| response))),
    ]);
    all
}

pub(crate) fn orders() -> Orders<Router> {
    orders!(RequestDecompressionLayer::new(), from_fn(collecting))
}

/// Replaces a response's body by its content.
async fn collecting(request: Request, next: Next) -> Response {
    let (head, body) = next.run(request).await.into_parts();
    match to_bytes(body, 1000).await {
        Ok(content) => Response::from_parts(head, content.into()),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
