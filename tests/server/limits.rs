//! Each limit applies, and requests below it are served.

use super::prelude::producer::Producers;
use crate::support::{
    TestServer,
    protocols::{Protocol, over_each_protocol, read},
    raw, soon, with,
};
use axum_trailers_server::Limits;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

const SHORT: Duration = Duration::from_millis(500);

fn server(limits: Limits) -> TestServer {
    TestServer::limited(Producers::new().router(), limits)
}

/// Asserts that the server closes the connection, not before the limit.
async fn closes_after(limit: Duration, stream: &mut (impl AsyncReadExt + Unpin)) {
    let began = Instant::now();
    let mut rest = Vec::new();
    let _reset_or_end = soon("the end of the connection", stream.read_to_end(&mut rest)).await;
    assert!(began.elapsed() >= limit.mul_f32(0.8), "closed after {:?}", began.elapsed());
}

#[tokio::test]
async fn handshake_that_stalls_is_ended() {
    let server = server(with!(Limits { handshake: SHORT }));
    let mut client = TcpStream::connect(server.address).await.expect("a connection");
    closes_after(SHORT, &mut client).await;
}

#[tokio::test]
async fn request_headers_that_stall_are_ended() {
    let server = server(with!(Limits { request_headers: SHORT }));
    let mut client = raw::tls(server.address, "http/1.1").await;
    client.write_all(b"GET /ok HTTP/1.1\r\nhost:").await.expect("sent");
    closes_after(SHORT, &mut client).await;
}

#[tokio::test]
async fn connection_without_a_request_is_ended_over_both_protocols() {
    let server = server(with!(Limits { idle: SHORT }));

    let mut client = raw::tls(server.address, "http/1.1").await;
    client.write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    closes_after(SHORT, &mut client).await;

    let stream = raw::tls(server.address, "h2").await;
    let (client, connection) = h2::client::handshake(stream).await.expect("a preface");
    let began = Instant::now();
    let ended = soon("the end of the connection", connection).await;
    assert!(began.elapsed() >= SHORT.mul_f32(0.8), "{ended:?} after {:?}", began.elapsed());
    drop(client);
}

#[tokio::test]
async fn http2_connection_that_only_pings_is_idle() {
    let ping = SHORT / 10;
    let server = server(with!(Limits { idle: SHORT, ping }));
    let stream = raw::tls(server.address, "h2").await;
    let (_client, mut connection) = h2::client::handshake(stream).await.expect("a preface");
    let mut pings = connection.ping_pong().expect("the first to ask");
    let pinging = async {
        while pings.ping(h2::Ping::opaque()).await.is_ok() {
            tokio::time::sleep(ping).await;
        }
    };
    let began = Instant::now();
    let (_ended, ()) = soon("the end of the connection", async { tokio::join!(connection, pinging) }).await;
    assert!(began.elapsed() >= SHORT.mul_f32(0.8));
}

#[tokio::test]
async fn http2_client_that_answers_no_ping_is_ended() {
    let ping = Duration::from_millis(100);
    let producers = Producers::new();
    let server = TestServer::limited(producers.router(), with!(Limits { ping }));
    let mut deaf = raw::http2_deaf(server.address, "/quiet").await;
    let mut client = raw::http2(server.address).await;
    let mut body = raw::http2_get(&mut client, "/quiet").await;
    closes_after(15 * ping, &mut deaf).await;
    tokio::time::sleep(5 * ping).await;
    producers.go_on.notify_waiters();
    assert_eq!(raw::http2_read(&mut body).await.expect("who answers lives on"), b"first last");
}

#[tokio::test]
async fn limits_of_nothing_are_no_error() {
    let server = server(with!(Limits {
        connections: 0,
        streams: 0,
        header_section: 0,
        trailer_section: 0,
        trailer_fields: 0,
        ping: Duration::from_secs(20)
    }));
    let request = "GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    assert!(raw::http1(server.address, request).await.ends_with("ok"));
    soon("the only place", async {
        while server.handle.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let mut body = raw::http2_get(&mut raw::http2(server.address).await, "/ok").await;
    assert_eq!(raw::http2_read(&mut body).await.expect("no error"), b"ok");
}

#[tokio::test]
async fn redirected_connections_take_places_too() {
    let limits = with!(Limits { connections: 1 });
    let server = TestServer::with(Producers::new().router(), |server| {
        server.limits(limits).redirect("127.0.0.1:0").expect("a free port")
    });
    let _first = raw::tls(server.address, "http/1.1").await;
    let mut second = TcpStream::connect(server.redirect.expect("a redirect")).await.expect("a connection");
    let mut nothing = Vec::new();
    let _reset_or_end = soon("the refusal", second.read_to_end(&mut nothing)).await;
    assert!(nothing.is_empty());
}

over_each_protocol! {
    quiet_stream_is_not_idle;
    limits_without_end_are_no_error;
    header_section_past_its_limit_is_431;
}

async fn quiet_stream_is_not_idle(protocol: Protocol) {
    let producers = Producers::new();
    let limits = with!(Limits { idle: SHORT, stalled_reader: SHORT });
    let server = TestServer::limited(producers.router(), limits);
    let client = protocol.client(server.address).await;
    let response = client.get("/quiet").await;
    tokio::time::sleep(3 * SHORT).await;
    producers.go_on.notify_one();
    assert_eq!(read(response).await.expect("the stream goes on").content, b"first last");
}

async fn limits_without_end_are_no_error(protocol: Protocol) {
    let server = server(with!(Limits {
        handshake: Duration::MAX,
        first_byte: Duration::MAX,
        request_headers: Duration::MAX,
        idle: Duration::MAX,
        stalled_body: Duration::MAX,
        stalled_reader: Duration::MAX,
        ping: Duration::MAX,
        connections: usize::MAX,
        streams: u32::MAX,
        min_body_rate: u32::MAX,
        min_body_rate_period: Duration::MAX
    }));
    let client = protocol.client(server.address).await;
    assert_eq!(client.get("/ok").await.status(), 200, "{protocol}");
    // Over HTTP/1.1, the rest is read.
    let upload = client.request("POST", "/ok").body("content").send().await.expect("a response");
    assert_eq!(upload.status(), 405, "{protocol}");
}

#[tokio::test]
async fn connections_past_the_limit_are_closed_and_places_come_free() {
    let server = server(with!(Limits { connections: 2 }));
    let first = raw::tls(server.address, "http/1.1").await;
    let _second = raw::tls(server.address, "http/1.1").await;
    let mut third = TcpStream::connect(server.address).await.expect("a connection");
    let mut nothing = Vec::new();
    let _reset_or_end = soon("the refusal", third.read_to_end(&mut nothing)).await;
    assert!(nothing.is_empty());

    drop(first);
    soon("a free place", async {
        while server.handle.connections() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let request = "GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    assert!(raw::http1(server.address, request).await.ends_with("ok"));
}

#[tokio::test]
async fn streams_past_the_limit_wait_or_are_refused() {
    let server = server(with!(Limits { streams: 3 }));
    let mut client = raw::http2(server.address).await;
    let _body = raw::http2_get(&mut client, "/ok").await;
    assert_eq!(client.current_max_send_streams(), 3);
}

async fn header_section_past_its_limit_is_431(protocol: Protocol) {
    let server = server(with!(Limits { header_section: 8 * 1024 }));
    let client = protocol.client(server.address).await;
    for (size, status) in [(7 * 1024, 200), (10 * 1024, 431)] {
        let response = client.request("GET", "/ok").header("x-large", "x".repeat(size)).send().await;
        assert_eq!(response.expect("a response").status(), status, "{size} bytes over {protocol}");
    }
}
