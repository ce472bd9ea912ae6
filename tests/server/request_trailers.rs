//! Request trailers over a limit are rejected, whatever the handler does.

use super::prelude::{
    IntoResponse, Plain, Router,
    library::request_trailers::{self, HELLO},
    put,
};
use crate::support::{
    TestServer,
    protocols::{Protocol, over_each_protocol},
    upload::Upload,
    with,
};
use axum_trailers::request::RequestBody;
use axum_trailers_server::Limits;
use bytes::Bytes;
use futures_util::StreamExt;

/// Responds while it reads.
async fn echoed(body: RequestBody) -> impl IntoResponse {
    Plain::new(body)
}

/// Ignores errors of the body.
async fn careless(mut body: RequestBody) -> &'static str {
    while let Some(Ok(_)) = body.next().await {}
    "never mind"
}

fn app() -> Router {
    request_trailers::app()
        .route("/echoed", put(echoed))
        .route("/careless", put(careless))
        .route("/bytes", put(|content: Bytes| async move { content }))
}

over_each_protocol! {
    trailers_over_a_limit_are_a_431_whatever_the_handler_does;
    trailers_over_a_limit_break_a_response_that_has_begun;
}

async fn trailers_over_a_limit_are_a_431_whatever_the_handler_does(protocol: Protocol) {
    let limits = with!(Limits { trailer_section: 1000, trailer_fields: 5 });
    let server = TestServer::limited(app(), limits);
    let large = "x".repeat(1000);
    // hyper has its own limits over HTTP/1.1: 16 KiB and 100 fields.
    let larger = "x".repeat(20_000);
    let fits = "x".repeat(900);
    let many = |n| vec![("x-a", "1"); n];
    let cases = [
        (vec![("x-large", &*fits)], None),
        (vec![("x-large", &*large)], Some("the trailer section is larger than 1000 bytes")),
        (vec![("x-large", &*larger)], Some("the trailer section is larger than 1000 bytes")),
        (many(5), None),
        (many(6), Some("the trailer section has more than 5 fields")),
        (many(101), Some("the trailer section has more than 5 fields")),
    ];

    for path in ["/streamed", "/collected", "/careless", "/bytes"] {
        for (trailers, refusal) in &cases {
            let answer = Upload { path, trailers, ..HELLO }.send(protocol, server.address).await;
            let case = format!("{} fields to {path} over {protocol}: {answer:?}", trailers.len());
            assert_eq!(answer.status, if refusal.is_some() { 431 } else { 200 }, "{case}");
            if let Some(refusal) = refusal {
                assert_eq!(answer.field("content-type"), "application/problem+json", "{case}");
                let problem: serde_json::Value = serde_json::from_str(&answer.content).expect(&case);
                assert_eq!(problem["detail"], *refusal, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn field_that_h2_leaves_out_for_its_size_is_not_passed_over() {
    let server = TestServer::start(app());
    // A letter with the shortest HPACK code, and a length over h2's own limit.
    let large = "e".repeat(70_000);
    let trailers = &[("x-small", "1"), ("x-large", &*large)];
    let answer = Upload { trailers, ..HELLO }.send(Protocol::Http2, server.address).await;
    assert_eq!(answer.status, 431, "{answer:?}");
    // The first is as small as possible on the wire, the second larger there than decoded.
    for fits in ["e".repeat(8000), "\u{e9}".repeat(4000)] {
        let trailers = &[("x-small", "1"), ("x-large", &*fits)];
        let answer =
            Upload { path: "/careless", trailers, ..HELLO }.send(Protocol::Http2, server.address).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

async fn trailers_over_a_limit_break_a_response_that_has_begun(protocol: Protocol) {
    let server = TestServer::limited(app(), with!(Limits { trailer_fields: 1 }));

    for (trailers, is_whole) in [(&[("x-a", "1")][..], true), (&[("x-a", "1"), ("x-a", "2")], false)] {
        let answer = Upload { path: "/echoed", trailers, ..HELLO }.send(protocol, server.address).await;
        assert_eq!((answer.status, answer.is_whole), (200, is_whole), "{protocol}: {answer:?}");
    }
}
