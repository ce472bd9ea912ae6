//! The log line of a request reports how it ended, whatever the cause.

use super::prelude::{
    Router, get, post,
    producer::{Producers, declared, rows},
};
use crate::support::{TestServer, http1, http2, log::Log, raw, with};
use axum_trailers::body::{self, StreamBody};
use axum_trailers_server::Limits;
use futures_util::stream;
use std::{convert::Infallible, time::Duration};

const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn failure_is_told_with_its_reason() {
    let (log, _guard) = Log::catch();
    let fails = || async { body::channel(1024, declared()).1 };
    let server = TestServer::start(Router::new().route("/fails", get(fails)));
    let mut client = raw::http2(server.address).await;
    let mut body = raw::http2_get(&mut client, "/fails").await;
    raw::http2_read(&mut body).await.expect_err("a reset");
    log.line(&["/fails", "bytes_out=0", "trailers=none", "ended=failed: the producer stopped"]).await;
}

#[tokio::test]
async fn stalled_reader_is_told_over_both_protocols() {
    let (log, _guard) = Log::catch();
    let producers = Producers::new();
    let limits = with!(Limits { stalled_reader: SHORT });
    let server = TestServer::limited(producers.router(), limits);
    let _http1 = raw::http1_get(server.address, "/endless").await;
    log.line(&["/endless", "HTTP/1.1", "ended=cut: the client stopped reading"]).await;

    // A cut stream counts as stalled even if its client resets it afterwards.
    let mut client = raw::http2(server.address).await;
    let _quiet = raw::http2_get(&mut client, "/quiet").await;
    let body = raw::http2_get(&mut client, "/endless").await;
    producers.ended.acquire_many(2).await.expect("open").forget();
    drop(body);
    log.line(&["/endless", "HTTP/2\"", "ended=cut: the client stopped reading"]).await;
}

#[tokio::test]
async fn log_distinguishes_a_client_that_leaves_from_a_shutdown() {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(Producers::new().router());
    drop(raw::http1_get(server.address, "/endless").await);
    log.line(&["/endless", "ended=client gone"]).await;
    let _quiet = raw::http1_get(server.address, "/quiet").await;
    server.handle.abort();
    log.line(&["/quiet", "ended=cut: server shutdown"]).await;
}

#[tokio::test]
async fn response_of_known_length_is_complete_only_when_its_reader_took_it() {
    let (log, _guard) = Log::catch();
    let large = || async { vec![b'x'; 20_000_000] };
    let server = TestServer::start(Router::new().route("/large", get(large)));
    drop(raw::http1_get(server.address, "/large").await);
    log.line(&["/large", "ended=client gone"]).await;
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
