//! A producer must finish its body: otherwise the transfer breaks, and no client takes it for whole.

use crate::support::{
    TestServer, clients,
    producer::{declared, rows},
    raw, read, soon,
};
use axum::{Router, body::StreamBody as Plain, response::IntoResponse, routing::get};
use axum_trailers::body::{self, Chunks, Sender, StreamBody};
use futures_util::{StreamExt, stream};
use std::{convert::Infallible, future::pending};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CASES: [&str; 4] = ["/returns", "/panics", "/is-aborted", "/misses-a-trailer"];

fn app() -> Router {
    Router::new()
        .route("/returns", get(|| async { spawned(|sender| async move { drop(sender) }) }))
        .route("/panics", get(|| async { spawned(|_sender| async { panic!("on purpose") }) }))
        .route("/is-aborted", get(is_aborted))
        .route(
            "/misses-a-trailer",
            get(|| async {
                spawned(|sender| async move {
                    sender.finish(axum_trailers::trailers::Trailers::new()).expect_err("a field is missing");
                })
            }),
        )
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
        .route(
            "/ok",
            get(|| async { spawned(|sender| async move { sender.finish(rows(1)).expect("as declared") }) }),
        )
}

fn chunk(text: &'static str) -> Plain<impl futures_util::Stream<Item = Result<&'static str, Infallible>>> {
    Plain::new(stream::iter([Ok(text)]))
}

/// Sends one chunk, then does `end`.
fn spawned<F>(end: impl FnOnce(Sender) -> F + Send + 'static) -> StreamBody<Chunks>
where
    F: Future<Output = ()> + Send,
{
    let (mut sender, body) = body::channel(1024, declared());
    tokio::spawn(async move {
        sender.send("first").await.expect("a reader");
        end(sender).await;
    });
    body
}

async fn is_aborted() -> impl IntoResponse {
    let (mut sender, body) = body::channel(1024, declared());
    let producer = tokio::spawn(async move {
        sender.send("first").await.expect("a reader");
        pending::<()>().await;
    });
    tokio::spawn(async move {
        tokio::task::yield_now().await;
        producer.abort();
    });
    body
}

#[tokio::test]
async fn unfinished_body_resets_the_http2_stream_with_internal_error() {
    let server = TestServer::start(app());
    let mut client = raw::http2(server.address).await;
    for path in
        CASES.into_iter().chain(["/stream-panics", "/foreign-reset", "/too-short", "/too-long", "/goes-on"])
    {
        let mut body = raw::http2_get(&mut client, path).await;
        let error = raw::http2_read(&mut body).await.expect_err("a reset");
        assert!(error.is_reset() && error.is_remote(), "{path}: {error:?}");
        assert_eq!(error.reason(), Some(h2::Reason::INTERNAL_ERROR), "{path}");
        assert!(body.trailers().await.is_err(), "{path}: no trailers of a failed body");
    }
    let mut body = raw::http2_get(&mut client, "/ok").await;
    assert_eq!(raw::http2_read(&mut body).await.expect("the connection lives on"), b"first");
    assert_eq!(body.trailers().await.expect("no error").expect("trailers")["x-rows"], "1");
}

#[tokio::test]
async fn unfinished_body_closes_http1_without_the_last_chunk() {
    let server = TestServer::start(app());
    for path in CASES.into_iter().chain(["/stream-panics"]) {
        for te in ["te: trailers\r\n", ""] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n{te}\r\n");
            let wire = raw::http1(server.address, &request).await;
            let (_, body) = wire.split_once("\r\n\r\n").expect("a header section");
            assert_eq!(body, "5\r\nfirst\r\n", "{path}");
        }
    }
    let ok = "GET /ok HTTP/1.1\r\nhost: a\r\nte: trailers\r\nconnection: close\r\n\r\n";
    let wire = raw::http1(server.address, ok).await;
    assert!(wire.ends_with("5\r\nfirst\r\n0\r\nx-rows: 1\r\n\r\n"), "the server lives on: {wire}");
}

#[tokio::test]
async fn unfinished_body_resets_an_http10_connection() {
    let server = TestServer::start(app());
    for (path, is_whole) in [("/returns", false), ("/ok", true)] {
        let mut client = raw::tls(server.address, "http/1.1").await;
        client.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.expect("sent");
        let mut wire = Vec::new();
        let end = soon("the end", client.read_to_end(&mut wire)).await;
        assert_eq!(end.is_ok(), is_whole, "{path}: {end:?}");
        if let Err(error) = end {
            // Many clients ignore a missing `close_notify`, and nginx 1.22 ignores a reset.
            assert!(error.to_string().contains("fatal alert"), "{error}");
        }
    }
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

#[tokio::test]
async fn clients_see_an_error_over_both_protocols() {
    let server = TestServer::start(app());
    for path in CASES {
        for (protocol, client) in clients() {
            let read = soon("the end", read(server.get(&client, path).await)).await;
            assert!(read.is_err(), "{path} over {protocol}: {read:?}");
        }
    }
}
