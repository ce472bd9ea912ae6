//! What only a connection over QUIC has: it survives that its client moves, and has limits of its own. What all protocols
//! have is in the table of protocols.

use super::prelude::{
    Router, get,
    producer::{Producers, declared, rows},
};
use crate::support::{
    PATIENCE, TestServer,
    log::Log,
    protocols::{Client, Protocol, read},
    soon, with,
};
use axum_trailers::body;
use axum_trailers_server::Limits;
use quinn::{ConnectionError, VarInt};
use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};

const SHORT: Duration = Duration::from_millis(500);

/// `H3_NO_ERROR` ([RFC 9114 §8.1](https://www.rfc-editor.org/rfc/rfc9114#section-8.1)).
const NO_ERROR: VarInt = VarInt::from_u32(0x100);

async fn client(server: &TestServer) -> Client {
    Protocol::Http3.client(server.address).await
}

#[tokio::test]
async fn responses_go_on_while_their_client_moves() {
    const CHUNK: usize = 8 * 1024;
    const CHUNKS: usize = 250;
    let (log, _guard) = Log::catch();
    let large = || async {
        let (mut sender, body) = body::channel(64 * 1024, declared());
        tokio::spawn(async move {
            for _ in 0..CHUNKS {
                sender.send(vec![b'x'; CHUNK]).await.expect("a reader");
            }
            sender.finish(rows(1)).expect("as declared");
        });
        body
    };
    let producers = Producers::new();
    let server = TestServer::start(producers.router().route("/large", get(large)));
    let client = client(&server).await;
    let quiet = client.get("/quiet").await;
    let mut large = client.get("/large").await;
    let (mut received, mut ports) = (0, vec![client.http3().port()]);
    while let Some(chunk) = large.chunk().await.expect("the download goes on") {
        received += chunk.len();
        if ports.len() < 4 && received > ports.len() * CHUNKS * CHUNK / 4 {
            ports.push(client.http3().rebind());
        }
    }
    assert_eq!(received, CHUNKS * CHUNK);
    assert_eq!(read(large).await.expect("whole").trailers.expect("trailers")["x-rows"], "1");

    ports.push(client.http3().rebind());
    producers.go_on.notify_waiters();
    let ending = read(quiet).await.expect("whole");
    assert_eq!(ending.content, b"first last");
    assert_eq!(ending.trailers.expect("trailers")["x-rows"], "2");
    read(client.get("/ok").await).await.expect("a new request from the new port");

    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 5, "it has moved");
    log.line(&["request_target=\"/quiet\"", "protocol=\"HTTP/3\"", "trailers=x-rows", "ended=complete"])
        .await;
}

#[tokio::test]
async fn connection_without_a_request_is_closed() {
    let server = TestServer::limited(Producers::new().router(), with!(Limits { idle: SHORT }));
    let client = client(&server).await;
    read(client.get("/ok").await).await.expect("served");
    let began = Instant::now();
    let end = soon("the end of the connection", client.http3().quic().closed()).await;
    let ConnectionError::ApplicationClosed(close) = end else { panic!("{end}") };
    assert_eq!(close.error_code, NO_ERROR);
    assert!(began.elapsed() >= SHORT.mul_f32(0.8), "closed after {:?}", began.elapsed());
}

#[tokio::test]
async fn connections_past_the_limit_are_refused_and_places_come_free() {
    let server = TestServer::limited(Producers::new().router(), with!(Limits { connections: 2 }));
    let first = client(&server).await;
    let second = Protocol::Http2.client(server.address).await;
    assert!(!Protocol::Http3.connects(server.address).await, "the limit is that of all protocols");
    read(first.get("/ok").await).await.expect("served");

    drop(second);
    soon("a free place", async {
        while server.handle.connections() > 1 {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    read(client(&server).await.get("/ok").await).await.expect("served");
}

#[tokio::test]
async fn streams_past_the_limit_wait() {
    let producers = Producers::new();
    let server = TestServer::limited(producers.router(), with!(Limits { streams: 3 }));
    let client = client(&server).await;
    let mut running = Vec::new();
    for _ in 0..3 {
        running.push(client.get("/quiet").await);
    }
    let mut fourth = Box::pin(client.get("/ok"));
    timeout(SHORT, &mut fourth).await.err().expect("it waits");
    producers.go_on.notify_one();
    let place = running.remove(0);
    let others: Vec<_> = running.into_iter().map(|response| tokio::spawn(read(response))).collect();
    producers.go_on.notify_waiters();
    read(place).await.expect("whole");
    assert_eq!(soon("a place", fourth).await.status(), 200);
    for other in others {
        other.await.expect("no panic").expect("whole");
    }
}

/// The task that sends the packets of a connection would be behind the other one.
#[tokio::test]
async fn chunk_does_not_wait_for_a_task_that_is_ready() {
    let (seen, blocked) = mpsc::channel::<()>();
    let blocked = Arc::new(Mutex::new(blocked));
    let go_on = Arc::new(Notify::new());
    let sent = go_on.clone();
    let sends = move || {
        let (blocked, sent) = (blocked.clone(), sent.clone());
        async move {
            body::produce(1024, declared(), |mut sender| async move {
                sender.send("first ").await?;
                sent.notified().await;
                tokio::spawn(async move {
                    let seen = blocked.lock().expect("no panic").recv_timeout(PATIENCE);
                    seen.expect("the chunk arrives while the thread is blocked");
                });
                sender.send("second ").await?;
                sent.notified().await;
                Ok(sender.finish(rows(2))?)
            })
        }
    };
    let app = Router::new().route("/", get(sends)).route("/ok", get(|| async { "ok" }));
    let server = TestServer::with(app, |server| server.threads(1));
    let client = client(&server).await;
    // After it, nothing of the handshake is sent again.
    read(client.get("/ok").await).await.expect("served");
    let mut response = client.get("/").await;
    for expected in ["first ", "second "] {
        let chunk = soon("a chunk", response.chunk()).await.expect("no error").expect("not the end");
        assert_eq!(chunk, expected);
        if expected == "second " {
            seen.send(()).expect("a blocked task");
        }
        go_on.notify_one();
    }
    assert_eq!(read(response).await.expect("whole").trailers.expect("trailers")["x-rows"], "2");
}
