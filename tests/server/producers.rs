//! A body of axum that fails or breaks its `Content-Length` is cut, as the library's bodies are.

use super::prelude::{IntoResponse, Plain, Router, get};
use crate::support::{
    TestServer,
    protocols::{Protocol, over_each_protocol, read},
    raw,
};
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

over_each_protocol! {
    failed_body_of_axum_is_cut_and_the_server_goes_on;
}

async fn failed_body_of_axum_is_cut_and_the_server_goes_on(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    for path in ["/stream-panics", "/foreign-reset", "/too-short", "/too-long", "/goes-on"] {
        assert_eq!(client.cut(path).await.why, protocol.failure(), "{path}");
    }
    let ending = read(client.get("/ok").await).await.expect("the connection lives on");
    assert_eq!(ending.content, b"first");
}
