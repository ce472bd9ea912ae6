//! Request bodies and their trailers reach the handler; a cut or too large body never looks whole.

use super::prelude::{DefaultBodyLimit, RawBody, ReadContent, Router, get, post};
use crate::support::{TestServer, raw, soon, with};
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

async fn http2_post(server: &TestServer, trailers: Option<http::HeaderMap>) -> Result<String, h2::Error> {
    let mut client = raw::http2(server.address).await;
    let request = http::Request::post("https://localhost/").body(()).expect("a request");
    let (response, mut body) = client.send_request(request, false).expect("sent");
    body.send_data(Bytes::from("hello"), trailers.is_none()).expect("sent");
    if let Some(trailers) = trailers {
        body.send_trailers(trailers).expect("sent");
    }
    let mut content = soon("a response", response).await?.into_body();
    let content = raw::http2_read(&mut content).await?;
    Ok(String::from_utf8(content).expect("text"))
}

fn fields(fields: &[(&'static str, String)]) -> http::HeaderMap {
    let mut map = http::HeaderMap::new();
    for (name, value) in fields {
        map.append(*name, value.parse().expect("a value"));
    }
    map
}

#[tokio::test]
async fn request_trailers_reach_the_handler_and_forbidden_ones_do_not() {
    let server = TestServer::start(app());
    let expected = r#"hello {"x-sum": "1", "x-sum": "2"}"#;
    let sent = [("x-sum", "1".into()), ("authorization", "no".into()), ("x-sum", "2".into())];
    assert_eq!(http2_post(&server, Some(fields(&sent))).await.expect("no error"), expected);

    let wire = raw::http1(
        server.address,
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n\
         5\r\nhello\r\n0\r\nx-sum: 1\r\nauthorization: no\r\nx-sum: 2\r\n\r\n",
    )
    .await;
    assert!(wire.ends_with(expected), "{wire}");
}

#[tokio::test]
async fn request_without_trailers_has_none() {
    let server = TestServer::start(app());
    assert_eq!(http2_post(&server, None).await.expect("no error"), "hello {}");
    let request = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
    assert!(raw::http1(server.address, request).await.ends_with("hello {}"));
    let request = "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    assert!(raw::http1(server.address, request).await.ends_with("\r\n\r\n {}"));
}

#[tokio::test]
async fn request_body_that_breaks_off_is_broken_for_the_handler() {
    let (sender, mut accounts) = tokio::sync::mpsc::unbounded_channel();
    // A separate task reads the body: hyper drops the handler when the client resets the stream.
    let app = Router::new().route(
        "/",
        post(|body: RawBody| async move {
            tokio::spawn(async move { sender.send(account(body).await) });
            std::future::pending::<()>().await;
        }),
    );
    let server = TestServer::start(app);
    let mut client = raw::tls(server.address, "http/1.1").await;
    let request = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
    client.write_all(request).await.expect("sent");
    client.shutdown().await.expect("sent");
    drop(client);
    assert_eq!(soon("an account", accounts.recv()).await.expect("an account"), "hello broken");

    let mut client = raw::http2(server.address).await;
    for reason in [h2::Reason::CANCEL, h2::Reason::NO_ERROR] {
        let request = http::Request::post("https://localhost/").body(()).expect("a request");
        let (response, mut body) = client.send_request(request, false).expect("sent");
        body.send_data(Bytes::from("hello"), false).expect("sent");
        tokio::time::sleep(Duration::from_millis(100)).await;
        body.send_reset(reason);
        drop(response);
        let account = soon("an account", accounts.recv()).await;
        assert_eq!(account.as_deref(), Some("hello broken"), "{reason:?}");
    }
}

#[tokio::test]
async fn request_body_that_stalls_is_answered_after_its_limit() {
    let limit = Duration::from_millis(300);
    let server = TestServer::limited(app(), with!(Limits { stalled_body: limit }));
    let began = std::time::Instant::now();
    let request = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 50\r\n\r\nhello";
    let wire = raw::http1(server.address, request).await;
    assert!(wire.starts_with("HTTP/1.1 408 "), "{wire}");
    assert!(wire.contains("\r\nconnection: close\r\n") && wire.contains("arrived for 0.3 s"), "{wire}");
    assert!(began.elapsed() >= limit);
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
async fn body_that_the_handler_leaves_unread_holds_nothing_up() {
    let server = TestServer::start(app());
    let request = "POST /unread HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
    assert!(raw::http1(server.address, request).await.ends_with("\r\n\r\nunread"));
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
