//! Requests with malformed heads or unimplemented codings are rejected on all listeners.

use super::prelude::{HeaderMap, Router, get};
use crate::support::{TestServer, log::Log, metrics::counted, raw, soon, with};
use axum_trailers_server::Limits;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Serves any path.
fn server() -> (TestServer, [SocketAddr; 2]) {
    let mut plain = Vec::new();
    let server = TestServer::with(Router::new().fallback(|| async { "ok" }), |server| {
        let server =
            server.redirect("127.0.0.1:0").expect("a free port").metrics("127.0.0.1:0").expect("a free port");
        plain = [server.redirect_addrs(), server.metrics_addrs()].concat();
        server
    });
    (server, [plain[0], plain[1]])
}

async fn plain(address: SocketAddr, request: &str) -> String {
    let mut client = TcpStream::connect(address).await.expect("a connection");
    client.write_all(request.as_bytes()).await.expect("sent");
    let mut wire = String::new();
    soon("the end", client.read_to_string(&mut wire)).await.expect("no error");
    wire
}

#[tokio::test]
async fn host_is_a_host_on_all_listeners() {
    let (server, plain_listeners) = server();
    let request = |host: &str| format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    for host in [
        "localhost:abc",
        "a:b",
        "localhost:-1",
        "localhost:+80",
        "[::g]",
        "[::1]x",
        "[1.2.3.4]",
        "[::1]:x",
        "a@b",
    ] {
        assert!(raw::http1(server.address, &request(host)).await.starts_with("HTTP/1.1 400 "), "{host}");
        for listener in plain_listeners {
            assert!(
                plain(listener, &request(host)).await.starts_with("HTTP/1.1 400 "),
                "{host} at {listener}"
            );
        }
    }
    for host in ["localhost", "localhost:3000", "[::1]:3000", "a_b"] {
        assert!(raw::http1(server.address, &request(host)).await.starts_with("HTTP/1.1 200 "), "{host}");
        let statuses = ["HTTP/1.1 308 ", "HTTP/1.1 200 "];
        for (listener, status) in plain_listeners.into_iter().zip(statuses) {
            assert!(plain(listener, &request(host)).await.starts_with(status), "{host} at {listener}");
        }
    }
}

#[tokio::test]
async fn target_has_a_path() {
    let (server, _) = server();
    for (target, status) in
        [("/", 200), ("http://a/x", 200), ("*", 200), ("fast", 400), ("a:80", 400), ("http://user@a/", 400)]
    {
        let request = format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let wire = raw::http1(server.address, &request).await;
        assert!(wire.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {wire}");
    }
}

#[tokio::test]
async fn chunked_is_the_only_transfer_coding() {
    let (server, _) = server();
    for (codings, status) in [
        ("chunked", 200),
        ("Chunked", 200),
        ("gzip, chunked", 501),
        ("identity, chunked", 501),
        ("foo, chunked", 501),
        ("chunked, chunked", 400),
        ("chunked\r\ntransfer-encoding: chunked", 400),
        ("gzip", 400),
    ] {
        // The next request must not be taken for content, nor content for a request.
        let request = format!(
            "POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: {codings}\r\n\r\n5\r\nhello\r\n0\r\n\r\n\
             GET /b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
        );
        let wire = raw::http1(server.address, &request).await;
        assert!(wire.starts_with(&format!("HTTP/1.1 {status} ")), "{codings}: {wire}");
        let responses = wire.matches("HTTP/1.1 ").count();
        assert_eq!(responses, if status == 200 { 2 } else { 1 }, "{codings}: {wire}");
        assert!(status == 200 || wire.contains("\r\nconnection: close\r\n"), "{codings}: {wire}");
    }
}

/// The status of an HTTP/2 request with these fields: each is a name's index in the static table and a value.
async fn http2(server: &TestServer, fields: &[(u8, &str)]) -> u8 {
    // Indexed `GET`, `https` and `/` (RFC 7541, appendix A).
    let mut head = vec![0x82, 0x87, 0x84];
    for (name, value) in fields {
        // A literal without indexing (section 6.2.2): names from the 15th on take a second byte.
        match name.checked_sub(15) {
            None => head.push(*name),
            Some(more) => head.extend([0x0f, more]),
        }
        head.push(u8::try_from(value.len()).expect("a short value"));
        head.extend(value.as_bytes());
    }
    let mut client = raw::tls(server.address, "h2").await;
    let bytes = [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        &raw::http2_frame(4, 0, 0, &[]),
        &raw::http2_frame(1, 5, 1, &head),
    ];
    client.write_all(&bytes.concat()).await.expect("sent");
    let mut wire = Vec::new();
    loop {
        assert_ne!(soon("a response", client.read_buf(&mut wire)).await.expect("a response"), 0);
        if let Some((.., block)) = raw::http2_frames(&wire).into_iter().find(|(kind, ..)| *kind == 1) {
            return block[0];
        }
    }
}

#[tokio::test]
async fn http2_authority_is_a_host_and_the_same_as_host() {
    const AUTHORITY: u8 = 1;
    const HOST: u8 = 38;
    const OK: u8 = 0x88;
    const BAD_REQUEST: u8 = 0x8c;
    let (server, _) = server();
    for (fields, status) in [
        (&[(AUTHORITY, "a:1")][..], OK),
        (&[(AUTHORITY, "a:1"), (HOST, "A:1")], OK),
        (&[(HOST, "a")], OK),
        (&[(AUTHORITY, "user@a")], BAD_REQUEST),
        (&[(AUTHORITY, "a"), (HOST, "b")], BAD_REQUEST),
        (&[(AUTHORITY, "a"), (HOST, "a"), (HOST, "a")], BAD_REQUEST),
        (&[(HOST, "a:b")], BAD_REQUEST),
    ] {
        assert_eq!(http2(&server, fields).await, status, "{fields:?}");
    }
}

#[tokio::test]
async fn target_with_a_fragment_is_400_and_ends_the_connection() {
    let server = TestServer::start(Router::new().route("/a", get(|| async { "a" })));
    let next = "GET /a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    for (target, expected) in
        [("/a#b", &["400"][..]), ("http://a/a#b", &["400"]), ("/a?b#", &["400"]), ("/a?%23", &["200", "200"])]
    {
        let wire =
            raw::http1(server.address, &format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n{next}")).await;
        let statuses: Vec<_> = wire.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
        assert_eq!(statuses, expected, "{target}: {wire}");
    }
}

#[tokio::test]
async fn absolute_target_overrides_host() {
    let host = |headers: HeaderMap| async move { headers["host"].to_str().expect("text").to_owned() };
    let server = TestServer::start(Router::new().route("/", get(host)));
    for (target, expected) in [("/", "a"), ("http://b:80/", "b:80")] {
        let request = format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        assert!(
            raw::http1(server.address, &request).await.ends_with(&format!("\r\n\r\n{expected}")),
            "{target}"
        );
    }
}

#[tokio::test]
async fn requests_that_hyper_rejects_are_logged_once_and_counted() {
    let (log, _catching) = Log::catch();
    let (server, metrics) = counted(Router::new(), Limits::default());
    let large = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(64 * 1024));
    let heads =
        ["GET / HTTP/1.2\r\n\r\n", "GET / HTTP/3.0\r\n\r\n", "GET /\r\n\r\n", "G\"T / HTTP/1.1\r\n\r\n"];
    for (n, head) in (1..).zip(heads) {
        let wire = raw::http1(server.address, head).await;
        assert!(wire.starts_with("HTTP/1.1 400 "), "{head:?}: {wire}");
        metrics.say("requests_total{protocol=\"HTTP/1.1\",route=\"none\",status=\"400\"}", n).await;
    }
    assert!(raw::http1(server.address, &large).await.starts_with("HTTP/1.1 431 "));
    metrics.say("requests_total{protocol=\"HTTP/1.1\",route=\"none\",status=\"431\"}", 1).await;
    log.line(&["INFO", "request head rejected", "peer=127.0.0.1:", "status=\"431\""]).await;
    assert_eq!(log.text().matches("request head rejected").count(), 5, "{}", log.text());

    let (server, metrics) = counted(Router::new(), with!(Limits { header_section: 200_000 }));
    let far = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(70_000));
    assert!(raw::http1(server.address, &far).await.starts_with("HTTP/1.1 414 "));
    metrics.say("requests_total{protocol=\"HTTP/1.1\",route=\"none\",status=\"414\"}", 1).await;
}
