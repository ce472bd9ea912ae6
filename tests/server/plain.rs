//! Plain listeners: HTTP/1.1 and HTTP/2 with prior knowledge, with the same limits as over TLS.

use super::prelude::{
    Router, get,
    producer::{Producers, declared},
};
use crate::support::{
    CERTIFICATE, KEY, TestServer, builder, log::Log, metrics::counted_plain, raw, read, soon, with,
};
use axum_trailers::{body, trailers::Declared};
use axum_trailers_server::{Limits, Tls};
use futures_util::future::join_all;
use std::{io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

const GET_OK: &[u8] = b"GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

fn server(limits: Limits) -> TestServer {
    TestServer::plain(Producers::new().router(), |server| server.limits(limits))
}

async fn connect(server: &TestServer) -> TcpStream {
    TcpStream::connect(server.address).await.expect("a connection")
}

async fn sent(server: &TestServer, bytes: &[u8]) -> TcpStream {
    let mut client = connect(server).await;
    client.write_all(bytes).await.expect("sent");
    client
}

/// Clients for both protocols, which decide by themselves.
fn clients() -> [(&'static str, reqwest::Client); 2] {
    let http2 = builder().http2_prior_knowledge().build().expect("a client");
    [("HTTP/2", http2), ("HTTP/1.1", builder().http1_only().build().expect("a client"))]
}

#[tokio::test]
async fn trailers_arrive_over_both_protocols() {
    let producers = Producers::new();
    let server = TestServer::plain(producers.router(), |server| server);
    for (protocol, client) in clients() {
        let url = format!("http://{}/quiet", server.address);
        let response = client.get(url).header("te", "trailers").send().await.expect("a response");
        assert_eq!(format!("{:?}", response.version()), protocol.replace("/2", "/2.0"));
        producers.go_on.notify_one();
        let ending = read(response).await.expect("whole");
        assert_eq!(ending.content, b"first last", "{protocol}");
        assert_eq!(ending.trailers.expect("trailers")["x-rows"], "2", "{protocol}");
    }
}

#[tokio::test]
async fn first_bytes_decide_the_protocol_wherever_they_are_split() {
    let server = server(Limits::default());
    let http2 = [raw::http2_preface(), raw::http2_frame(1, 5, 1, &raw::http2_head("GET", "/ok"))].concat();
    let method = b"PRINT /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = async |bytes: &[u8], split: usize| {
        let mut client = sent(&server, &bytes[..split]).await;
        sleep(Duration::from_millis(50)).await;
        client.write_all(&bytes[split..]).await.expect("sent");
        let mut begin = [0; 12];
        soon("a response", client.read_exact(&mut begin)).await.expect("a response");
        begin
    };
    let cases = (1..26).flat_map(|split| [(&http2[..], split), (GET_OK, split), (method, split)]);
    join_all(cases.map(async |(bytes, split)| {
        let begin = answer(bytes, split).await;
        let begin = String::from_utf8_lossy(&begin);
        match bytes {
            GET_OK => assert_eq!(begin, "HTTP/1.1 200", "split at {split}"),
            bytes if bytes == method => assert_eq!(begin, "HTTP/1.1 405", "split at {split}"),
            // A server's first frame is SETTINGS (RFC 9113 §3.4).
            _ => assert_eq!(&begin.as_bytes()[3..5], [4, 0], "split at {split}: {begin:?}"),
        }
    }))
    .await;
}

#[tokio::test]
async fn sockets_of_the_application_are_served() {
    let socket = || std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let (https, plain) = (socket(), socket());
    let [https_address, plain_address] =
        [&https, &plain].map(|socket| socket.local_addr().expect("an address"));
    let _server = TestServer::plain(Producers::new().router(), |server| {
        let tls = Tls::from_pem(CERTIFICATE, KEY).expect("the demo certificate");
        server.tls(tls).listen(https).listen_plain(plain)
    });
    let mut client = TcpStream::connect(plain_address).await.expect("a connection");
    client.write_all(GET_OK).await.expect("sent");
    assert!(raw::rest(&mut client).await.ends_with("\r\n\r\nok"));
    let mut body = raw::http2_get(&mut raw::http2(https_address).await, "/ok").await;
    assert_eq!(raw::http2_read(&mut body).await.expect("whole"), b"ok");
}

#[tokio::test]
async fn upgrade_to_http2_is_ignored() {
    let request = "GET /ok HTTP/1.1\r\nhost: a\r\nconnection: upgrade, http2-settings, close\r\nupgrade: h2c\r\n\
                   http2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n";
    let server = server(Limits::default());
    let mut client = sent(&server, request.as_bytes()).await;
    let answer = raw::rest(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nok"), "{answer}");
}

#[tokio::test]
async fn client_without_its_first_bytes_is_closed_after_their_limit() {
    let limit = Duration::from_millis(300);
    let server = server(with!(Limits { first_byte: limit }));
    for bytes in [&b""[..], b"PRI", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r"] {
        let began = Instant::now();
        let mut client = sent(&server, bytes).await;
        assert_eq!(raw::rest(&mut client).await, "");
        assert!(began.elapsed() >= limit, "{:?}", began.elapsed());
    }
    // Neither limit is over.
    let mut client = sent(&server, b"G").await;
    sleep(2 * limit).await;
    client.write_all(&GET_OK[1..]).await.expect("sent");
    assert!(raw::rest(&mut client).await.ends_with("\r\n\r\nok"));
}

#[tokio::test]
async fn connections_with_and_without_tls_share_one_limit() {
    let (log, _catching) = Log::catch();
    let mut https = None;
    let server = TestServer::plain(Producers::new().router(), |server| {
        let tls = Tls::from_pem(CERTIFICATE, KEY).expect("the demo certificate");
        let server = server.tls(tls).bind("127.0.0.1:0").expect("a free port");
        https = server.local_addrs().first().copied();
        server.limits(with!(Limits { connections: 1 }))
    });
    let only = raw::tls(https.expect("an address"), "h2").await;
    let mut refused = connect(&server).await;
    assert_eq!(raw::rest(&mut refused).await, "");
    log.line(&["WARN", "connection refused", "listener=\"plain\"", "limit=1"]).await;
    drop(only);
    let place = async {
        loop {
            let mut client = sent(&server, GET_OK).await;
            if raw::rest(&mut client).await.ends_with("ok") {
                return;
            }
        }
    };
    soon("a place", place).await;
}

#[tokio::test]
async fn reader_that_stalls_is_cut_over_both_protocols() {
    let producers = Producers::new();
    let limits = with!(Limits { stalled_reader: Duration::from_millis(800) });
    let server = TestServer::plain(producers.router(), |server| server.limits(limits));
    for (_protocol, request) in requests("/endless") {
        let mut client = sent(&server, &request).await;
        soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();
        let end = soon("the end", client.read_to_end(&mut Vec::new())).await.expect_err("not closed");
        assert_eq!(end.kind(), io::ErrorKind::ConnectionReset);
    }
}

/// A request for `path` over each protocol.
fn requests(path: &str) -> [(&'static str, Vec<u8>); 2] {
    let http1 = format!("GET {path} HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n").into_bytes();
    let http2 = [raw::http2_preface(), raw::http2_frame(1, 5, 1, &raw::http2_head("GET", path))].concat();
    [("HTTP/1.1", http1), ("HTTP/2", http2)]
}

/// Longer than the server needs to notice a FIN.
const NOTICED: Duration = Duration::from_millis(500);

#[tokio::test]
async fn response_is_whole_behind_a_fin() {
    let producers = Producers::new();
    let server = TestServer::plain(producers.router(), |server| server);
    for (protocol, request) in requests("/quiet") {
        let mut client = sent(&server, &request).await;
        client.shutdown().await.expect("half closed");
        sleep(NOTICED).await;
        producers.go_on.notify_waiters();
        let wire = raw::rest_bytes(&mut client).await;
        if protocol == "HTTP/1.1" {
            assert!(wire.ends_with(b"0\r\nx-rows: 2\r\n\r\n"), "{}", wire.escape_ascii());
            continue;
        }
        let frames = raw::http2_frames(&wire);
        let data: Vec<_> = frames.iter().filter(|(kind, ..)| *kind == 0).map(|(.., data)| *data).collect();
        assert_eq!(data.concat(), b"first last");
        let (kind, flags, _) = frames.iter().rfind(|(kind, ..)| *kind < 2).expect("an end");
        assert_eq!((*kind, *flags), (1, 5), "trailers that end the stream");
    }
}

#[tokio::test]
async fn client_that_resets_behind_its_fin_ends_a_silent_producer() {
    let producers = Producers::new();
    let server = TestServer::plain(producers.router(), |server| server);
    for (protocol, request) in requests("/silent") {
        let mut client = sent(&server, &request).await;
        soon("the producer", producers.began.acquire()).await.expect("open").forget();
        client.shutdown().await.expect("half closed");
        sleep(NOTICED).await;
        assert_eq!(producers.ended.available_permits(), 0, "{protocol}: its response may still come");
        client.set_zero_linger().expect("set");
        drop(client);
        soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();
    }
}

/// Producers that stop after their first chunk: `/unknown` has no length, `/known` has one, and `/announced` hides it
/// because trailers may report a failure.
fn broken() -> Router {
    let broken = |declared| {
        let (mut sender, body) = body::channel(1024, declared);
        tokio::spawn(async move { sender.send("first ").await });
        body
    };
    let known = move || async move { ([("content-length", "11")], broken(Declared::none())) };
    let announced = move || async move { ([("content-length", "11")], broken(declared())) };
    Router::new()
        .route("/unknown", get(move || async move { broken(declared()) }))
        .route("/known", get(known))
        .route("/announced", get(announced))
}

#[tokio::test]
async fn cut_response_never_looks_complete() {
    let server = TestServer::plain(broken(), |server| server);
    for path in ["/unknown", "/known", "/announced"] {
        for version in ["1.0", "1.1"] {
            let request = format!("GET {path} HTTP/{version}\r\nhost: a\r\nte: trailers\r\n\r\n");
            let mut client = sent(&server, request.as_bytes()).await;
            let mut wire = Vec::new();
            let end = soon("the end", client.read_to_end(&mut wire)).await;
            let wire = String::from_utf8_lossy(&wire);
            assert!(wire.contains("first "), "{path}: {wire}");
            let is_framed = wire.contains("\r\ncontent-length: 11\r\n")
                || wire.contains("\r\ntransfer-encoding: chunked\r\n");
            assert!(!wire.ends_with("0\r\n\r\n"), "{path}: {wire}");
            let is_reset = end.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset);
            assert!(is_framed || is_reset, "{path} over HTTP/{version}: {wire}");
            assert_eq!(is_framed, version == "1.1" || path == "/known", "{path}: {wire}");
        }
        let mut http2 = raw::http2_over(connect(&server).await).await;
        let mut body = raw::http2_get(&mut http2, path).await;
        let error = raw::http2_read(&mut body).await.expect_err("cut");
        assert_eq!(error.reason(), Some(h2::Reason::INTERNAL_ERROR), "{path}: {error:?}");
    }
}

#[tokio::test]
async fn tls_and_proxy_headers_are_logged_and_counted_by_their_kind() {
    let (log, _catching) = Log::catch();
    let (server, metrics) = counted_plain(Producers::new().router(), Limits::default());
    for (bytes, kind, cause) in [
        (&b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"[..], "tls_to_plain", "sent TLS to the plain HTTP port"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 443\r\n", "proxy_header", "PROXY protocol"),
        (b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", "proxy_header", "PROXY protocol"),
    ] {
        let mut client = sent(&server, bytes).await;
        let answer = raw::rest(&mut client).await;
        assert_eq!(answer.contains("use http:// instead of https://"), kind == "tls_to_plain", "{answer}");
        log.line(&["INFO", "plain connection failed", "peer=127.0.0.1:", &format!("kind=\"{kind}\""), cause])
            .await;
    }
    drop(connect(&server).await);
    for (kind, count) in [("tls_to_plain", 1), ("proxy_header", 2), ("probe", 1)] {
        metrics.say(&format!("handshakes_failed_total{{reason=\"{kind}\"}}"), count).await;
    }
    assert!(!log.text().contains("first byte"), "a probe is no line:\n{}", log.text());
    metrics.say("connections", 0).await;
    let mut client = sent(&server, GET_OK).await;
    assert!(raw::rest(&mut client).await.ends_with("\r\n\r\nok"), "others are served");
}

#[tokio::test]
async fn bytes_that_are_no_http_get_400() {
    let server = server(Limits::default());
    for bytes in ["SSH-2.0-OpenSSH_9.2\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "\0\r\n\r\n"] {
        let mut client = sent(&server, bytes.as_bytes()).await;
        let answer = raw::rest(&mut client).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{bytes:?}: {answer:?}");
    }
}

#[tokio::test]
async fn shutdown_ends_silent_connections_at_once_and_lets_streams_end() {
    let producers = Producers::new();
    let mut server = TestServer::plain(producers.router(), |server| server);
    let mut silent = connect(&server).await;
    let mut half = sent(&server, b"PRI * HT").await;
    let mut http2 = raw::http2_over(connect(&server).await).await;
    let mut body = raw::http2_get(&mut http2, "/quiet").await;
    let mut http1 = sent(&server, b"GET /quiet HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n").await;
    assert_ne!(soon("a response", http1.read(&mut [0; 16])).await.expect("a response"), 0);

    let handle = server.handle.clone();
    let drained = tokio::spawn(async move { handle.drain(Duration::from_secs(60)).await });
    for client in [&mut silent, &mut half] {
        assert_eq!(raw::rest(client).await, "");
    }
    assert!(!server.served.is_finished());
    producers.go_on.notify_waiters();
    assert_eq!(raw::http2_read(&mut body).await.expect("whole"), b"first last");
    assert_eq!(body.trailers().await.expect("no error").expect("trailers")["x-rows"], "2");
    assert!(raw::rest(&mut http1).await.ends_with("0\r\nx-rows: 2\r\n\r\n"));
    drop(http2);
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    soon("the end", drained).await.expect("no panic");
    TcpStream::connect(server.address).await.expect_err("nobody listens");
}
