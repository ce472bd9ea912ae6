//! Request bodies and their trailers reach the handler; a cut or too large body never looks whole.

use super::prelude::{DefaultBodyLimit, RawBody, ReadContent, Router, get, post};
use crate::support::{
    TestServer,
    protocols::{Protocol, Request, over_each_protocol},
    raw, soon, with,
};
use axum_trailers_server::Limits;
use bytes::Bytes;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Describes what arrived: the content and the trailers, or the error.
async fn account(RawBody(mut body): RawBody) -> String {
    let mut account = String::new();
    while let Some(chunk) = body.data().await {
        match chunk {
            Ok(chunk) => account += &String::from_utf8_lossy(&chunk),
            Err(_) => return account + " broken",
        }
    }
    match body.trailers().await {
        Ok(trailers) => format!("{account} {:?}", trailers.unwrap_or_default()),
        Err(_) => account + " broken",
    }
}

fn app() -> Router {
    Router::new()
        .route("/", post(account))
        .route("/unread", post(|| async { "unread" }))
        .layer(DefaultBodyLimit::disable())
}

over_each_protocol! {
    request_trailers_reach_the_handler_and_forbidden_ones_do_not;
    request_without_trailers_has_none;
    request_body_that_breaks_off_is_broken_for_the_handler;
    request_body_that_stalls_is_answered_after_its_limit;
    body_that_the_handler_leaves_unread_holds_nothing_up;
}

async fn posted(request: Request<'_>) -> String {
    request.send().await.expect("a response").text().await.expect("whole")
}

async fn request_trailers_reach_the_handler_and_forbidden_ones_do_not(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    let trailers = [("x-sum", "1"), ("authorization", "no"), ("x-sum", "2")];
    let account = posted(client.request("POST", "/").body("hello").trailers(&trailers)).await;
    assert_eq!(account, r#"hello {"x-sum": "1", "x-sum": "2"}"#);
}

async fn request_without_trailers_has_none(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    assert_eq!(posted(client.request("POST", "/").body("hello")).await, "hello {}");
    let request = client.request("POST", "/").header("content-length", "5").body("hello");
    assert_eq!(posted(request).await, "hello {}");
    assert_eq!(posted(client.request("POST", "/")).await, " {}");
}

async fn request_body_that_breaks_off_is_broken_for_the_handler(protocol: Protocol) {
    let (sender, mut accounts) = tokio::sync::mpsc::unbounded_channel();
    // A separate task reads the body: the handler is dropped when the client resets the stream.
    let app = Router::new().route(
        "/",
        post(|body: RawBody| async move {
            tokio::spawn(async move { sender.send(account(body).await) });
            std::future::pending::<()>().await;
        }),
    );
    let server = TestServer::start(app);
    let client = protocol.client(server.address).await;
    for length in [&[("content-length", "10")][..], &[]] {
        let request = client.request("POST", "/").headers(length).body("hello");
        let upload = request.begin().await.expect("a stream");
        tokio::time::sleep(Duration::from_millis(100)).await;
        upload.abort();
        let account = soon("an account", accounts.recv()).await;
        assert_eq!(account.as_deref(), Some("hello broken"), "{length:?}");
    }
}

/// A reset with a code that is not for errors is no end
/// ([RFC 9113 §8.1](https://www.rfc-editor.org/rfc/rfc9113#section-8.1)).
#[tokio::test]
async fn http2_reset_with_no_error_breaks_the_body() {
    let (sender, mut accounts) = tokio::sync::mpsc::unbounded_channel();
    let app = Router::new().route(
        "/",
        post(|body: RawBody| async move {
            tokio::spawn(async move { sender.send(account(body).await) });
            std::future::pending::<()>().await;
        }),
    );
    let server = TestServer::start(app);
    let mut client = raw::http2(server.address).await;
    let request = http::Request::post("https://localhost/").body(()).expect("a request");
    let (_response, mut body) = client.send_request(request, false).expect("sent");
    body.send_data(Bytes::from("hello"), false).expect("sent");
    tokio::time::sleep(Duration::from_millis(100)).await;
    body.send_reset(h2::Reason::NO_ERROR);
    let account = soon("an account", accounts.recv()).await;
    assert_eq!(account.as_deref(), Some("hello broken"));
}

async fn request_body_that_stalls_is_answered_after_its_limit(protocol: Protocol) {
    let limit = Duration::from_millis(300);
    let server = TestServer::limited(app(), with!(Limits { stalled_body: limit }));
    let client = protocol.client(server.address).await;
    let began = std::time::Instant::now();
    let request = client.request("POST", "/").header("content-length", "50").body("hello");
    let mut upload = request.begin().await.expect("a stream");
    let response = upload.response().await.expect("a response");
    assert_eq!(response.status(), 408);
    assert_eq!(response.field("connection") == "close", protocol == Protocol::Http1);
    let problem = response.text().await.expect("whole");
    assert!(problem.contains("arrived for 0.3 s"), "{problem}");
    assert!(began.elapsed() >= limit);
}

async fn body_that_the_handler_leaves_unread_holds_nothing_up(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    let request = client.request("POST", "/unread").header("content-length", "5").body("hello");
    assert_eq!(posted(request).await, "unread");
}

#[tokio::test]
async fn stall_counts_only_while_the_handler_reads() {
    let limit = Duration::from_millis(400);
    let app = Router::new().route(
        "/",
        post(move |RawBody(mut body): RawBody| async move {
            tokio::time::sleep(2 * limit).await;
            let mut first = String::new();
            while first.len() < 5 {
                first += &String::from_utf8_lossy(&body.data().await.expect("more").expect("no error"));
            }
            tokio::time::sleep(3 * limit).await;
            format!("{first} {}", account(RawBody(body)).await)
        }),
    );
    let server = TestServer::limited(app, with!(Limits { stalled_body: limit }));
    let mut client = raw::tls(server.address, "http/1.1").await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n";
    client.write_all(head.as_bytes()).await.expect("sent");
    let began = std::time::Instant::now();
    let mut asked = [0; 25];
    soon("100 Continue", client.read_exact(&mut asked)).await.expect("an answer");
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    assert!(began.elapsed() >= limit, "nothing is asked of the client before the handler reads");
    client.write_all(b"hello").await.expect("sent");
    tokio::time::sleep(2 * limit).await;
    client.write_all(b"world").await.expect("sent");
    assert!(raw::rest(&mut client).await.ends_with("hello world {}"));
}

#[tokio::test]
async fn thread_that_was_blocked_makes_no_client_slow() {
    let limit = Duration::from_millis(400);
    let block = move || async move { std::thread::sleep(limit * 5 / 2) };
    let app = app().route("/block", get(block));
    let limits = with!(Limits { stalled_body: limit });
    let server = TestServer::with(app, |server| server.limits(limits).threads(1));
    let mut client = raw::tls(server.address, "http/1.1").await;
    let request = b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 10\r\n\r\nhello";
    client.write_all(request).await.expect("sent");
    // The handler waits for the rest now or soon.
    tokio::time::sleep(limit / 4).await;
    let _blocks = raw::http1_asked(server.address, "/block").await;
    tokio::time::sleep(limit / 4).await;
    client.write_all(b"world").await.expect("sent");
    let wire = raw::rest(&mut client).await;
    assert!(wire.ends_with("helloworld {}"), "{wire}");
}
