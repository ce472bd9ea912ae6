//! The extractors of a request's body return its trailers without forbidden fields, and never a cut body as a whole one.

use super::prelude::{DefaultBodyLimit, HeaderMap, Router, TestServer, over_each_protocol, put};
use crate::support::{log::Log, protocols::Protocol, soon, upload::Upload};
use axum_trailers::request::{CollectedBody, RequestBody, RequestBodyError};
use futures_util::StreamExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

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

pub(crate) fn app() -> Router {
    Router::new()
        .route("/streamed", put(streamed))
        .route("/collected", put(collected))
        .layer(DefaultBodyLimit::max(10))
}

pub(crate) const HELLO: Upload<'_> =
    Upload { method: "PUT", path: "/streamed", fields: &[], chunks: &["hel", "lo"], trailers: &[] };

over_each_protocol! {
    content_that_breaks_off_is_never_whole;
    content_comes_and_then_the_trailers;
    forbidden_fields_are_dropped_and_logged;
    collecting_stops_at_its_limit;
    content_that_comes_to_its_end_is_whole;
}

async fn content_comes_and_then_the_trailers(protocol: Protocol) {
    let server = TestServer::start(app());

    for path in ["/streamed", "/collected"] {
        let trailers = &[("x-sum", "1"), ("x-sum", "2")];
        let answer = Upload { path, trailers, ..HELLO }.send(protocol, server.address).await;
        assert_eq!(answer.content, r#"hello {"x-sum": "1", "x-sum": "2"} None"#, "{path} over {protocol}");
        let answer = Upload { path, ..HELLO }.send(protocol, server.address).await;
        assert_eq!(answer.content, "hello {} None", "{path} over {protocol}");
        let empty = Upload { path, ..Upload::default() };
        assert_eq!(empty.send(protocol, server.address).await.content, " {} None", "{path} over {protocol}");
        let trailers_alone = Upload { path, trailers: &[("x-sum", "1")], ..Upload::default() };
        let answer = trailers_alone.send(protocol, server.address).await;
        assert_eq!(answer.content, r#" {"x-sum": "1"} None"#, "{path} over {protocol}");
    }
}

async fn forbidden_fields_are_dropped_and_logged(protocol: Protocol) {
    let (log, _guard) = Log::catch_all();
    let server = TestServer::start(app());

    for path in ["/streamed", "/collected"] {
        let trailers = &[("authorization", "Basic eA=="), ("x-sum", "1"), ("host", "b")];
        let answer = Upload { path, trailers, ..HELLO }.send(protocol, server.address).await;
        assert_eq!(answer.content, r#"hello {"x-sum": "1"} None"#, "{path} over {protocol}");
    }
    log.line(&["DEBUG", "forbidden field", "name=authorization", "reason=authentication"]).await;
    log.line(&["DEBUG", "forbidden field", "name=host", "reason=routing"]).await;
}

async fn collecting_stops_at_its_limit(protocol: Protocol) {
    let server = TestServer::start(app());

    for (chunks, status) in [(&["12345", "67890"], 200), (&["12345", "678901"], 413)] {
        let upload = Upload { path: "/collected", chunks, ..HELLO };
        let answer = upload.send(protocol, server.address).await;
        assert_eq!(answer.status, status, "{protocol}: {answer:?}");
        let is_problem = answer.field("content-type") == "application/problem+json";
        assert_eq!(is_problem, status == 413, "{protocol}");
    }
}

/// Reports each chunk of a body, and how it ends.
async fn report(mut body: RequestBody, came: UnboundedSender<String>) {
    let broken = |_: RequestBodyError| "broken".to_owned();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map(|chunk| String::from_utf8_lossy(&chunk).into_owned());
        came.send(chunk.unwrap_or_else(broken)).expect("a receiver");
    }
    let end = body.trailers().await.map(|_trailers| "whole".to_owned());
    came.send(end.unwrap_or_else(broken)).expect("a receiver");
}

/// Each request is reported from a task, because a server drops the handler if its client leaves.
fn reporting() -> (TestServer, UnboundedReceiver<String>) {
    let (sender, came) = unbounded_channel();
    let handler = |body: RequestBody| async move {
        tokio::spawn(report(body, sender)).await.expect("no panic");
    };
    (TestServer::start(Router::new().route("/", put(handler))), came)
}

/// The next report that is not an empty chunk.
async fn next(came: &mut UnboundedReceiver<String>) -> String {
    loop {
        let report = soon("a report", came.recv()).await.expect("a report");
        if !report.is_empty() {
            return report;
        }
    }
}

/// Content that announces its length, and content that does not.
const LENGTHS: [&[(&str, &str)]; 2] = [&[("content-length", "10")], &[]];

async fn content_that_breaks_off_is_never_whole(protocol: Protocol) {
    let (server, mut came) = reporting();
    let client = protocol.client(server.address).await;
    for length in LENGTHS {
        let upload =
            client.request("PUT", "/").headers(length).body("hello").begin().await.expect("a stream");
        assert_eq!(next(&mut came).await, "hello");
        upload.abort();
        assert_eq!([next(&mut came).await, next(&mut came).await], ["broken"; 2], "{length:?}");
    }
}

async fn content_that_comes_to_its_end_is_whole(protocol: Protocol) {
    let (server, mut came) = reporting();
    let client = protocol.client(server.address).await;
    for length in LENGTHS {
        let request = client.request("PUT", "/").headers(length).body("hello");
        let mut upload = request.begin().await.expect("a stream");
        assert_eq!(next(&mut came).await, "hello");
        upload.end("world").await;
        assert_eq!([next(&mut came).await, next(&mut came).await], ["world", "whole"], "{length:?}");
        assert_eq!(upload.response().await.expect("a response").status(), 200);
    }
}
