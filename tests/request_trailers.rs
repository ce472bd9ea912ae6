//! The extractors of a request's body return its trailers; forbidden and too many fields are kept out.

use crate::support::{
    TestServer,
    log::Log,
    upload::{PROTOCOLS, Upload},
    with,
};
use axum::{
    Router,
    body::{Bytes, StreamBody},
    extract::DefaultBodyLimit,
    response::IntoResponse,
    routing::put,
};
use axum_trailers::request::{CollectedBody, RequestBody, RequestBodyError};
use axum_trailers_server::Limits;
use futures_util::StreamExt;
use http_02::HeaderMap;

async fn streamed(headers: HeaderMap, mut body: RequestBody) -> Result<String, RequestBodyError> {
    let mut account = String::new();
    while let Some(chunk) = body.next().await {
        account += std::str::from_utf8(&chunk?).expect("text");
    }
    let trailers = body.trailers().await?;
    Ok(format!("{account} {:?} {:?}", trailers.as_map(), headers.get("x-sum")))
}

async fn collected(headers: HeaderMap, body: CollectedBody) -> String {
    let content = std::str::from_utf8(&body.content).expect("text");
    format!("{content} {:?} {:?}", body.trailers.as_map(), headers.get("x-sum"))
}

/// Responds while it reads.
async fn echoed(body: RequestBody) -> impl IntoResponse {
    StreamBody::new(body)
}

/// Ignores errors of the body.
async fn careless(mut body: RequestBody) -> &'static str {
    while let Some(Ok(_)) = body.next().await {}
    "never mind"
}

fn app() -> Router {
    Router::new()
        .route("/streamed", put(streamed))
        .route("/collected", put(collected))
        .route("/echoed", put(echoed))
        .route("/careless", put(careless))
        .route("/bytes", put(|content: Bytes| async move { content }))
        .layer(DefaultBodyLimit::max(10))
}

const HELLO: Upload<'_> =
    Upload { method: "PUT", path: "/streamed", fields: &[], chunks: &["hel", "lo"], trailers: &[] };

#[tokio::test]
async fn content_comes_and_then_the_trailers() {
    let server = TestServer::start(app());
    for protocol in PROTOCOLS {
        for path in ["/streamed", "/collected"] {
            let trailers = &[("x-sum", "1"), ("x-sum", "2")];
            let answer = Upload { path, trailers, ..HELLO }.send(protocol, server.address).await;
            assert_eq!(
                answer.content, r#"hello {"x-sum": "1", "x-sum": "2"} None"#,
                "{path} over {protocol}"
            );
            let answer = Upload { path, ..HELLO }.send(protocol, server.address).await;
            assert_eq!(answer.content, "hello {} None", "{path} over {protocol}");
            let empty = Upload { path, ..Upload::default() };
            assert_eq!(
                empty.send(protocol, server.address).await.content,
                " {} None",
                "{path} over {protocol}"
            );
            let trailers_alone = Upload { path, trailers: &[("x-sum", "1")], ..Upload::default() };
            let answer = trailers_alone.send(protocol, server.address).await;
            assert_eq!(answer.content, r#" {"x-sum": "1"} None"#, "{path} over {protocol}");
        }
    }
}

#[tokio::test]
async fn forbidden_fields_are_dropped_and_logged() {
    let (log, _guard) = Log::catch_all();
    let server = TestServer::start(app());
    for protocol in PROTOCOLS {
        for path in ["/streamed", "/collected"] {
            let trailers = &[("authorization", "Basic eA=="), ("x-sum", "1"), ("host", "b")];
            let answer = Upload { path, trailers, ..HELLO }.send(protocol, server.address).await;
            assert_eq!(answer.content, r#"hello {"x-sum": "1"} None"#, "{path} over {protocol}");
        }
        log.line(&["DEBUG", "forbidden field", "name=authorization", "reason=authentication"]).await;
        log.line(&["DEBUG", "forbidden field", "name=host", "reason=routing"]).await;
    }
}

#[tokio::test]
async fn collecting_stops_at_its_limit() {
    let server = TestServer::start(app());
    for protocol in PROTOCOLS {
        for (chunks, status) in [(&["12345", "67890"], 200), (&["12345", "678901"], 413)] {
            let upload = Upload { path: "/collected", chunks, ..HELLO };
            let answer = upload.send(protocol, server.address).await;
            assert_eq!(answer.status, status, "{protocol}: {answer:?}");
            let is_problem = answer.field("content-type") == "application/problem+json";
            assert_eq!(is_problem, status == 413, "{protocol}");
        }
    }
}

#[tokio::test]
async fn trailers_over_a_limit_are_a_431_whatever_the_handler_does() {
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
    for protocol in PROTOCOLS {
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
}

#[tokio::test]
async fn field_that_h2_leaves_out_for_its_size_is_not_passed_over() {
    let server = TestServer::start(app());
    // A letter with the shortest HPACK code, and a length over h2's own limit.
    let large = "e".repeat(70_000);
    let trailers = &[("x-small", "1"), ("x-large", &*large)];
    let answer = Upload { trailers, ..HELLO }.send("HTTP/2", server.address).await;
    assert_eq!(answer.status, 431, "{answer:?}");
    // The first is as small as possible on the wire, the second larger there than decoded.
    for fits in ["e".repeat(8000), "\u{e9}".repeat(4000)] {
        let trailers = &[("x-small", "1"), ("x-large", &*fits)];
        let answer = Upload { path: "/careless", trailers, ..HELLO }.send("HTTP/2", server.address).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[tokio::test]
async fn trailers_over_a_limit_break_a_response_that_has_begun() {
    let server = TestServer::limited(app(), with!(Limits { trailer_fields: 1 }));
    for protocol in PROTOCOLS {
        for (trailers, is_whole) in [(&[("x-a", "1")][..], true), (&[("x-a", "1"), ("x-a", "2")], false)] {
            let answer = Upload { path: "/echoed", trailers, ..HELLO }.send(protocol, server.address).await;
            assert_eq!((answer.status, answer.is_whole), (200, is_whole), "{protocol}: {answer:?}");
        }
    }
}
