//! If all responses of a connection are whole, TLS ends with `close_notify`; if one is cut, it does not.

use super::prelude::{
    Router, get,
    producer::{Producers, declared},
};
use crate::support::{TestServer, raw, soon, with};
use axum_trailers::{
    body,
    trailers::{Declared, Trailers},
};
use axum_trailers_server::Limits;
use std::{io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

fn server() -> TestServer {
    let broken = |declared| {
        let (mut sender, body) = body::channel(1024, declared);
        tokio::spawn(async move { sender.send("first ").await });
        body
    };
    // The length gives way to trailers that may report a failure.
    let hidden = move || async move { ([("content-length", "11")], broken(declared())) };
    let broken = move || async move { broken(Declared::none()) };
    let routes = Router::new().route("/broken", get(broken)).route("/hidden", get(hidden));
    let limits =
        with!(Limits { idle: Duration::from_millis(300), request_headers: Duration::from_millis(300) });
    TestServer::limited(Producers::new().router().merge(routes), limits)
}

/// Everything that arrives, and how the connection ends.
async fn all(mut client: TlsStream<TcpStream>) -> (String, io::Result<usize>) {
    let mut wire = Vec::new();
    let end = soon("the end", client.read_to_end(&mut wire)).await;
    (String::from_utf8_lossy(&wire).into_owned(), end)
}

#[tokio::test]
async fn whole_response_ends_with_close_notify() {
    let server = server();
    for (request, status) in [
        ("GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", "HTTP/1.1 200 "),
        // Timeouts end these.
        ("GET /ok HTTP/1.1\r\nhost: a\r\n\r\n", "HTTP/1.1 200 "),
        ("GET /ok HTTP/1.1\r\nhost: a\r\n\r\nGET /", "HTTP/1.1 200 "),
        ("GET /ok HTTP/1.0\r\n\r\n", "HTTP/1.0 200 "),
        ("CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n", "HTTP/1.1 501 "),
        ("CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n\x16\x03\x01 and more", "HTTP/1.1 501 "),
        ("GET /ok HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", "HTTP/1.1 501 "),
        ("GET /ok HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n", "HTTP/1.1 200 "),
        ("GET /ok HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "),
        ("GET /ok\r\n\r\n", "HTTP/1.1 400 "),
        ("POST /ok HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n", "HTTP/1.1 405 "),
    ] {
        let mut client = raw::tls(server.address, "http/1.1").await;
        client.write_all(request.as_bytes()).await.expect("sent");
        let (wire, end) = all(client).await;
        assert!(wire.starts_with(status), "{request:?}: {wire}");
        assert!(end.is_ok(), "{request:?}: {end:?}");
    }
}

#[tokio::test]
async fn http2_connection_ends_with_close_notify() {
    let server = server();
    for path in ["/ok", "/broken"] {
        let (_frames, end) = all(raw::http2_asked(server.address, path).await).await;
        assert!(end.is_ok(), "{path}: {end:?}");
    }
}

#[tokio::test]
async fn cut_response_does_not() {
    let server = server();
    for path in ["/broken", "/hidden"] {
        for (version, cause) in [("1.1", "close_notify"), ("1.0", "fatal alert")] {
            let mut client = raw::tls(server.address, "http/1.1").await;
            client
                .write_all(format!("GET {path} HTTP/{version}\r\nhost: a\r\n\r\n").as_bytes())
                .await
                .expect("sent");
            let (wire, end) = all(client).await;
            let error = end.expect_err("cut").to_string();
            // rustls drops what a client reads together with an alert.
            let is_here = wire.contains("first ") || cause == "fatal alert";
            assert!(is_here, "{path} over HTTP/{version}: {wire}");
            assert!(error.contains(cause), "{path} over HTTP/{version}: {error}");
        }
    }
}

#[tokio::test]
async fn response_that_a_shutdown_cuts_does_not() {
    for (version, cause) in [("1.1", "close_notify"), ("1.0", "fatal alert")] {
        let server = TestServer::start(Producers::new().router());
        let mut client = raw::tls(server.address, "http/1.1").await;
        client
            .write_all(format!("GET /quiet HTTP/{version}\r\nhost: a\r\n\r\n").as_bytes())
            .await
            .expect("sent");
        assert_ne!(soon("a response", client.read(&mut [0; 16])).await.expect("a response"), 0);
        server.handle.abort();
        let error = all(client).await.1.expect_err("cut").to_string();
        assert!(error.contains(cause), "HTTP/{version}: {error}");
    }
}

/// After the application has finished a body, hyper and rustls keep its end until the socket accepts it.
#[tokio::test]
async fn response_that_is_finished_but_not_written_is_cut_visibly() {
    const STEP: usize = 4000;
    for size in (25..=55).map(|n| n * STEP) {
        let finite = move || async move {
            let (mut sender, body) = body::channel(1024 * 1024, Declared::none());
            tokio::spawn(async move {
                for _ in 0..size / STEP {
                    if sender.send(vec![b'x'; STEP]).await.is_err() {
                        return;
                    }
                }
                let _reader_gone = sender.finish(Trailers::new());
            });
            body
        };
        let server = TestServer::start(Router::new().route("/", get(finite)));
        let mut client = raw::tls(server.address, "http/1.1").await;
        client.write_all(b"GET / HTTP/1.0\r\n\r\n").await.expect("sent");
        tokio::time::sleep(Duration::from_millis(50)).await;
        server.handle.abort();
        let mut wire = Vec::new();
        let end = soon("the end", client.read_to_end(&mut wire)).await;
        let content = wire.windows(4).position(|four| four == b"\r\n\r\n").map(|head| wire.len() - head - 4);
        // On a busy machine, the end may come before the request is read.
        if content != Some(size) && !wire.is_empty() {
            let error = end.expect_err("cut").to_string();
            assert!(!error.contains("close_notify"), "{size}: {content:?} bytes, then {error}");
        }
    }
}
