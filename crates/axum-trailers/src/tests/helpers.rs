//! Requests and responses for the tests of layers.

use super::prelude::*;
use crate::{body::StreamBody, trailers::server::FailureMark};
use axum_trailers_testing::{Read, Step, scripted};
use bytes::Bytes;
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
pub(super) async fn answer<L, F, B>(layer: L, request: Builder, handler: F) -> HttpResponse<B>
where
    F: Fn(&Request<()>) -> Response,
    L: Layer<Handler<F>>,
    L::Service: Service<Request<()>, Response = HttpResponse<B>, Error = Infallible>,
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

/// Reads a response like a server that checks for a failure in the trailers.
pub(super) fn read_as_server<B>(response: HttpResponse<B>) -> Read
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<crate::BoxError>,
{
    response.extensions().get().iter().for_each(|mark: &&FailureMark| mark.watch());
    read_by_contract(response.into_body())
}

/// The problem document of a response: `application/problem+json`, without trailers.
pub(super) fn read_problem<B>(response: HttpResponse<B>) -> serde_json::Value
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<crate::BoxError>,
{
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    let read = read_by_contract(response.into_body());
    assert!(read.error.is_none() && read.trailers.is_none());
    serde_json::from_str(&read.content).expect("JSON")
}
