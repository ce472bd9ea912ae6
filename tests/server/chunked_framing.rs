//! Malformed chunked content is rejected, and the bytes after it are not taken for a request.

use super::prelude::{RawBody, Router, echo, get, post};
use crate::support::{TestServer, log::Log, raw, soon};
use axum_trailers::request::CollectedBody;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};
use tokio::io::AsyncWriteExt;

/// `/collect` and `/unread` accept content, `/echo` sends it back; malformed content must not lead to `/smuggled`.
fn app(smuggled: &Arc<AtomicUsize>) -> Router {
    let smuggled = smuggled.clone();
    let collect = |body: CollectedBody| async move {
        format!("{} bytes, {:?}", body.content.len(), body.trailers.as_map())
    };
    let count = move || async move { format!("smuggled {}", smuggled.fetch_add(1, SeqCst)) };
    Router::new()
        .route("/collect", post(collect))
        .route("/unread", post(|| async { "unread" }))
        .route("/echo", post(|RawBody(content): RawBody| async { echo(content) }))
        .route("/smuggled", get(count))
}

fn request(path: &str, content: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{content}\
         GET /smuggled HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
    )
}

const MALFORMED: [&str; 16] = [
    "5\r\nhello\r\n0\r\n\n",
    "5\r\nhello\r\n0\r\nx-a: 1\n\n",
    "5\r\nhello\r\n0\r\nx-a: 1\r\n\n",
    "5\r\nhello\r\n0\r\nx-a: 1\n\r\n",
    "5\r\nhello\r\n0\r\nx-a: 1\nx-b: 2\n\n",
    "5\r\nhello\r\n0\r\nx-a : 1\r\n\r\n",
    "5\r\nhello\r\n0\r\nx-a: 1\r\n folded\r\n\r\n",
    "5\r\nhello\r\n0\r\nno field\r\n\r\n",
    "5\r\nhello\r\n0\r\nx-a: \u{1}\r\n\r\n",
    "5\nhello\r\n0\r\n\r\n",
    "5 \r\nhello\r\n0\r\n\r\n",
    "5;a\u{0}\r\nhello\r\n0\r\n\r\n",
    "5;a\nhello\r\n0\r\n\r\n",
    "5\r\nhello!\r\n0\r\n\r\n",
    "5\r\nhello\n0\r\n\r\n",
    "+5\r\nhello\r\n0\r\n\r\n",
];

#[tokio::test]
async fn malformed_content_is_400_and_the_connection_closes() {
    let smuggled = Arc::default();
    let server = TestServer::start(app(&smuggled));
    for content in MALFORMED {
        let wire = raw::http1(server.address, &request("/collect", content)).await;
        assert!(wire.starts_with("HTTP/1.1 400 "), "{content:?}: {wire}");
        assert!(wire.contains("\r\nconnection: close\r\n"), "{content:?}: {wire}");
        assert!(wire.contains("the request content is malformed: "), "{content:?}: {wire}");
        assert_eq!(wire.matches("HTTP/1.1 ").count(), 1, "{content:?}: {wire}");
    }
    assert_eq!(smuggled.load(SeqCst), 0);
}

#[tokio::test]
async fn malformed_content_that_nobody_reads_is_400_too() {
    let (log, _guard) = Log::catch();
    let smuggled = Arc::default();
    let server = TestServer::start(app(&smuggled));
    for content in MALFORMED {
        let wire = raw::http1(server.address, &request("/unread", content)).await;
        assert!(wire.starts_with("HTTP/1.1 400 "), "{content:?}: {wire}");
        assert!(wire.contains("\r\nconnection: close\r\n"), "{content:?}: {wire}");
        assert_eq!(wire.matches("HTTP/1.1 ").count(), 1, "{content:?}: {wire}");
    }
    assert_eq!(smuggled.load(SeqCst), 0);
    log.line(&["INFO", "connection closed: malformed message", "peer=127.0.0.1:", "without CRLF"]).await;
}

#[tokio::test]
async fn malformed_content_breaks_a_response_that_has_begun() {
    let smuggled = Arc::default();
    let server = TestServer::start(app(&smuggled));
    let mut client = raw::tls(server.address, "http/1.1").await;
    let head = b"POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
    client.write_all(head).await.expect("sent");
    let mut begun = Vec::new();
    while !begun.windows(5).any(|five| five == b"hello") {
        use tokio::io::AsyncReadExt;
        assert_ne!(soon("the echo", client.read_buf(&mut begun)).await.expect("no error"), 0);
    }
    client.write_all(b"0\r\nx: y\n\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    let rest = raw::rest(&mut client).await;
    assert!(
        !rest.contains("\r\n0\r\n") && !rest.starts_with("0\r\n") && !rest.contains("HTTP/1.1"),
        "{rest}"
    );
    assert_eq!(smuggled.load(SeqCst), 0);
}

#[tokio::test]
async fn well_formed_content_is_served_and_so_is_the_next_request() {
    let smuggled = Arc::default();
    let server = TestServer::start(app(&smuggled));
    for (n, (content, answer)) in [
        ("0\r\n\r\n", "0 bytes, {}"),
        ("5\r\nhello\r\n0\r\n\r\n", "5 bytes, {}"),
        (
            "5;a=\"b c\"\r\nhello\r\n00\r\nx-a: 1\r\nx-b: \t2 \r\n\r\n",
            "5 bytes, {\"x-a\": \"1\", \"x-b\": \"2\"}",
        ),
        ("a ;b\r\n0\r\n\r\nhello\r\n0\r\n\r\n", "10 bytes, {}"),
    ]
    .into_iter()
    .enumerate()
    {
        let wire = raw::http1(server.address, &request("/collect", content)).await;
        assert!(wire.contains(answer), "{content:?}: {wire}");
        assert!(wire.ends_with(&format!("smuggled {n}")), "{content:?}: {wire}");
    }
}

#[tokio::test]
async fn length_beside_chunked_is_400_and_the_connection_closes() {
    let smuggled = Arc::default();
    let server = TestServer::start(app(&smuggled));
    let coding = "transfer-encoding: chunked\r\n";
    let length = "content-length: 3\r\n";
    for fields in
        [format!("{coding}{length}"), format!("{length}{coding}"), format!("Content-Length:3\r\n{coding}")]
    {
        let first = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
        let both = format!("POST /collect HTTP/1.1\r\nhost: a\r\n{fields}\r\n0\r\n\r\n");
        let wire = raw::http1(server.address, &format!("{first}{both}{first}")).await;
        let mut responses = wire.split("HTTP/1.1 ").skip(1);
        assert!(responses.next().is_some_and(|first| first.starts_with("200 ")), "{wire}");
        let refused = responses.next().expect("a second response");
        assert!(refused.starts_with("400 ") && refused.contains("\r\nconnection: close\r\n"), "{wire}");
        assert_eq!(responses.next(), None, "{fields}");
    }
    assert_eq!(smuggled.load(SeqCst), 3);
}
