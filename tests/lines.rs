//! `GET /lines/{n}`: a trailer that is sent only on failure.

use crate::support::{
    TestServer,
    protocols::{Protocol, json, over_each_protocol, read},
    raw,
    upload::fields,
    workbench,
};

over_each_protocol! {
    failure_is_reported_in_the_field_that_is_sent_only_then;
}

async fn failure_is_reported_in_the_field_that_is_sent_only_then(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    let ending = read(client.get("/lines/5?fail_at=3").await).await.expect("a whole message");
    assert_eq!(ending.content, b"line 1\nline 2\n", "{protocol}");
    let trailers = ending.trailers.expect("trailers");
    assert_eq!(trailers, fields(&[("x-stream-error", "line 3 can't be read")]), "{protocol}");
}

#[tokio::test]
async fn field_of_failures_is_announced_and_empty_over_http1_and_absent_over_http2() {
    let server = TestServer::start(workbench(".").router());
    let response = Protocol::Http2.client(server.address).await.get("/lines/2").await;
    assert_eq!(response.headers()["trailer"], "x-line-count");
    let ending = read(response).await.expect("no error");
    assert_eq!(ending.trailers.expect("trailers"), fields(&[("x-line-count", "2")]));

    let request = "GET /lines/2 HTTP/1.1\r\nhost: a\r\nconnection: close, te\r\nte: trailers\r\n\r\n";
    let response = raw::http1(server.address, request).await;
    assert!(response.contains("\r\ntrailer: x-line-count, x-stream-error\r\n"), "{response}");
    assert!(response.ends_with("0\r\nx-line-count: 2\r\nx-stream-error: \r\n\r\n"), "{response}");
}

#[tokio::test]
async fn failure_that_cannot_be_reported_cuts_the_transfer() {
    let server = TestServer::start(workbench(".").router());
    let request = "GET /lines/5?fail_at=3 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let response = raw::http1(server.address, request).await;
    assert!(response.ends_with("7\r\nline 2\n\r\n"), "no last chunk: {response}");
}

#[tokio::test]
async fn lines_past_their_bounds_are_refused() {
    let server = TestServer::start(workbench(".").router());
    for (target, detail) in [
        ("100001", "the number of lines must be a number from 0 to 100000, not `100001`"),
        ("5?fail_at=6", "`fail_at` must be a number from 1 to 5, not `6`"),
        ("5?fail_at=0", "`fail_at` must be a number from 1 to 5, not `0`"),
    ] {
        let response = Protocol::Http2.client(server.address).await.get(&format!("/lines/{target}")).await;
        assert_eq!(response.status(), 400, "{target}");
        assert_eq!(json(response).await["detail"], detail, "{target}");
    }
}
