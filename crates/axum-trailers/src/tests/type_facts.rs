use super::prelude::*;
use crate::{
    BoxError,
    body::{Chunks, StreamBody},
    layers::{ContentDigestLayer, ServerTimingLayer, content_digest, server_timing},
    problem::Problem,
    request::{
        CollectedBody, ContentDigestError, RequestBody, RequestBodyError, Verified, VerifyContentDigestLayer,
        verify,
    },
};
use axum_trailers_testing::ScriptedBody;
use bytes::Bytes;

type Inner = Split<ScriptedBody>;

#[test]
fn type_facts() {
    fn send_and_sync<T: Send + Sync + Unpin + 'static>() {}
    send_and_sync::<RequestBody>();
    send_and_sync::<RequestBodyError>();
    send_and_sync::<CollectedBody>();
    send_and_sync::<Verified<RequestBody>>();
    send_and_sync::<Problem>();
    send_and_sync::<verify::VerifyBody<Inner>>();
    send_and_sync::<verify::ResponseBody<Inner>>();
    send_and_sync::<server_timing::ResponseBody<Inner>>();
    send_and_sync::<content_digest::ResponseBody<Inner>>();
}

#[test]
fn bodies_are_bodies_of_this_generation() {
    fn is_body<B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static>() {}
    is_body::<StreamBody<Chunks>>();
    is_body::<verify::VerifyBody<Inner>>();
    is_body::<verify::ResponseBody<Inner>>();
    is_body::<server_timing::ResponseBody<Inner>>();
    is_body::<content_digest::ResponseBody<Inner>>();
}

#[test]
fn what_a_handler_returns_is_a_response_and_what_it_takes_is_extracted() {
    fn is_response<T: IntoResponse>() {}
    is_response::<StreamBody<Chunks>>();
    is_response::<Problem>();
    is_response::<RequestBodyError>();
    is_response::<ContentDigestError>();
}

/// A router accepts only layers whose services and futures are `Send`.
#[test]
fn layers_wrap_routers_in_any_order() {
    let handler = || put(|| async { "hello\n" });
    let _: Router = Router::new()
        .route("/", handler())
        .layer(ContentDigestLayer::or_buffered(9))
        .layer(ServerTimingLayer::new())
        .layer(VerifyContentDigestLayer::new());
    let _: Router = Router::new()
        .route("/", handler())
        .layer(VerifyContentDigestLayer::required())
        .layer(ServerTimingLayer::new())
        .layer(ContentDigestLayer::new());
}
