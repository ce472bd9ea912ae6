//! Trailers reach the client over both protocols, announced.

use super::{
    observed_producers::{declared, rows},
    prelude::{IntoResponse, Router, TestServer, get, over_each_protocol},
};
use crate::support::{
    protocols::{Protocol, read},
    raw,
};
use axum_trailers::body;

async fn two_chunks() -> impl IntoResponse {
    let (mut sender, body) = body::channel(1024, declared());
    tokio::spawn(async move {
        sender.send("hello...").await?;
        sender.send("world\n").await?;
        sender.finish(rows(2)).expect("as declared");
        Ok::<_, body::SendError>(())
    });
    body
}

pub(crate) fn app() -> Router {
    Router::new().route("/", get(two_chunks)).route("/none", get(|| async { "no trailers" })).route(
        "/empty",
        get(|| async {
            let (sender, body) = body::channel(1024, declared());
            sender.finish(rows(0)).expect("as declared");
            body
        }),
    )
}

over_each_protocol! {
    trailers_are_announced_and_sent_over_both_protocols;
    body_without_data_has_its_trailers_too;
    response_without_trailers_announces_none;
}

async fn trailers_are_announced_and_sent_over_both_protocols(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    let response = client.get("/").await;
    assert_eq!(response.headers()["trailer"], "x-rows", "{protocol}");
    let ending = read(response).await.expect("no error");
    assert_eq!(ending.content, b"hello...world\n", "{protocol}");
    assert_eq!(ending.trailers.expect("trailers")["x-rows"], "2", "{protocol}");
}

async fn body_without_data_has_its_trailers_too(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    let ending = read(client.get("/empty").await).await.expect("no error");
    assert_eq!(
        (ending.content, ending.trailers.expect("trailers")["x-rows"].as_bytes()),
        (vec![], &b"0"[..]),
        "{protocol}"
    );
}

async fn response_without_trailers_announces_none(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    let response = client.get("/none").await;
    assert!(!response.headers().contains_key("trailer"), "{protocol}");
    assert_eq!(response.headers()["content-length"], "11", "{protocol}");
    assert!(read(response).await.expect("no error").trailers.is_none(), "{protocol}");
}

#[tokio::test]
async fn http1_wire_has_the_chunks_as_sent_and_the_trailer_after_the_last() {
    let server = TestServer::start(app());
    let request = "GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\nconnection: te, close\r\n\r\n";
    let wire = raw::http1(server.address, request).await;
    let (head, body) = wire.split_once("\r\n\r\n").expect("a header section");
    assert!(head.contains("\r\ntrailer: x-rows\r\n"), "{wire}");
    assert!(head.contains("\r\ntransfer-encoding: chunked\r\n"), "{wire}");
    assert_eq!(body, "8\r\nhello...\r\n6\r\nworld\n\r\n0\r\nx-rows: 2\r\n\r\n");
}
