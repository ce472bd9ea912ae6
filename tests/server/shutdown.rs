//! A server that shuts down refuses new connections, lets running streams end for a time, and then cuts them.

use super::prelude::{
    Router, get,
    producer::{Producers, declared, rows},
};
use crate::support::{
    CERTIFICATE, KEY, Served, TestServer,
    protocols::{Protocol, Response, Why, over_each_protocol, read},
    raw, soon, with,
};
use axum_trailers::body;
use axum_trailers_server::{Limits, Server, Tls};
use futures_util::future::join_all;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, sleep},
};

const NO_HURRY: Duration = Duration::from_secs(60);

/// Limits that end no connection while a test waits for its end.
fn far_off() -> Limits {
    with!(Limits { handshake: NO_HURRY, first_byte: NO_HURRY, request_headers: NO_HURRY, ping: NO_HURRY })
}

over_each_protocol! {
    running_streams_end_whole_and_new_connections_are_refused;
    idle_connections_do_not_hold_the_end_up;
    streams_that_run_on_are_cut_after_the_timeout;
    cut_ends_a_drain_at_once;
    server_whose_future_is_dropped_cuts_its_connections;
    request_that_is_complete_is_waited_for;
    response_that_waits_for_the_window_is_a_running_one;
}

async fn is_refused(protocol: Protocol, server: &TestServer) {
    soon("a refusal", async {
        while protocol.connects(server.address).await {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn drain(server: &TestServer) -> JoinHandle<()> {
    let handle = server.handle.clone();
    tokio::spawn(async move { handle.drain(NO_HURRY).await })
}

async fn has_ended(server: &mut TestServer) {
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
}

async fn assert_quiet(response: Response) {
    let ending = read(response).await.expect("whole");
    assert_eq!(ending.content, b"first last");
    assert_eq!(ending.trailers.expect("trailers")["x-rows"], "2");
}

async fn running_streams_end_whole_and_new_connections_are_refused(protocol: Protocol) {
    let producers = Producers::new();
    let mut server = TestServer::start(producers.router());
    let client = protocol.client(server.address).await;
    let response = client.get("/quiet").await;

    let drained = drain(&server);
    is_refused(protocol, &server).await;
    assert!(!server.served.is_finished());
    match protocol {
        Protocol::Http1 => {}
        // No GOAWAY yet: after one, curl would lose the trailers.
        Protocol::Http2 => {
            assert_eq!(read(client.get("/ok").await).await.expect("served meanwhile").content, b"ok");
        }
        Protocol::Http3 => {
            assert!(client.http3().goaway().await > 0, "the running request is not disowned");
            let refused = client.request("GET", "/ok").send().await.err().expect("no response");
            assert_eq!(refused.why, Why::Refused, "it can be sent again elsewhere");
        }
    }

    producers.go_on.notify_waiters();
    assert_quiet(response).await;
    drop(client);
    has_ended(&mut server).await;
    soon("the end", drained).await.expect("no panic");
}

async fn idle_connections_do_not_hold_the_end_up(protocol: Protocol) {
    let mut server = TestServer::limited(Producers::new().router(), far_off());
    let client = protocol.client(server.address).await;
    let _response = client.get("/ok").await;
    let _silent = raw::tls(server.address, "h2").await;
    let _in_handshake = TcpStream::connect(server.address).await.expect("a connection");

    soon("the end", server.handle.drain(NO_HURRY)).await;
    has_ended(&mut server).await;
}

async fn streams_that_run_on_are_cut_after_the_timeout(protocol: Protocol) {
    let producers = Producers::new();
    let mut server = TestServer::start(producers.router());
    let client = protocol.client(server.address).await;
    let response = client.get("/quiet").await;

    let timeout = Duration::from_millis(300);
    let began = Instant::now();
    soon("the end", server.handle.drain(timeout)).await;
    assert!(began.elapsed() >= timeout);
    has_ended(&mut server).await;
    read(response).await.expect_err("a cut transfer is an error");
}

async fn cut_ends_a_drain_at_once(protocol: Protocol) {
    let mut server = TestServer::start(Producers::new().router());
    let client = protocol.client(server.address).await;
    let response = client.get("/quiet").await;
    let drained = drain(&server);
    is_refused(protocol, &server).await;
    server.handle.abort();
    has_ended(&mut server).await;
    soon("the end", drained).await.expect("no panic");
    read(response).await.expect_err("a cut transfer is an error");
}

async fn server_whose_future_is_dropped_cuts_its_connections(protocol: Protocol) {
    let server = TestServer::start(Producers::new().router());
    let client = protocol.client(server.address).await;
    let response = client.get("/quiet").await;
    server.served.abort();
    read(response).await.expect_err("a cut transfer is an error");
    soon("a drain of nothing", server.handle.drain(NO_HURRY)).await;
}

async fn request_that_is_complete_is_waited_for(protocol: Protocol) {
    let producers = Producers::new();
    let mut server = TestServer::start(producers.router());
    let client = protocol.client(server.address).await;
    let response = client.get("/quiet").await;
    let drained = drain(&server);
    // Longer than anything without a request may take.
    sleep(Duration::from_secs(3)).await;
    producers.go_on.notify_waiters();
    assert_quiet(response).await;
    drop(client);
    soon("the end", drained).await.expect("no panic");
    has_ended(&mut server).await;
}

/// The stack below the server takes the end of a response before the client's window allows it to be sent.
async fn response_that_waits_for_the_window_is_a_running_one(protocol: Protocol) {
    // More than the client's window of 64 KiB.
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
    let client = protocol.client(server.address).await;
    let response = client.get("/finite").await;
    let drained = drain(&server);
    // Longer than the server waits for a connection without a request, and without activity.
    sleep(Duration::from_secs(4)).await;
    let ending = read(response).await.expect("whole");
    assert_eq!(ending.content.len(), LENGTH);
    assert_eq!(ending.trailers.expect("trailers")["x-rows"], "1");
    drop(client);
    soon("the end", drained).await.expect("no panic");
    has_ended(&mut server).await;
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

/// Asserts that the server ends, although this holds it up. It has no running stream, and its limits are [`far_off`].
async fn ends(server: &mut TestServer, what: &str) {
    soon(what, server.handle.drain(NO_HURRY)).await;
    soon(what, &mut server.served).await.expect("no panic").expect("no error");
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
            server.limits(far_off()).redirect("127.0.0.1:0").expect("a free port")
        });
        let mut tls = raw::tls(server.address, "http/1.1").await;
        tls.write_all(request.as_bytes()).await.expect("sent");
        tls.flush().await.expect("sent");
        let mut plain = TcpStream::connect(server.redirect.expect("an address")).await.expect("a connection");
        plain.write_all(request.as_bytes()).await.expect("sent");
        sleep(Duration::from_millis(100)).await;
        ends(&mut server, &format!("the end despite {what}")).await;
    }))
    .await;
}

#[tokio::test]
async fn request_head_that_comes_byte_by_byte_does_not_hold_the_end_up() {
    let mut server = TestServer::limited(Producers::new().router(), far_off());
    let mut client = raw::tls(server.address, "http/1.1").await;
    let dripping = tokio::spawn(async move {
        while client.write_all(b"G").await.is_ok() && client.flush().await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    });
    sleep(Duration::from_millis(100)).await;
    ends(&mut server, "the end despite a head that drips").await;
    soon("its end", dripping).await.expect("no panic");
}

#[tokio::test]
async fn idle_http2_client_that_no_longer_answers_does_not_hold_the_end_up() {
    let mut server = TestServer::limited(Producers::new().router(), far_off());
    // The response has arrived, and the client reads nothing further.
    let _deaf = raw::http2_deaf(server.address, "/ok").await;
    sleep(Duration::from_millis(100)).await;
    ends(&mut server, "the end despite a deaf client").await;
}

#[tokio::test]
async fn http2_client_that_only_pings_does_not_hold_the_end_up() {
    const PING: u8 = 6;
    let mut server = TestServer::limited(Producers::new().router(), far_off());
    let mut client = raw::http2_asked(server.address, "/ok").await;
    let pinging = tokio::spawn(async move {
        while client.write_all(&raw::http2_frame(PING, 0, 0, &[0; 8])).await.is_ok() {
            let _flushed = client.flush().await;
            let _answers = tokio::time::timeout(Duration::from_millis(50), client.read(&mut [0; 1024])).await;
        }
    });
    sleep(Duration::from_millis(100)).await;
    ends(&mut server, "the end despite a client that pings").await;
    soon("its end", pinging).await.expect("no panic");
}
