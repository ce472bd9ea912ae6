//! A body of axum that fails or breaks its `Content-Length` is cut, as the library's bodies are.

use super::prelude::{IntoResponse, Plain, Router, get};
use crate::support::{TestServer, clients, raw, read, soon};
use futures_util::{StreamExt, stream};
use std::convert::Infallible;

fn app() -> Router {
    Router::new()
        .route(
            "/stream-panics",
            get(|| async {
                let chunks = stream::iter(["first"]).chain(stream::once(async { panic!("on purpose") }));
                Plain::new(chunks.map(Ok::<_, Infallible>))
            }),
        )
        .route(
            "/foreign-reset",
            get(|| async {
                let foreign = h2::Error::from(h2::Reason::NO_ERROR);
                Plain::new(stream::iter([Ok("first"), Err(foreign)]))
            }),
        )
        .route("/too-short", get(|| async { ([("content-length", "10")], chunk("12345")) }))
        .route("/too-long", get(|| async { ([("content-length", "10")], chunk("1234567890123")) }))
        .route(
            "/goes-on",
            get(|| async {
                let chunks = stream::iter(["1234567890", "123"]).map(Ok::<_, Infallible>);
                ([("content-length", "10")], Plain::new(chunks))
            }),
        )
        .route("/ok", get(|| async { "first" }))
}

fn chunk(text: &'static str) -> impl IntoResponse {
    Plain::new(stream::iter([Ok::<_, Infallible>(text)]))
}

#[tokio::test]
async fn failed_body_of_axum_resets_the_http2_stream_with_internal_error() {
    let server = TestServer::start(app());
    let mut client = raw::http2(server.address).await;
    for path in ["/stream-panics", "/foreign-reset", "/too-short", "/too-long", "/goes-on"] {
        let mut body = raw::http2_get(&mut client, path).await;
        let error = raw::http2_read(&mut body).await.expect_err("a reset");
        assert!(error.is_reset() && error.is_remote(), "{path}: {error:?}");
        assert_eq!(error.reason(), Some(h2::Reason::INTERNAL_ERROR), "{path}");
        assert!(body.trailers().await.is_err(), "{path}: no trailers of a failed body");
    }
    let mut body = raw::http2_get(&mut client, "/ok").await;
    assert_eq!(raw::http2_read(&mut body).await.expect("the connection lives on"), b"first");
}

#[tokio::test]
async fn body_of_axum_that_panics_closes_http1_without_the_last_chunk() {
    let server = TestServer::start(app());
    for te in ["te: trailers\r\n", ""] {
        let request = format!("GET /stream-panics HTTP/1.1\r\nhost: a\r\n{te}\r\n");
        let wire = raw::http1(server.address, &request).await;
        let (_, body) = wire.split_once("\r\n\r\n").expect("a header section");
        assert_eq!(body, "5\r\nfirst\r\n");
    }
    let ok = "GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    assert!(raw::http1(server.address, ok).await.ends_with("\r\n\r\nfirst"), "the server lives on");
}

#[tokio::test]
async fn body_that_breaks_its_length_is_never_whole() {
    let server = TestServer::start(app());
    for path in ["/too-short", "/too-long", "/goes-on"] {
        for (protocol, client) in clients() {
            let read = soon("the end", read(server.get(&client, path).await)).await;
            assert!(read.is_err(), "{path} over {protocol}: {read:?}");
        }
    }
}
