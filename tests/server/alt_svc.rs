//! Responses over TCP say where HTTP/3 is ([RFC 7838](https://www.rfc-editor.org/rfc/rfc7838)), until the server shuts down.

use super::prelude::{Router, StatusCode, get, producer::Producers};
use crate::support::{
    TestServer,
    protocols::{Protocol, over_each_protocol, read},
    soon,
};
use std::time::Duration;

fn app(producers: &Producers) -> Router {
    producers
        .router()
        .route("/own", get(|| async { ([("alt-svc", "clear")], "own") }))
        .route("/empty", get(|| async { StatusCode::NO_CONTENT }))
}

over_each_protocol! {
    http3_is_announced_over_tcp_alone;
    own_field_of_the_application_stays;
}

async fn http3_is_announced_over_tcp_alone(protocol: Protocol) {
    let server = TestServer::start(app(&Producers::new()));
    let client = protocol.client(server.address).await;
    let here = format!("h3=\":{}\"; ma=86400", server.address.port());
    for path in ["/ok", "/empty", "/nothing"] {
        let response = client.get(path).await;
        let expected = if protocol == Protocol::Http3 { "" } else { &here };
        assert_eq!(response.field("alt-svc"), expected, "{path}");
    }
}

async fn own_field_of_the_application_stays(protocol: Protocol) {
    let server = TestServer::start(app(&Producers::new()));
    let client = protocol.client(server.address).await;
    assert_eq!(client.get("/own").await.field("alt-svc"), "clear");
}

#[tokio::test]
async fn server_without_http3_announces_none() {
    let server = TestServer::with(app(&Producers::new()), |server| server.http3(false));
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let response = protocol.client(server.address).await.get("/ok").await;
        assert_eq!((response.status().as_u16(), response.field("alt-svc")), (200, ""), "{protocol}");
    }
}

#[tokio::test]
async fn server_that_shuts_down_announces_none() {
    let producers = Producers::new();
    let server = TestServer::start(app(&producers));
    let client = Protocol::Http2.client(server.address).await;
    let quiet = client.get("/quiet").await;
    assert!(quiet.headers().contains_key("alt-svc"));
    let handle = server.handle.clone();
    let drained = tokio::spawn(async move { handle.drain(Duration::from_secs(60)).await });
    soon("a refusal", async {
        while Protocol::Http2.connects(server.address).await {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let meanwhile = client.get("/ok").await;
    assert_eq!((meanwhile.status().as_u16(), meanwhile.field("alt-svc")), (200, ""));
    producers.go_on.notify_waiters();
    read(quiet).await.expect("whole");
    drop((client, meanwhile));
    soon("the end", drained).await.expect("no panic");
}
