//! A client that closes its sending direction after a complete request still gets the whole response; if it is gone,
//! its producer ends. A connection over QUIC has no direction that could close: its streams have, and end each request.

use super::prelude::{RawBody, ReadContent, Router, get, post, producer::Producers};
use crate::support::{TestServer, raw, soon};
use axum_trailers::{body, trailers::Declared};
use futures_util::future::join_all;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};
use tokio_rustls::client::TlsStream;

const QUIET: &str = "GET /quiet HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n";

/// Sends `close_notify`, and optionally a FIN.
async fn half_close(client: &mut TlsStream<TcpStream>, with_fin: bool) {
    if with_fin {
        return client.shutdown().await.expect("sent");
    }
    let (tcp, session) = client.get_mut();
    session.send_close_notify();
    let mut alert = Vec::new();
    session.write_tls(&mut alert).expect("written");
    tcp.write_all(&alert).await.expect("sent");
}

#[tokio::test]
async fn response_is_whole_behind_close_notify() {
    join_all([false, true].map(async |with_fin| {
        let producers = Producers::new();
        let server = TestServer::start(producers.router());
        let mut client = raw::tls(server.address, "http/1.1").await;
        client.write_all(QUIET.as_bytes()).await.expect("sent");
        half_close(&mut client, with_fin).await;
        // The producer is silent for longer than the server needs to notice the half-close.
        sleep(Duration::from_millis(500)).await;
        producers.go_on.notify_waiters();
        assert!(raw::rest(&mut client).await.ends_with("0\r\nx-rows: 2\r\n\r\n"), "FIN: {with_fin}");

        let mut client = raw::http2_asked(server.address, "/quiet").await;
        half_close(&mut client, with_fin).await;
        sleep(Duration::from_millis(500)).await;
        producers.go_on.notify_waiters();
        let wire = raw::rest_bytes(&mut client).await;
        let frames = raw::http2_frames(&wire);
        let data: Vec<_> = frames.iter().filter(|(kind, ..)| *kind == 0).map(|(.., data)| *data).collect();
        assert_eq!(data.concat(), b"first last", "FIN: {with_fin}");
        let (kind, flags, _) = frames.iter().rfind(|(kind, ..)| *kind < 2).expect("an end");
        assert_eq!((*kind, *flags), (1, 5), "trailers that end the stream; FIN: {with_fin}");
    }))
    .await;
}

#[tokio::test]
async fn upload_that_is_complete_before_close_notify_is_answered() {
    let app = Router::new().route("/", post(|body: String| async move { format!("got {body}") }));
    let server = TestServer::start(app);
    for (body, answer) in [("5\r\nhello\r\n0\r\n\r\n", "got hello"), ("5\r\nhel", "HTTP/1.1 400 ")] {
        let mut client = raw::tls(server.address, "http/1.1").await;
        let head = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
        client.write_all(format!("{head}{body}").as_bytes()).await.expect("sent");
        half_close(&mut client, false).await;
        // A limit of the server would end it later than this waits.
        let wire = raw::rest(&mut client).await;
        assert!(wire.contains(answer), "{wire}");
    }
}

#[tokio::test]
async fn http2_upload_in_the_middle_breaks_at_close_notify() {
    let (sender, mut came) = tokio::sync::mpsc::unbounded_channel();
    let read = move |RawBody(mut body): RawBody| async move {
        let is_whole = loop {
            match body.data().await {
                Some(Ok(_)) => {}
                end => break end.is_none(),
            }
        };
        sender.send(is_whole).expect("it is waited for");
    };
    let server = TestServer::start(Router::new().route("/", post(read)));
    for (is_whole, flags) in [(true, 1), (false, 0)] {
        let mut client = raw::http2_began(server.address, "POST", "/").await;
        client.write_all(&raw::http2_frame(0, flags, 1, b"hello")).await.expect("sent");
        half_close(&mut client, false).await;
        assert_eq!(soon("what came of the body", came.recv()).await, Some(is_whole));
        drop(client);
    }
}

#[tokio::test]
async fn response_is_whole_behind_a_fin_on_a_plain_listener() {
    let server =
        TestServer::with(Router::new(), |server| server.redirect("127.0.0.1:0").expect("a free port"));
    for _ in 0..20 {
        let mut client =
            TcpStream::connect(server.redirect.expect("an address")).await.expect("a connection");
        client.write_all(b"GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
        client.shutdown().await.expect("sent");
        let mut wire = String::new();
        soon("the end", client.read_to_string(&mut wire)).await.expect("no error");
        assert!(
            wire.starts_with("HTTP/1.1 308 ") && wire.contains("\r\nlocation: https://localhost:"),
            "{wire}"
        );
    }
}

#[tokio::test]
async fn client_that_is_gone_without_close_notify_ends_a_silent_producer() {
    let producers = Producers::new();
    let server = TestServer::start(producers.router());
    for protocol in ["http/1.1", "h2"] {
        let client = match protocol {
            "h2" => raw::http2_asked(server.address, "/silent").await,
            _ => raw::http1_asked(server.address, "/silent").await,
        };
        soon("the producer", producers.began.acquire()).await.expect("open").forget();
        assert_eq!(producers.ended.available_permits(), 0);
        // Sends a FIN without an alert.
        drop(client);
        soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();
    }
}

#[tokio::test]
async fn half_closed_client_that_resets_its_connection_ends_a_silent_producer() {
    let producers = Producers::new();
    let server = TestServer::start(producers.router());
    for protocol in ["http/1.1", "h2"] {
        let mut client = match protocol {
            "h2" => raw::http2_asked(server.address, "/silent").await,
            _ => raw::http1_asked(server.address, "/silent").await,
        };
        soon("the producer", producers.began.acquire()).await.expect("open").forget();
        half_close(&mut client, false).await;
        sleep(Duration::from_millis(500)).await;
        assert_eq!(producers.ended.available_permits(), 0, "{protocol}: its response may still come");
        client.get_ref().0.set_zero_linger().expect("set");
        drop(client);
        soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();
    }
}

#[tokio::test]
async fn half_closed_client_that_leaves_ends_its_producer_with_the_next_chunk() {
    let producers = Producers::new();
    let server = TestServer::start(producers.router());
    let mut client = raw::http1_get(server.address, "/endless").await;
    half_close(&mut client, true).await;
    drop(client);
    soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();
}

#[tokio::test]
async fn half_closed_connections_end_after_their_responses() {
    let producers = Producers::new();
    let server = TestServer::start(producers.router());
    for protocol in ["http/1.1", "h2"] {
        let mut client = match protocol {
            "h2" => raw::http2_asked(server.address, "/ok").await,
            _ => raw::http1_asked(server.address, "/ok").await,
        };
        half_close(&mut client, false).await;
        let wire = raw::rest_bytes(&mut client).await;
        assert!(wire.windows(2).any(|two| two == b"ok"), "{protocol}");
    }
    let handle = server.handle.clone();
    soon("no connection", async {
        while handle.connections() > 0 {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// A full TLS record waits for the next one, but not indefinitely.
#[tokio::test]
async fn full_record_arrives_behind_close_notify() {
    const FULL: usize = 16 * 1024 - 9;
    let handler = || async {
        let (mut sender, body) = body::channel(1024 * 1024, Declared::none());
        tokio::spawn(async move {
            sleep(Duration::from_millis(300)).await;
            sender.send(vec![b'x'; FULL]).await.expect("a reader");
            sender.closed().await;
        });
        body
    };
    let server = TestServer::start(Router::new().route("/", get(handler)));
    let mut client = raw::http2_asked(server.address, "/").await;
    half_close(&mut client, false).await;
    let mut came = 0;
    while came < FULL {
        let n = soon("the record", client.read(&mut [0; 4096])).await.expect("no error");
        assert_ne!(n, 0, "the end after {came} bytes");
        came += n;
    }
}
