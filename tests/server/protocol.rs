//! A connection uses the protocol that ALPN chose.

use super::prelude::producer::Producers;
use crate::support::{TestServer, raw, with};
use axum_trailers_server::Limits;
use std::time::Duration;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Instant, sleep},
};
use tokio_rustls::client::TlsStream;

const HTTP1: &[u8] = b"GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

fn server() -> TestServer {
    TestServer::start(Producers::new().router())
}

/// Until it closes, an HTTP/2 server only sends what it may send before its client does
/// ([RFC 9113 §3.4](https://www.rfc-editor.org/rfc/rfc9113#section-3.4)).
async fn says_no_more_than_settings(client: &mut TlsStream<TcpStream>, alpn: &str) {
    const SETTINGS: u8 = 4;
    const WINDOW_UPDATE: u8 = 8;
    let said = raw::rest_bytes(client).await;
    let frames = raw::http2_frames(&said);
    assert!(frames.iter().all(|(kind, ..)| [SETTINGS, WINDOW_UPDATE].contains(kind)), "{alpn}: {frames:?}");
    assert_eq!(said.is_empty(), alpn == "http/1.1");
}

#[tokio::test]
async fn other_protocol_than_alpn_chose_gets_no_response_and_is_closed() {
    let server = server();
    for (alpn, bytes) in [("h2", HTTP1), ("http/1.1", HTTP2)] {
        for pause in [false, true] {
            let mut client = raw::tls(server.address, alpn).await;
            if pause {
                client.write_all(&bytes[..2]).await.expect("sent");
                client.flush().await.expect("sent");
                sleep(Duration::from_millis(50)).await;
                client.write_all(&bytes[2..]).await.expect("sent");
            } else {
                client.write_all(bytes).await.expect("sent");
            }
            says_no_more_than_settings(&mut client, alpn).await;
        }
    }
}

#[tokio::test]
async fn chosen_protocol_is_served() {
    let server = server();
    let mut client = raw::tls(server.address, "http/1.1").await;
    assert_eq!(client.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    client.write_all(HTTP1).await.expect("sent");
    assert!(raw::rest(&mut client).await.ends_with("\r\n\r\nok"));

    let mut body = raw::http2_get(&mut raw::http2(server.address).await, "/ok").await;
    assert_eq!(raw::http2_read(&mut body).await.expect("no error"), b"ok");
}

#[tokio::test]
async fn client_without_alpn_gets_http1() {
    let server = server();
    for (bytes, expected) in [(HTTP1, "ok"), (HTTP2, "")] {
        let tcp = TcpStream::connect(server.address).await.expect("a connection");
        let mut client = raw::handshake(tcp, &[]).await;
        client.write_all(bytes).await.expect("sent");
        assert!(raw::rest(&mut client).await.ends_with(expected));
    }
}

#[tokio::test]
async fn connection_that_sends_nothing_is_closed_after_the_first_byte_limit() {
    let limit = Duration::from_millis(500);
    let server = TestServer::limited(Producers::new().router(), with!(Limits { first_byte: limit }));
    for (alpn, first) in [("h2", &b""[..]), ("http/1.1", b""), ("h2", b"PRI *"), ("http/1.1", b"PR")] {
        let began = Instant::now();
        let mut client = raw::tls(server.address, alpn).await;
        client.write_all(first).await.expect("sent");
        says_no_more_than_settings(&mut client, alpn).await;
        assert!(began.elapsed() >= limit);
    }
}
