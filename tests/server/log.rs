//! The log line of a request reports how it ended, whatever the cause.

use super::prelude::{
    Router, get, post,
    producer::{Producers, declared, rows},
};
use crate::support::{
    TestServer, http1, http2,
    log::Log,
    protocols::{Protocol, over_each_protocol},
    with,
};
use axum_trailers::body::{self, StreamBody};
use axum_trailers_server::Limits;
use futures_util::stream;
use std::{convert::Infallible, time::Duration};

const SHORT: Duration = Duration::from_millis(300);

over_each_protocol! {
    failure_is_told_with_its_reason;
    stalled_reader_is_told;
    log_distinguishes_a_client_that_leaves_from_a_shutdown;
    response_of_known_length_is_complete_only_when_its_reader_took_it;
}

/// The part of a line that names the protocol.
fn over(protocol: Protocol) -> String {
    format!(" protocol={protocol:?} ")
}

async fn failure_is_told_with_its_reason(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let fails = || async { body::channel(1024, declared()).1 };
    let server = TestServer::start(Router::new().route("/fails", get(fails)));
    let client = protocol.client(server.address).await;
    client.cut("/fails").await;
    let ended = "ended=failed: the producer stopped";
    log.line(&["/fails", &over(protocol), "bytes_out=0", "trailers=none", ended]).await;
}

async fn stalled_reader_is_told(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let producers = Producers::new();
    let limits = with!(Limits { stalled_reader: SHORT });
    let server = TestServer::limited(producers.router(), limits);
    let client = protocol.client(server.address).await;
    let _quiet = client.get("/quiet").await;
    let response = client.get("/endless").await;
    producers.ended.acquire().await.expect("open").forget();
    // A cut stream counts as stalled even if its client gives it up afterwards.
    drop(response);
    log.line(&["/endless", &over(protocol), "ended=cut: the client stopped reading"]).await;
}

async fn log_distinguishes_a_client_that_leaves_from_a_shutdown(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(Producers::new().router());
    let client = protocol.client(server.address).await;
    drop(client.get("/endless").await);
    log.line(&["/endless", &over(protocol), "ended=client gone"]).await;
    let _quiet = client.get("/quiet").await;
    server.handle.abort();
    log.line(&["/quiet", &over(protocol), "ended=cut: server shutdown"]).await;
}

async fn response_of_known_length_is_complete_only_when_its_reader_took_it(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let large = || async { vec![b'x'; 20_000_000] };
    let server = TestServer::start(Router::new().route("/large", get(large)));
    let client = protocol.client(server.address).await;
    drop(client.get("/large").await);
    log.line(&["/large", &over(protocol), "ended=client gone"]).await;
}

#[tokio::test]
async fn head_has_no_trailers_that_could_be_withheld() {
    let (log, _guard) = Log::catch();
    let app = || async {
        let (sender, body) = body::channel(1024, declared());
        sender.finish(rows(1)).expect("as declared");
        body
    };
    let server = TestServer::start(Router::new().route("/", get(app)));
    http1().head(server.url("/")).send().await.expect("a response");
    log.line(&["method=HEAD", "HTTP/1.1", "trailers=none ended=complete"]).await;
    http1().get(server.url("/")).send().await.expect("a response").bytes().await.expect("whole");
    log.line(&["method=GET", "HTTP/1.1", "trailers=withheld (no `TE: trailers`) ended=complete"]).await;
}

#[tokio::test]
async fn handler_events_have_the_request_span_with_the_outcome() {
    let (log, _guard) = Log::catch_spans();
    let logs = async || {
        tracing::info!("from the handler");
        StreamBody::new(stream::once(async {
            tracing::info!("from the body");
            Ok::<_, Infallible>("ok")
        }))
    };
    let server = TestServer::start(Router::new().route("/logs", get(logs)));
    server.get(&http2(), "/logs").await.bytes().await.expect("content");
    log.line(&["request{", "method=GET", "request_target=\"/logs\"", "}", "from the handler"]).await;
    log.line(&["request{", "request_target=\"/logs\"", "}", "from the body"]).await;
    let parts = [
        "request{",
        "request_target=\"/logs\"",
        "status=200",
        "bytes_out=2",
        "trailers=none",
        "ended=complete}",
        ": close",
    ];
    log.line(&parts).await;
}

#[tokio::test]
async fn line_of_a_request_stands_alone() {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(Router::new().route("/", get(|| async { "ok" })));
    // This span covers everything that is polled on this thread.
    let _elsewhere = tracing::info_span!("elsewhere").entered();
    server.get(&http2(), "/").await.bytes().await.expect("content");
    log.line(&["INFO axum_trailers::request: client=", "request_target=\"/\"", "ended=complete"]).await;
}

#[tokio::test]
async fn request_body_events_have_the_request_span() {
    let (log, _guard) = Log::catch_all();
    let server = TestServer::start(Router::new().route("/unread", post(|| async { "ok" })));
    let sent = http2().post(server.url("/unread")).body("unread").send().await;
    sent.expect("a response").bytes().await.expect("content");
    log.line(&[
        "request{",
        "request_target=\"/unread\"",
        "}",
        "request body ended early",
        "the application dropped it",
    ])
    .await;
}
