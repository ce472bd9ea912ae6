//! A server that shuts down refuses new connections, lets running streams end for a time, and then cuts them.

use super::prelude::{
    Router, get,
    producer::{Producers, declared, rows},
};
use crate::support::{CERTIFICATE, KEY, Served, TestServer, raw, soon};
use axum_trailers::body;
use axum_trailers_server::{Server, Tls};
use futures_util::future::join_all;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

const NO_HURRY: Duration = Duration::from_secs(60);

async fn is_refused(server: &TestServer) {
    soon("a refusal", async {
        while TcpStream::connect(server.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn running_streams_end_whole_and_new_connections_are_refused() {
    let producers = Producers::new();
    let mut server = TestServer::start(producers.router());
    let mut client = raw::http2(server.address).await;
    let mut http2 = raw::http2_get(&mut client, "/quiet").await;
    let mut http1 = raw::http1_get(server.address, "/quiet").await;

    let handle = server.handle.clone();
    let drained = tokio::spawn(async move { handle.drain(NO_HURRY).await });
    is_refused(&server).await;
    assert!(!server.served.is_finished());
    // No GOAWAY yet: after one, curl would lose the trailers.
    let mut other = raw::http2_get(&mut client, "/ok").await;
    assert_eq!(raw::http2_read(&mut other).await.expect("served meanwhile"), b"ok");

    producers.go_on.notify_waiters();
    assert_eq!(raw::http2_read(&mut http2).await.expect("whole"), b"first last");
    assert_eq!(http2.trailers().await.expect("no error").expect("trailers")["x-rows"], "2");
    assert!(raw::rest(&mut http1).await.ends_with("0\r\nx-rows: 2\r\n\r\n"));
    drop(client);
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    soon("the end", drained).await.expect("no panic");
}

#[tokio::test]
async fn idle_connections_do_not_hold_the_end_up() {
    let mut server = TestServer::start(Producers::new().router());
    let _http1 = raw::http1_get(server.address, "/ok").await;
    let mut http2 = raw::http2(server.address).await;
    let _body = raw::http2_get(&mut http2, "/ok").await;
    let _silent = raw::tls(server.address, "h2").await;
    let _in_handshake = TcpStream::connect(server.address).await.expect("a connection");

    let began = Instant::now();
    soon("the end", server.handle.drain(NO_HURRY)).await;
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn streams_that_run_on_are_cut_after_the_timeout() {
    let producers = Producers::new();
    let mut server = TestServer::start(producers.router());
    let mut client = raw::http2(server.address).await;
    let mut http2 = raw::http2_get(&mut client, "/quiet").await;
    let mut http1 = raw::http1_get(server.address, "/quiet").await;

    let timeout = Duration::from_millis(300);
    let began = Instant::now();
    soon("the end", server.handle.drain(timeout)).await;
    assert!(began.elapsed() >= timeout);
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    assert!(raw::http2_read(&mut http2).await.is_err(), "a cut transfer is an error");
    assert!(!raw::rest(&mut http1).await.ends_with("0\r\n\r\n"), "a cut transfer has no last chunk");
}

#[tokio::test]
async fn cut_ends_a_drain_at_once() {
    let mut server = TestServer::start(Producers::new().router());
    let mut client = raw::http2(server.address).await;
    let mut body = raw::http2_get(&mut client, "/quiet").await;
    let handle = server.handle.clone();
    let drained = tokio::spawn(async move { handle.drain(NO_HURRY).await });
    is_refused(&server).await;
    server.handle.abort();
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    soon("the end", drained).await.expect("no panic");
    assert!(raw::http2_read(&mut body).await.is_err(), "a cut transfer is an error");
}

#[tokio::test]
async fn slow_reader_gets_the_end_although_its_connection_drains() {
    const LENGTH: usize = 1_200_000;
    // In total, twice as long as a drained connection is left alone.
    const PACE: Duration = Duration::from_nanos(10_000_000_000 / LENGTH as u64);
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const PING: u8 = 6;
    const WINDOW_UPDATE: u8 = 8;
    const END_STREAM: u8 = 1;
    let finite = || async {
        let (mut sender, body) = body::channel(64 * 1024, declared());
        tokio::spawn(async move {
            sender.send(vec![b'x'; LENGTH]).await.expect("a reader");
            sender.finish(rows(1)).expect("as declared");
        });
        body
    };
    let mut server = TestServer::start(Router::new().route("/finite", get(finite)));
    let mut client = raw::http2_asked(server.address, "/finite").await;
    let mut wire = vec![0; 9];
    soon("a response", client.read_exact(&mut wire)).await.expect("a frame");
    let handle = server.handle.clone();
    let drained = tokio::spawn(async move { handle.drain(NO_HURRY).await });

    let mut pings = 0;
    let mut piece = vec![0; 8 * 1024];
    loop {
        let read = soon("data", client.read(&mut piece)).await.expect("no reset");
        if read == 0 {
            break;
        }
        wire.extend(&piece[..read]);
        sleep(PACE * u32::try_from(read).expect("a piece")).await;

        // The client returns its window and answers each `PING`, even after the server has sent everything.
        let mut says = raw::http2_frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]);
        let asked: Vec<_> = raw::http2_frames(&wire).into_iter().filter(|(kind, ..)| *kind == PING).collect();
        says.extend(
            asked.iter().skip(pings).flat_map(|(_, _, payload)| raw::http2_frame(PING, 1, 0, payload)),
        );
        pings = asked.len();
        // After the server has closed, this may fail. Data sent earlier must still arrive.
        let _refused = client.write_all(&says).await;
    }
    let frames = raw::http2_frames(&wire);
    let received: usize =
        frames.iter().filter(|(kind, ..)| *kind == DATA).map(|(_, _, data)| data.len()).sum();
    assert_eq!(received, LENGTH);
    assert!(
        frames.iter().any(|(kind, flags, _)| *kind == HEADERS && flags & END_STREAM != 0),
        "the trailers"
    );
    drop(client);
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    soon("the end", drained).await.expect("no panic");
}

#[tokio::test]
async fn server_whose_future_is_dropped_cuts_its_connections() {
    let server = TestServer::start(Producers::new().router());
    let mut client = raw::http2(server.address).await;
    let mut body = raw::http2_get(&mut client, "/quiet").await;
    server.served.abort();
    assert!(raw::http2_read(&mut body).await.is_err(), "a cut transfer is an error");
    soon("a drain of nothing", server.handle.drain(NO_HURRY)).await;
}

#[tokio::test]
async fn server_without_an_address_or_its_certificate_is_an_error() {
    let tls = Tls::from_pem(CERTIFICATE, KEY).expect("the demo certificate");
    let plain = || Server::new().bind_plain("127.0.0.1:0").expect("a free port");
    for (server, missing) in [
        (Server::new(), "call `bind` or `bind_plain`"),
        (Server::new().tls(tls), "call `bind` or `bind_plain`"),
        (Server::new().bind("127.0.0.1:0").expect("a free port"), "call `tls`"),
        (plain().bind("127.0.0.1:0").expect("a free port"), "call `tls`"),
        (plain().redirect("127.0.0.1:0").expect("a free port"), "no HTTPS address to redirect to"),
    ] {
        let error = server.serve(Router::new().application()).await.expect_err("nowhere to listen");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains(missing), "{error}");
    }
}

/// Asserts that the server ends soon, although this holds it up. It has no running stream, and other limits are far
/// off.
async fn ends_soon(server: &mut TestServer, what: &str) {
    let began = Instant::now();
    soon("the end", server.handle.drain(NO_HURRY)).await;
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    assert!(began.elapsed() < Duration::from_secs(3), "{what}: {:?}", began.elapsed());
}

#[tokio::test]
async fn half_a_request_head_does_not_hold_the_end_up() {
    let cases = [
        ("the first head", "GET /ok HTTP/1.1\r\nhost:"),
        ("a later head", "GET /ok HTTP/1.1\r\nhost: a\r\n\r\nGET /ok HTTP/1.1\r\nhost:"),
        ("a first byte", "G"),
        ("nothing", ""),
    ];
    join_all(cases.map(async |(what, request)| {
        let mut server = TestServer::with(Producers::new().router(), |server| {
            server.redirect("127.0.0.1:0").expect("a free port")
        });
        let mut tls = raw::tls(server.address, "http/1.1").await;
        tls.write_all(request.as_bytes()).await.expect("sent");
        tls.flush().await.expect("sent");
        let mut plain = TcpStream::connect(server.redirect.expect("an address")).await.expect("a connection");
        plain.write_all(request.as_bytes()).await.expect("sent");
        sleep(Duration::from_millis(100)).await;
        ends_soon(&mut server, what).await;
    }))
    .await;
}

#[tokio::test]
async fn request_head_that_comes_byte_by_byte_does_not_hold_the_end_up() {
    let mut server = TestServer::start(Producers::new().router());
    let mut client = raw::tls(server.address, "http/1.1").await;
    let dripping = tokio::spawn(async move {
        while client.write_all(b"G").await.is_ok() && client.flush().await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    });
    sleep(Duration::from_millis(100)).await;
    ends_soon(&mut server, "a head that drips").await;
    soon("its end", dripping).await.expect("no panic");
}

#[tokio::test]
async fn idle_http2_client_that_no_longer_answers_does_not_hold_the_end_up() {
    let mut server = TestServer::start(Producers::new().router());
    // The response has arrived, and the client reads nothing further.
    let _deaf = raw::http2_deaf(server.address, "/ok").await;
    sleep(Duration::from_millis(100)).await;
    ends_soon(&mut server, "a deaf client").await;
}

#[tokio::test]
async fn http2_client_that_only_pings_does_not_hold_the_end_up() {
    const PING: u8 = 6;
    let mut server = TestServer::start(Producers::new().router());
    let mut client = raw::http2_asked(server.address, "/ok").await;
    let pinging = tokio::spawn(async move {
        while client.write_all(&raw::http2_frame(PING, 0, 0, &[0; 8])).await.is_ok() {
            let _flushed = client.flush().await;
            let _answers = tokio::time::timeout(Duration::from_millis(50), client.read(&mut [0; 1024])).await;
        }
    });
    sleep(Duration::from_millis(100)).await;
    ends_soon(&mut server, "a client that pings").await;
    soon("its end", pinging).await.expect("no panic");
}

#[tokio::test]
async fn request_that_is_complete_is_waited_for() {
    let producers = Producers::new();
    let mut server = TestServer::start(producers.router());
    let mut http1 = raw::http1_asked(server.address, "/quiet").await;
    let mut client = raw::http2(server.address).await;
    let mut http2 = raw::http2_get(&mut client, "/quiet").await;
    let handle = server.handle.clone();
    let drained = tokio::spawn(async move { handle.drain(NO_HURRY).await });
    // Longer than anything without a request may take.
    sleep(Duration::from_secs(3)).await;
    producers.go_on.notify_waiters();
    assert!(raw::rest(&mut http1).await.ends_with("0\r\nx-rows: 2\r\n\r\n"));
    assert_eq!(raw::http2_read(&mut http2).await.expect("whole"), b"first last");
    drop(client);
    soon("the end", drained).await.expect("no panic");
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
}

/// hyper passes the end of a response to h2 before the client's window allows it to be sent.
#[tokio::test]
async fn response_that_waits_for_the_window_is_a_running_one() {
    // More than the client's window of 64 KiB, so the end waits in h2.
    const LENGTH: usize = 73_500;
    let finite = || async {
        let (mut sender, body) = body::channel(128 * 1024, declared());
        tokio::spawn(async move {
            sender.send(vec![b'x'; LENGTH]).await.expect("a reader");
            sender.finish(rows(1)).expect("as declared");
        });
        body
    };
    let mut server = TestServer::start(Router::new().route("/finite", get(finite)));
    let stream = raw::tls(server.address, "h2").await;
    let (client, connection) = h2::client::handshake(stream).await.expect("a preface");
    tokio::spawn(connection);
    let mut client = client.ready().await.expect("a connection");
    let mut body = raw::http2_get(&mut client, "/finite").await;
    let handle = server.handle.clone();
    let drained = tokio::spawn(async move { handle.drain(NO_HURRY).await });
    // Longer than the server waits for a connection without a request, and without activity.
    sleep(Duration::from_secs(4)).await;
    assert_eq!(raw::http2_read(&mut body).await.expect("whole").len(), LENGTH);
    assert_eq!(body.trailers().await.expect("no error").expect("trailers")["x-rows"], "1");
    drop(client);
    soon("the end", drained).await.expect("no panic");
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
}
