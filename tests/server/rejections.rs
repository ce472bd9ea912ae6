//! Failed connections are counted and logged by their cause, at a limited rate.

use super::prelude::producer::Producers;
use crate::support::{
    TestServer, certificate,
    log::Log,
    metrics::{Metrics, counted},
    raw, soon, with,
};
use axum_trailers_server::Limits;
use rustls::{ClientConfig, pki_types::ServerName};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

fn server(limits: Limits) -> (TestServer, Metrics) {
    counted(Producers::new().router(), limits)
}

/// Sends bytes and reads until the server closes.
async fn said(server: &TestServer, bytes: &[u8]) -> String {
    let mut client = TcpStream::connect(server.address).await.expect("a connection");
    client.write_all(bytes).await.expect("sent");
    let mut wire = Vec::new();
    let _reset_or_end = soon("the end", client.read_to_end(&mut wire)).await;
    String::from_utf8_lossy(&wire).into_owned()
}

#[tokio::test]
async fn first_bytes_that_are_not_tls_are_logged_and_counted_by_their_kind() {
    let (log, _catching) = Log::catch();
    let (server, metrics) = server(Limits::default());
    for (bytes, kind, cause) in [
        (&b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"[..], "plain_http", "plain HTTP"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 443\r\n", "proxy_header", "PROXY protocol"),
        (b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", "proxy_header", "PROXY protocol"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not_tls", "not TLS"),
    ] {
        let answer = said(&server, bytes).await;
        assert_eq!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), kind == "plain_http", "{answer}");
        assert_eq!(answer.contains("https://"), kind == "plain_http", "{answer}");
        log.line(&["INFO", "TLS handshake failed", "peer=127.0.0.1:", &format!("kind=\"{kind}\""), cause])
            .await;
    }
    for (kind, count) in [("plain_http", 1), ("proxy_header", 2), ("not_tls", 1)] {
        metrics.say(&format!("handshakes_failed_total{{reason=\"{kind}\"}}"), count).await;
    }
    metrics.say("connections", 0).await;
    assert!(raw::http1(server.address, OK).await.ends_with("ok"), "others are served");
}

const OK: &str = "GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn plain_http_client_that_stays_is_told_apart_at_once() {
    let (log, _catching) = Log::catch();
    let (server, metrics) = server(with!(Limits { handshake: Duration::from_millis(200) }));
    let mut stays = TcpStream::connect(server.address).await.expect("a connection");
    stays.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    log.line(&["TLS handshake failed", "kind=\"plain_http\""]).await;
    metrics.say("handshakes_failed_total{reason=\"plain_http\"}", 1).await;
    // The server drops the connection even if the client keeps it open.
    metrics.say("connections", 0).await;
    assert!(!log.text().contains("timeout"), "{}", log.text());
    drop(stays);
}

/// The answer reaches a client that has sent more than a head.
#[tokio::test]
async fn plain_http_upload_gets_its_answer() {
    let (server, _metrics) = server(Limits::default());
    let mut upload = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n".to_vec();
    upload.resize(upload.len() + 100_000, b'x');
    assert!(said(&server, &upload).await.starts_with("HTTP/1.1 400 "));
}

fn config(trusted: bool, alpn: &[&str]) -> Arc<ClientConfig> {
    let trusted = if trusted { vec![certificate()] } else { Vec::new() };
    Arc::new(raw::client_config(&trusted, rustls::DEFAULT_VERSIONS, alpn))
}

#[tokio::test]
async fn handshakes_that_fail_are_logged_and_counted_by_their_kind() {
    let (log, _catching) = Log::catch();
    let limits = with!(Limits { handshake: Duration::from_millis(500) });
    let (server, metrics) = server(limits);
    for (config, kind, cause) in [
        (config(true, &["http/1.0"]), "alpn", "no protocol that the server speaks"),
        (config(false, &["h2"]), "refused_by_client", "UnknownCA"),
    ] {
        let tcp = TcpStream::connect(server.address).await.expect("a connection");
        let name = ServerName::try_from("localhost").expect("a name");
        let mut client = TlsConnector::from(config).connect(name, tcp).into_fallible().await;
        if let Err((_, tcp)) = &mut client {
            // A client that stays delivers its alert to the server.
            let _end = soon("the end", tcp.read(&mut [0; 1024])).await;
        }
        log.line(&["INFO", "TLS handshake failed", &format!("kind=\"{kind}\""), cause]).await;
        metrics.say(&format!("handshakes_failed_total{{reason=\"{kind}\"}}"), 1).await;
    }

    let silent = TcpStream::connect(server.address).await.expect("a connection");
    log.line(&["INFO", "TLS handshake failed", "kind=\"timeout\"", "longer than 500ms"]).await;
    metrics.say("handshakes_failed_total{reason=\"timeout\"}", 1).await;
    drop(silent);

    let mut leaves = TcpStream::connect(server.address).await.expect("a connection");
    leaves.write_all(b"\x16\x03\x01").await.expect("sent");
    drop(leaves);
    log.line(&["INFO", "TLS handshake failed", "kind=\"client_gone\""]).await;
    metrics.say("handshakes_failed_total{reason=\"client_gone\"}", 1).await;

    drop(TcpStream::connect(server.address).await.expect("a connection"));
    metrics.say("handshakes_failed_total{reason=\"probe\"}", 1).await;
    assert!(!log.text().contains("first byte"), "a probe is no line:\n{}", log.text());
}

#[tokio::test]
async fn good_handshakes_are_neither_logged_nor_counted() {
    let (log, _catching) = Log::catch();
    let (server, metrics) = server(Limits::default());
    for alpn in [&["h2"][..], &["http/1.1"], &[]] {
        let tcp = TcpStream::connect(server.address).await.expect("a connection");
        drop(raw::handshake(tcp, alpn).await);
    }
    metrics.say("connections", 0).await;
    metrics.say_nothing_of("handshakes_failed_total").await;
    metrics.say_nothing_of("connections_refused_total").await;
    assert!(!log.text().contains("handshake"), "{}", log.text());
}

#[tokio::test]
async fn flood_of_refused_connections_is_counted_and_some_lines_long() {
    const FLOOD: u64 = 100;
    let (log, _catching) = Log::catch();
    let (server, metrics) = server(with!(Limits { connections: 1 }));
    let only = raw::tls(server.address, "h2").await;
    for _ in 0..FLOOD {
        let mut refused = TcpStream::connect(server.address).await.expect("a connection");
        let _reset_or_end = soon("the refusal", refused.read(&mut [0; 1])).await;
    }
    metrics.say("connections_refused_total{reason=\"too_many_open\"}", FLOOD).await;
    let lines = || {
        let text = log.text();
        text.lines().filter(|line| line.contains("connection refused: connection limit reached")).count()
            as u64
    };
    let written = lines();
    assert!((1..FLOOD / 4).contains(&written), "{written} lines");
    let suppressed = format!("suppressed={}", FLOOD - written);
    log.line(&["WARN", "more connections refused", "limit=1", "listener=\"https\"", &suppressed]).await;
    assert_eq!(lines(), written);
    drop(only);
}
