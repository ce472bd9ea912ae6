//! The layer and the extractors compare a request's `Content-Digest` with its content.

use super::prelude::{IntoResponse, Plain, Router, TestServer, over_each_protocol, put};
use crate::support::{
    protocols::Protocol,
    raw,
    upload::{Answer, Upload},
};
use axum_trailers::request::{
    CollectedBody, RequestBody, RequestBodyError, Verified, VerifyContentDigestLayer,
};
use bytes::Bytes;
use futures_util::StreamExt;
use std::sync::{Arc, Mutex};

/// RFC 9530, appendix B.
const HELLO: &str = "{\"hello\": \"world\"}\n";
const SPLIT: &[&str] = &["{\"hello\"", ": \"world\"}\n"];
const SHA_256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
const OTHER: &str = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";

/// The handlers that accepted a request.
#[derive(Clone, Default)]
struct Good(Arc<Mutex<Vec<String>>>);

impl Good {
    fn note(&self, handler: &str) -> String {
        self.0.lock().expect("a list").push(handler.to_owned());
        "good".to_owned()
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("a list"))
    }
}

async fn to_the_end(mut body: RequestBody) -> Result<(), RequestBodyError> {
    let mut content = Vec::new();
    while let Some(chunk) = body.next().await {
        content.extend_from_slice(&chunk?);
    }
    assert_eq!(content, HELLO.as_bytes());
    body.trailers().await?;
    Ok(())
}

/// Its stream waits, so the server begins the response before the end of the request.
async fn echo(body: RequestBody) -> impl IntoResponse {
    Plain::new(body.then(|chunk| async {
        tokio::task::yield_now().await;
        chunk
    }))
}

fn app(good: &Good) -> Router {
    let note = |name: &'static str| {
        let good = good.clone();
        move || good.note(name)
    };
    let (bytes, streamed, collected, careless) =
        (note("bytes"), note("streamed"), note("collected"), note("careless"));
    let (own_streamed, own_collected) = (note("own streamed"), note("own collected"));
    let layered = Router::new()
        .route("/layer/bytes", put(|_content: Bytes| async move { bytes() }))
        .route("/layer/collected", put(|_body: CollectedBody| async move { collected() }))
        .route(
            "/layer/streamed",
            put(|body: RequestBody| async move { to_the_end(body).await.map(|()| streamed()) }),
        )
        .route(
            "/layer/careless",
            put(|mut body: RequestBody| async move {
                let mut failed = false;
                while let Some(chunk) = body.next().await {
                    failed |= chunk.is_err();
                }
                if failed { "never mind".to_owned() } else { careless() }
            }),
        )
        .layer(VerifyContentDigestLayer::required());
    let optional = Router::new()
        .route("/optional", put(|content: Bytes| async move { content }))
        .route("/echo", put(echo))
        .route("/unread", put(|| async { "unread" }))
        .layer(VerifyContentDigestLayer::new());
    let extracted = Router::new()
        .route(
            "/own/streamed",
            put(|Verified(body): Verified<RequestBody>| async move {
                to_the_end(body).await.map(|()| own_streamed())
            }),
        )
        .route("/own/collected", put(|_body: Verified<CollectedBody>| async move { own_collected() }))
        .route("/unverified", put(|body: CollectedBody| async move { body.content.into_response() }));
    Router::new().merge(layered).merge(optional).merge(extracted)
}

const STRICT: [&str; 6] = [
    "/layer/bytes",
    "/layer/collected",
    "/layer/streamed",
    "/layer/careless",
    "/own/streamed",
    "/own/collected",
];

fn problem(answer: &Answer) -> serde_json::Value {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(answer.field("content-type"), "application/problem+json");
    assert_eq!(answer.field("want-content-digest"), "sha-256=10, sha-512=10");
    let problem: serde_json::Value = serde_json::from_str(&answer.content).expect("JSON");
    assert_eq!(problem["status"], 400);
    problem
}

over_each_protocol! {
    content_with_the_right_digest_is_handed_on;
    content_that_fails_is_a_400_that_says_why_and_is_never_handed_on;
    optional_digest_is_checked_if_present;
    stream_that_fails_after_the_response_has_begun_breaks_it;
    body_without_content_is_checked_though_nobody_reads_it;
}

async fn content_with_the_right_digest_is_handed_on(protocol: Protocol) {
    let good = Good::default();
    let server = TestServer::start(app(&good));
    let digest = &[("content-digest", SHA_256)];
    let announced = &[("trailer", "content-digest")];
    let uploads = [
        Upload { fields: digest, chunks: SPLIT, ..Upload::default() },
        Upload { fields: announced, chunks: SPLIT, trailers: digest, ..Upload::default() },
        Upload { chunks: SPLIT, trailers: digest, ..Upload::default() },
    ];

    for (n, upload) in uploads.into_iter().enumerate() {
        for path in STRICT {
            let answer = Upload { path, ..upload }.send(protocol, server.address).await;
            assert_eq!((answer.status, &*answer.content), (200, "good"), "{n} to {path} over {protocol}");
            assert_eq!(good.take().len(), 1);
        }
    }
}

async fn content_that_fails_is_a_400_that_says_why_and_is_never_handed_on(protocol: Protocol) {
    const MISMATCH: &str = "https://iana.org/assignments/http-problem-types#digest-mismatched-values";
    const UNSUPPORTED: &str = "https://iana.org/assignments/http-problem-types#digest-unsupported-algorithms";
    let good = Good::default();
    let server = TestServer::start(app(&good));
    let plain = Upload { chunks: SPLIT, ..Upload::default() };
    let cases = [
        ("wrong header", Upload { fields: &[("content-digest", OTHER)], ..plain }, MISMATCH, OTHER, SHA_256),
        (
            "wrong trailer",
            Upload { trailers: &[("content-digest", OTHER)], ..plain },
            MISMATCH,
            OTHER,
            SHA_256,
        ),
        (
            "never came",
            Upload { fields: &[("trailer", "content-digest")], ..plain },
            "about:blank",
            "trailer field content-digest",
            "none",
        ),
        (
            "came without the other that was announced",
            Upload {
                fields: &[("trailer", "content-digest, x-sum")],
                trailers: &[("content-digest", SHA_256)],
                ..plain
            },
            "about:blank",
            "trailer field x-sum",
            "none",
        ),
        ("missing", plain, "about:blank", "Content-Digest with sha-256 or sha-512", "none"),
        (
            "unknown",
            Upload { fields: &[("content-digest", "md5=:Sd/dVLAcvNLSq16eXua5uQ==:")], ..plain },
            UNSUPPORTED,
            "sha-256 or sha-512",
            "md5",
        ),
        (
            "malformed",
            Upload { fields: &[("content-digest", "sha-256=RK/0")], ..plain },
            "about:blank",
            "Content-Digest with sha-256 or sha-512",
            "sha-256=RK/0",
        ),
        (
            "too short a digest",
            Upload { trailers: &[("content-digest", "sha-512=:AAAA:")], ..plain },
            "about:blank",
            "Content-Digest with sha-256 or sha-512",
            "sha-512=:AAAA:",
        ),
    ];

    for (case, upload, kind, expected, got) in cases {
        for path in STRICT {
            let case = format!("{case} to {path} over {protocol}");
            let answer = Upload { path, ..upload }.send(protocol, server.address).await;
            let problem = problem(&answer);
            assert_eq!(problem["type"], kind, "{case}");
            assert_eq!((&problem["expected"], &problem["got"]), (&expected.into(), &got.into()), "{case}");
            assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{case}");
            assert!(good.take().is_empty(), "{case}");
        }
    }
}

async fn optional_digest_is_checked_if_present(protocol: Protocol) {
    let server = TestServer::start(app(&Good::default()));
    let plain = Upload { path: "/optional", chunks: SPLIT, ..Upload::default() };
    let cases = [
        (plain, true),
        (Upload { fields: &[("content-digest", SHA_256)], ..plain }, true),
        (Upload { fields: &[("content-digest", OTHER)], ..plain }, false),
        (Upload { trailers: &[("content-digest", OTHER)], ..plain }, false),
        (Upload { fields: &[("trailer", "content-digest")], ..plain }, false),
        (Upload { path: "/optional", fields: &[("content-digest", OTHER)], ..Upload::default() }, true),
        (Upload { path: "/optional", fields: &[("content-digest", SHA_256)], ..Upload::default() }, false),
    ];

    for (n, (upload, passes)) in cases.into_iter().enumerate() {
        let answer = upload.send(protocol, server.address).await;
        assert_eq!(answer.status == 200, passes, "case {n} over {protocol}: {answer:?}");
        if !passes {
            problem(&answer);
        }
    }
    let unlayered = Upload { path: "/unverified", fields: &[("content-digest", OTHER)], ..plain };
    assert_eq!(unlayered.send(protocol, server.address).await.content, HELLO, "{protocol}");
}

async fn stream_that_fails_after_the_response_has_begun_breaks_it(protocol: Protocol) {
    let server = TestServer::start(app(&Good::default()));
    let plain = Upload { path: "/echo", chunks: SPLIT, ..Upload::default() };

    for (digest, is_whole) in [(SHA_256, true), (OTHER, false)] {
        let answer =
            Upload { trailers: &[("content-digest", digest)], ..plain }.send(protocol, server.address).await;
        assert_eq!((answer.status, answer.is_whole), (200, is_whole), "{protocol}: {answer:?}");
    }
}

#[tokio::test]
async fn content_that_is_certain_to_fail_is_not_requested() {
    let server = TestServer::start(app(&Good::default()));
    for fields in ["", "content-digest: md5=:AA==:\r\n"] {
        let request = format!(
            "PUT /layer/bytes HTTP/1.1\r\nhost: a\r\n{fields}expect: 100-continue\r\ncontent-length: 5\r\n\
             connection: close\r\n\r\n"
        );
        let wire = raw::http1(server.address, &request).await;
        assert!(wire.starts_with("HTTP/1.1 400"), "{wire}");
    }
    let request = format!(
        "PUT /layer/bytes HTTP/1.1\r\nhost: a\r\ncontent-digest: {SHA_256}\r\nexpect: 100-continue\r\n\
         content-length: 19\r\nconnection: close\r\n\r\n{HELLO}"
    );
    let wire = raw::http1(server.address, &request).await;
    assert!(wire.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"), "{wire}");
}

async fn body_without_content_is_checked_though_nobody_reads_it(protocol: Protocol) {
    let server = TestServer::start(app(&Good::default()));

    for (digest, status) in [(OTHER, 200), (SHA_256, 400)] {
        let fields = &[("content-digest", digest)];
        let upload = Upload { path: "/unread", fields, ..Upload::default() };
        assert_eq!(upload.send(protocol, server.address).await.status, status, "{protocol}");
    }
}
