//! A `ResponseObserver` gets what the server sends, in order, also of a response that replaces the handler's.

use super::prelude::{self, Extension, IntoResponse, Plain, Response, Router, get, map_response};
use crate::support::{
    TestServer,
    protocols::{Protocol, Settings, over_each_protocol, read},
    raw, soon, with,
};
use axum_trailers::{
    body::{self, Sender},
    trailers::{
        Declared, Trailers, WithheldReason,
        server::{Observe, Outcome, ResponseObserver},
    },
};
use futures_util::stream;
use http::{HeaderMap, StatusCode};
use std::{
    convert::Infallible,
    future::{pending, ready},
    sync::{Arc, Mutex},
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

struct Calls(UnboundedSender<String>);

impl Calls {
    fn add(&self, call: String) {
        let _nobody_reads_it = self.0.send(call);
    }
}

impl Observe for Calls {
    fn header_section(&self, status: StatusCode, fields: &[(&str, &[u8])]) {
        let has = |wanted: &&str| fields.iter().any(|(name, _)| name == wanted);
        let framing = ["content-length", "transfer-encoding"].into_iter().find(has);
        self.add(format!("{} {}", status.as_u16(), framing.unwrap_or("unframed")));
    }

    fn data(&self, bytes: usize) {
        self.add(bytes.to_string());
    }

    fn trailers(&self, trailers: &HeaderMap) {
        self.add(trailers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>().join(","));
    }

    fn withheld(&self, reason: WithheldReason) {
        self.add(reason.label().to_owned());
    }

    fn ended(&self, outcome: Outcome) {
        self.add(format!("{outcome:?}"));
    }
}

fn produced<F>(producer: fn(Sender) -> F) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, body) = body::channel(1024, Declared::new(["x-rows", "x-error"]).expect("permitted fields"));
    tokio::spawn(producer(sender));
    body.into_response()
}

async fn finish(mut sender: Sender) {
    sender.send("first").await.expect("a reader");
    let mut trailers = Trailers::new();
    trailers.insert("x-rows", 1).expect("a permitted field");
    trailers.insert("x-error", "none").expect("a permitted field");
    sender.finish(trailers).expect("a reader");
}

async fn fail(mut sender: Sender) {
    sender.send("first").await.expect("a reader");
    let mut trailers = Trailers::new();
    trailers.insert("x-error", "lost").expect("a permitted field");
    sender.fail_with_trailers(trailers).expect("a reader");
}

async fn stop(mut sender: Sender) {
    sender.send("first").await.expect("a reader");
}

async fn hang(mut sender: Sender) {
    sender.send("first").await.expect("a reader");
    pending::<()>().await;
}

fn of_length(length: &'static str) -> Response {
    let body = Plain::new(stream::iter(["a", "b"].map(Ok::<_, Infallible>)));
    ([("content-length", length)], body).into_response()
}

/// A server that serves these routes, each observed.
fn serve() -> (TestServer, UnboundedReceiver<String>) {
    let (calls, seen) = unbounded_channel();
    // An extension must be `Sync`.
    let calls = Arc::new(Mutex::new(calls));
    let observe = move |response: Response| {
        let calls = calls.lock().expect("no panic").clone();
        ready((Extension(ResponseObserver::new(Calls(calls))), response))
    };
    let app = Router::new()
        .route("/finishes", get(|| async { produced(finish) }))
        .route("/fails", get(|| async { produced(fail) }))
        .route("/stops", get(|| async { produced(stop) }))
        .route("/hangs", get(|| async { produced(hang) }))
        .route("/text", get(|| async { "text" }))
        .route("/empty", get(|| async { prelude::StatusCode::NO_CONTENT }))
        .route("/early", get(|| async { prelude::StatusCode::from_u16(103).expect("a status") }))
        .route("/short", get(|| async { of_length("3") }))
        .route("/long", get(|| async { of_length("1") }))
        .route("/large", get(|| async { ([("x-large", "a".repeat(100_000))], "text") }))
        .layer(map_response(observe));
    (TestServer::start(app), seen)
}

async fn assert_calls(seen: &mut UnboundedReceiver<String>, expected: &[&str], case: &str) {
    for expected in expected {
        let call = soon(case, seen.recv()).await.expect("a call");
        assert_eq!(call, *expected, "{case}");
    }
    assert!(seen.try_recv().is_err(), "{case}: no other call");
}

over_each_protocol! {
    client_that_leaves_and_a_shutdown_are_told_apart;
    calls_come_in_order_and_once;
    head_has_no_content_and_a_replacement_is_reported;
    observer_that_panics_harms_no_response;
}

async fn calls_come_in_order_and_once(protocol: Protocol) {
    let (server, mut seen) = serve();
    let client = protocol.client(server.address).await;
    let streamed = if protocol == Protocol::Http1 { "200 transfer-encoding" } else { "200 unframed" };
    for (path, expected) in [
        ("/finishes", &[streamed, "5", "x-rows,x-error", "Complete"][..]),
        ("/fails", &[streamed, "5", "x-error", "FailureReported"]),
        ("/stops", &[streamed, "5", "Cut"]),
        ("/text", &["200 content-length", "4", "Complete"]),
        ("/empty", &["204 unframed", "Complete"]),
        ("/short", &["200 content-length", "1", "1", "Cut"]),
        ("/long", &["200 content-length", "1", "Cut"]),
    ] {
        let request = client.request("GET", path).header("te", "trailers");
        // Whether the client sees an error is not the matter of this test.
        if let Ok(response) = request.send().await {
            let _ended = read(response).await;
        }
        assert_calls(&mut seen, expected, &format!("{path} over {protocol}")).await;
    }
}

async fn head_has_no_content_and_a_replacement_is_reported(protocol: Protocol) {
    let (server, mut seen) = serve();
    let client = protocol.client_with(server.address, with!(Settings { section: Some(16 * 1024) })).await;
    let head = client.request("HEAD", "/text").send().await.expect("a response");
    assert_eq!(head.status(), 200);
    assert_calls(&mut seen, &["200 content-length", "Complete"], "HEAD").await;
    // An informational status can't be a response. Only over HTTP/2 a section past the client's bound is replaced.
    for path in
        ["/early", "/large"].into_iter().filter(|path| *path != "/large" || protocol == Protocol::Http2)
    {
        let response = client.request("GET", path).send().await.expect("a response");
        assert_eq!(response.status(), 500, "{path} over {protocol}");
        let length = read(response).await.expect("no error").content.len().to_string();
        assert_calls(&mut seen, &["500 content-length", &length, "Complete"], path).await;
    }
}

#[tokio::test]
async fn withheld_trailers_are_reported_with_the_reason() {
    let (server, mut seen) = serve();
    let response = Protocol::Http1
        .client(server.address)
        .await
        .request("GET", "/finishes")
        .send()
        .await
        .expect("a response");
    read(response).await.expect("no error");
    assert_calls(&mut seen, &["200 transfer-encoding", "not_asked", "5", "Complete"], "HTTP/1.1").await;
    raw::http1(server.address, "GET /finishes HTTP/1.0\r\nhost: localhost\r\n\r\n").await;
    assert_calls(&mut seen, &["200 unframed", "old_protocol", "5", "Complete"], "HTTP/1.0").await;
}

async fn client_that_leaves_and_a_shutdown_are_told_apart(protocol: Protocol) {
    let (server, mut seen) = serve();
    let client = protocol.client(server.address).await;
    let streamed = if protocol == Protocol::Http1 { "200 transfer-encoding" } else { "200 unframed" };
    let response = client.get("/hangs").await;
    assert_calls(&mut seen, &[streamed, "5"], "the beginning").await;
    drop(response);
    assert_calls(&mut seen, &["ClientGone"], "a client that leaves").await;
    let _response = client.get("/hangs").await;
    assert_calls(&mut seen, &[streamed, "5"], "the beginning").await;
    server.handle.abort();
    assert_calls(&mut seen, &["Cut"], "a shutdown").await;
}

/// Panics in one of its calls.
struct Panicking(&'static str);

impl Panicking {
    fn called(&self, call: &str) {
        assert_ne!(call, self.0, "on purpose");
    }
}

impl Observe for Panicking {
    fn header_section(&self, _: StatusCode, _: &[(&str, &[u8])]) {
        self.called("header_section");
    }

    fn data(&self, _: usize) {
        self.called("data");
    }

    fn trailers(&self, _: &HeaderMap) {
        self.called("trailers");
    }

    fn withheld(&self, _: WithheldReason) {
        self.called("withheld");
    }

    fn ended(&self, _: Outcome) {
        self.called("ended");
    }
}

async fn observer_that_panics_harms_no_response(protocol: Protocol) {
    for call in ["header_section", "data", "trailers", "withheld", "ended"] {
        let observe =
            move |response: Response| ready((Extension(ResponseObserver::new(Panicking(call))), response));
        let app = Router::new()
            .route("/finishes", get(|| async { produced(finish) }))
            .route("/hangs", get(|| async { produced(hang) }))
            .layer(map_response(observe));
        let server = TestServer::start(app);
        let client = protocol.client(server.address).await;
        let mut beside = client.get("/hangs").await;
        // Over HTTP/1.1, trailers are withheld without `TE`.
        let response = match call {
            "withheld" => client.request("GET", "/finishes").send().await.expect("a response"),
            _ => client.get("/finishes").await,
        };
        assert_eq!(read(response).await.expect("no error").content, b"first", "{call} over {protocol}");
        let chunk = soon("the other response", beside.chunk()).await.expect("no error");
        assert_eq!(chunk.expect("a chunk"), "first", "{call} over {protocol}");
    }
}
