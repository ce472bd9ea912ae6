//! A producer must finish its body: otherwise the transfer breaks, and no client takes it for whole.

use super::{
    cut::{assert_ends_after, cut_after},
    observed_producers::{declared, rows},
    prelude::{CUT_OVER_HTTP10, IntoResponse, Router, TestServer, get, over_each_protocol},
};
use crate::support::{
    protocols::{Protocol, read},
    raw, soon,
};
use axum_trailers::{
    body::{self, Chunks, Sender, StreamBody},
    trailers::Trailers,
};
use std::future::pending;
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
                    sender.finish(Trailers::new()).expect_err("a field is missing");
                })
            }),
        )
        .route(
            "/ok",
            get(|| async { spawned(|sender| async move { sender.finish(rows(1)).expect("as declared") }) }),
        )
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
async fn unfinished_body_closes_http1_without_the_last_chunk() {
    let server = TestServer::start(app());
    for path in CASES {
        for te in ["te: trailers\r\n", ""] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n{te}\r\n");
            let wire = raw::http1(server.address, &request).await;
            assert_ends_after("5\r\nfirst\r\n", &wire);
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
            assert!(error.to_string().contains(CUT_OVER_HTTP10), "{error}");
        }
    }
}

over_each_protocol! {
    unfinished_body_is_cut_and_the_server_goes_on;
}

async fn unfinished_body_is_cut_and_the_server_goes_on(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    for path in CASES {
        assert_eq!(cut_after("first", &client, path).await, protocol.failure(), "{path}");
    }
    let ending = read(client.get("/ok").await).await.expect("the connection lives on");
    assert_eq!(ending.content, b"first");
    assert_eq!(ending.trailers.expect("trailers")["x-rows"], "1");
}
