//! Requests and responses for the tests of layers.

use crate::body::StreamBody;
use axum::response::{IntoResponse, Response};
use axum_trailers_testing::{Step, scripted};
use http::{Request, Version, request::Builder};
use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// A function as the service inside a layer.
#[derive(Clone)]
pub(super) struct Handler<F>(F);

impl<F: Fn(&Request<()>) -> Response> Service<Request<()>> for Handler<F> {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        ready(Ok((self.0)(&request)))
    }
}

/// The response of a layer around a handler.
pub(super) async fn answer<L, F, B>(layer: L, request: Builder, handler: F) -> http::Response<B>
where
    F: Fn(&Request<()>) -> Response,
    L: Layer<Handler<F>>,
    L::Service: Service<Request<()>, Response = http::Response<B>, Error = Infallible>,
{
    let request = request.body(()).expect("a request");
    let Ok(response) = layer.layer(Handler(handler)).call(request).await;
    response
}

pub(super) fn http2() -> Builder {
    Request::builder().version(Version::HTTP_2)
}

pub(super) fn body<const N: usize>(steps: [Step; N]) -> Response {
    StreamBody::new(scripted(steps)).into_response()
}
