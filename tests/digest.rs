//! `ContentDigestLayer` on a user's own routes, over the wire.

use crate::support::{
    TestServer, clients, http2,
    producer::{declared, rows},
    raw, read,
};
use axum::{Router, routing::get};
use axum_trailers::{body, layers::ContentDigestLayer};

/// RFC 9530, appendix B.
const CONTENT: &str = "{\"hello\": \"world\"}\n";
const DIGEST: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";

fn app() -> Router {
    Router::new()
        .route("/text", get(|| async { CONTENT }))
        .route(
            "/rows",
            get(|| async {
                let (mut sender, body) = body::channel(1024, declared());
                tokio::spawn(async move {
                    for chunk in CONTENT.as_bytes().chunks(5) {
                        sender.send(chunk.to_vec()).await.expect("a reader");
                    }
                    sender.finish(rows(1)).expect("as declared");
                });
                body
            }),
        )
        .route(
            "/fails",
            get(|| async {
                let (mut sender, body) = body::channel(1024, declared());
                tokio::spawn(async move { sender.send(CONTENT).await });
                body
            }),
        )
        .layer(ContentDigestLayer::new())
}

#[tokio::test]
async fn digest_of_any_route_arrives_with_its_other_trailers() {
    let server = TestServer::start(app());
    for (protocol, client) in clients() {
        for (path, announced) in [("/text", "content-digest"), ("/rows", "x-rows, content-digest")] {
            let response = server.get(&client, path).await;
            assert_eq!(response.headers()["trailer"], announced, "{protocol}");
            let ending = read(response).await.expect("no error");
            assert_eq!(ending.content, CONTENT.as_bytes(), "{protocol}");
            let trailers = ending.trailers.expect("trailers");
            assert_eq!(trailers["content-digest"], DIGEST, "{protocol}");
            assert_eq!(trailers.contains_key("x-rows"), path == "/rows", "{protocol}");
        }
    }
}

#[tokio::test]
async fn length_gives_way_where_trailers_go_out() {
    let server = TestServer::start(app());
    for (protocol, client) in clients() {
        let response = server.get(&client, "/text").await;
        assert!(!response.headers().contains_key("content-length"), "{protocol}");
        let chunked = response.headers().contains_key("transfer-encoding");
        assert_eq!(chunked, protocol == "HTTP/1.1", "{protocol}");
    }
    let head = http2().head(server.url("/text")).send().await.expect("a response");
    assert_eq!(head.headers()["content-length"], "19");

    let plain = "GET /text HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let wire = raw::http1(server.address, plain).await;
    assert!(wire.contains("\r\ncontent-length: 19\r\n"), "without trailers the length stays: {wire}");
    assert!(!wire.contains("trailer") && wire.ends_with(CONTENT), "{wire}");
}

#[tokio::test]
async fn body_that_fails_has_no_digest() {
    let server = TestServer::start(app());
    for (protocol, client) in clients() {
        assert!(read(server.get(&client, "/fails").await).await.is_err(), "{protocol}");
    }
    let wire = raw::http1(server.address, "GET /fails HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n").await;
    assert!(wire.ends_with(&format!("13\r\n{CONTENT}\r\n")), "{wire}");
}
