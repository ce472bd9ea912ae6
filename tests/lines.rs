//! `GET /lines/{n}`: a trailer that is sent only on failure.

use crate::support::{
    TestServer,
    protocols::{Protocol, json, over_each_protocol, read},
    upload::fields,
    workbench,
};

over_each_protocol! {
    failure_is_reported_in_the_field_that_is_sent_only_then;
    field_of_failures_is_announced_and_empty_over_http1_and_otherwise_absent;
    failure_that_cannot_be_reported_cuts_the_transfer, except Http2: "trailers are sent also without `TE`";
}

async fn failure_is_reported_in_the_field_that_is_sent_only_then(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    let ending = read(client.get("/lines/5?fail_at=3").await).await.expect("a whole message");
    assert_eq!(ending.content, b"line 1\nline 2\n", "{protocol}");
    let trailers = ending.trailers.expect("trailers");
    assert_eq!(trailers, fields(&[("x-stream-error", "line 3 can't be read")]), "{protocol}");
}

async fn field_of_failures_is_announced_and_empty_over_http1_and_otherwise_absent(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    let (announced, sent) = match protocol {
        Protocol::Http1 => {
            ("x-line-count, x-stream-error", &[("x-line-count", "2"), ("x-stream-error", "")][..])
        }
        _ => ("x-line-count", &[("x-line-count", "2")][..]),
    };
    let response = client.get("/lines/2").await;
    assert_eq!(response.field("trailer"), announced);
    assert_eq!(read(response).await.expect("no error").trailers, Some(fields(sent)));
}

async fn failure_that_cannot_be_reported_cuts_the_transfer(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    let response = client.request("GET", "/lines/5?fail_at=3").send().await.expect("a response");
    let cut = read(response).await.expect_err("cut");
    assert_eq!(cut.why, protocol.failure());
    assert!(b"line 1\nline 2\n".starts_with(&cut.content), "{cut:?}");
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
