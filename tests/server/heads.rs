//! The heads of requests and responses cross unchanged between the wire and the application.

use super::prelude::{
    AppendHeaders, Body, ConnectInfo, HeaderMap, Plain, Request, Router, StatusCode, any, get, route,
};
use crate::support::{
    TestServer,
    protocols::{Protocol, over_each_protocol, read},
    raw, soon,
};
use std::{convert::Infallible, net::SocketAddr};

fn app() -> Router {
    Router::new()
        .route(
            &route("/head/{*rest}"),
            any(|request: Request<Body>| async move {
                format!(
                    "{} {} {:?}",
                    request.method(),
                    request.uri().path_and_query().expect("a path"),
                    request.version()
                )
            }),
        )
        .route(
            "/fields",
            get(|headers: HeaderMap| async move {
                let values = headers.get_all("x-a").iter().map(|value| value.to_str().expect("text"));
                values.collect::<Vec<_>>().join("|")
            }),
        )
        .route(
            "/peer",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }),
        )
        .route(
            "/answer",
            get(|| async {
                (StatusCode::IM_A_TEAPOT, AppendHeaders([("x-a", "1"), ("x-a", "2")]), "short and stout")
            }),
        )
        .route("/panic", get(panics))
}

async fn panics() {
    panic!("on purpose");
}

over_each_protocol! {
    request_head_arrives_whole;
    response_head_arrives_whole;
    handler_that_panics_is_a_500_and_the_connection_lives_on;
}

async fn request_head_arrives_whole(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    let response = client.request("PURGE", "/head/a%2Fb?q=1&q=%20").send().await;
    let text = response.expect("a response").text().await.expect("text");
    let version = match protocol {
        Protocol::Http1 => "HTTP/1.1",
        Protocol::Http2 => "HTTP/2.0",
        Protocol::Http3 => "HTTP/3.0",
    };
    assert_eq!(text, format!("PURGE /head/a%2Fb?q=1&q=%20 {version}"));

    let response = client.request("GET", "/fields").header("x-a", "1").header("x-a", "2").send().await;
    assert_eq!(response.expect("a response").text().await.expect("text"), "1|2", "{protocol}");
    assert_eq!(client.get("/peer").await.text().await.expect("text"), "127.0.0.1", "{protocol}");
}

async fn response_head_arrives_whole(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    let response = client.get("/answer").await;
    assert_eq!(response.status(), 418, "{protocol}");
    let values: Vec<_> = response.headers().get_all("x-a").iter().collect();
    assert_eq!(values, ["1", "2"], "{protocol}");
    assert_eq!(read(response).await.expect("no error").content, b"short and stout", "{protocol}");
}

async fn handler_that_panics_is_a_500_and_the_connection_lives_on(protocol: Protocol) {
    let server = TestServer::start(app());
    let request =
        "GET /panic HTTP/1.1\r\nhost: a\r\n\r\nGET /peer HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let wire = raw::http1(server.address, request).await;
    assert!(wire.starts_with("HTTP/1.1 500 "), "{wire}");
    assert!(wire.ends_with("127.0.0.1"), "the second request is answered: {wire}");
    let client = protocol.client(server.address).await;
    assert_eq!(client.get("/panic").await.status(), 500, "{protocol}");
}

#[tokio::test]
async fn http1_request_without_one_valid_host_is_refused() {
    let server = TestServer::start(app());
    for hosts in ["", "host: a\r\nhost: b\r\n", "host: a b\r\n", "host: user@a\r\n"] {
        let wire =
            raw::http1(server.address, &format!("GET /peer HTTP/1.1\r\n{hosts}connection: close\r\n\r\n"))
                .await;
        assert!(wire.starts_with("HTTP/1.1 400 "), "{hosts:?}: {wire}");
        assert!(wire.contains("Host"), "the answer says why: {wire}");
    }
}

#[tokio::test]
async fn websocket_upgrade_gets_a_clear_answer() {
    let server = TestServer::start(app());
    let request = "GET /peer HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let wire = raw::http1(server.address, request).await;
    assert!(wire.starts_with("HTTP/1.1 501 ") && wire.contains("WebSocket"), "{wire}");

    let h2c = "GET /peer HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n\r\n";
    assert!(
        raw::http1(server.address, h2c).await.starts_with("HTTP/1.1 200 "),
        "other offers are passed over"
    );
}

#[tokio::test]
async fn connect_is_refused_even_where_a_route_would_take_it() {
    let server = TestServer::start(Router::new().fallback(|| async { "anything" }));
    let request = "CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\nconnection: close\r\n\r\n";
    assert!(raw::http1(server.address, request).await.starts_with("HTTP/1.1 501 "));

    let mut client = raw::http2(server.address).await;
    let request = http::Request::connect("a:443").body(()).expect("a request");
    let (response, _) = client.send_request(request, false).expect("sent");
    assert_eq!(soon("a response", response).await.expect("a response").status(), 501);
}

/// These fields are malformed in HTTP/2 (RFC 9113 section 8.2.2).
#[tokio::test]
async fn fields_of_a_connection_do_not_leave_over_http2() {
    let fields = [
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "close"),
        ("te", "trailers"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("x-other", "1"),
    ];
    let server = TestServer::start(Router::new().route("/", get(move || async move { (fields, "ok") })));
    let response = Protocol::Http2.client(server.address).await.get("/").await;
    assert_eq!(response.status(), 200);
    let left: Vec<_> = fields.iter().filter(|(name, _)| response.headers().contains_key(*name)).collect();
    assert_eq!(left, [&("x-other", "1")]);
    assert_eq!(read(response).await.expect("no error").content, b"ok");
}

#[tokio::test]
async fn transfer_coding_of_a_handler_does_not_leave_over_http1() {
    for value in ["chunked", "gzip", "chunked, chunked"] {
        let whole = move || async move { ([("transfer-encoding", value)], "whole") };
        let streamed = move || async move {
            let chunks = futures_util::stream::iter(["a", "b"].map(Ok::<_, Infallible>));
            ([("transfer-encoding", value)], Plain::new(chunks))
        };
        let server =
            TestServer::start(Router::new().route("/", get(whole)).route("/streamed", get(streamed)));
        for (path, framing, content) in [
            ("/", "content-length: 5", "whole"),
            ("/streamed", "transfer-encoding: chunked", "1\r\na\r\n1\r\nb\r\n0\r\n\r\n"),
        ] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            let wire = raw::http1(server.address, &request).await;
            let (head, rest) = wire.split_once("\r\n\r\n").expect("a head");
            let codings = head.lines().filter(|line| line.starts_with("transfer-encoding"));
            assert!(head.lines().any(|line| line == framing), "{value}: {wire}");
            assert_eq!(codings.count(), usize::from(path == "/streamed"), "{value}: {wire}");
            assert_eq!(rest, content, "{value}");
        }
    }
}
