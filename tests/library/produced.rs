//! A body that runs its producer itself: it is dropped with its reader, waits for a slow one, and a failed one is cut.

use super::{
    cut::{cut_after, cut_within, of_a_panic},
    observed_producers::{declared, rows},
    prelude::{
        AHEAD_OF_THE_WINDOW, IntoResponse, Response, Router, StatusCode, TestServer, get, over_each_protocol,
    },
};
use crate::support::{
    log::Log,
    protocols::{Protocol, read},
    raw, soon,
};
use axum_trailers::{body, trailers::Declared};
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use tokio::sync::Semaphore;

const CAPACITY: usize = 32 * 1024;
const CHUNK: usize = 4 * 1024;

/// What the producers of a test have done.
#[derive(Clone)]
pub(crate) struct Seen {
    /// The chunks that the `/endless` ones have sent.
    sent: Arc<AtomicUsize>,
    /// One permit for each producer that was dropped.
    dropped: Arc<Semaphore>,
}

/// Adds a permit when it is dropped.
struct Held(Arc<Semaphore>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

impl Seen {
    pub(crate) fn new() -> Self {
        Self { sent: Arc::default(), dropped: Arc::new(Semaphore::new(0)) }
    }

    pub(crate) fn router(&self) -> Router {
        let (endless, silent) = (self.clone(), self.clone());
        Router::new()
            .route("/endless", get(|| async { endless.endless() }))
            .route("/silent", get(|| async { silent.silent() }))
            .route("/nothing", get(|| async { StatusCode::NO_CONTENT }))
            .route("/large", get(|| async { large() }))
            .route("/fails", get(|| async { fails() }))
            .route("/fails-first", get(|| async { fails_first() }))
            .route("/panics", get(|| async { panics() }))
            .route("/returns", get(|| async { returns() }))
    }

    fn endless(self) -> Response {
        let body = body::produce(CAPACITY, Declared::none(), |mut sender| async move {
            let _held = Held(self.dropped);
            loop {
                sender.send(vec![b'x'; CHUNK]).await?;
                self.sent.fetch_add(1, Relaxed);
            }
        });
        body.into_response()
    }

    fn silent(self) -> Response {
        let body = body::produce(CAPACITY, Declared::none(), |mut sender| async move {
            let _held = Held(self.dropped);
            sender.send("first").await?;
            pending().await
        });
        body.into_response()
    }

    pub(crate) async fn is_dropped(&self) {
        soon("the end of the producer", self.dropped.acquire()).await.expect("open").forget();
    }
}

/// Many times its capacity.
fn large() -> impl IntoResponse {
    body::produce(CAPACITY, declared(), |mut sender| async move {
        for _ in 0..100 {
            sender.send(vec![b'x'; CAPACITY]).await?;
        }
        sender.finish(rows(100))?;
        Ok(())
    })
}

fn fails() -> impl IntoResponse {
    body::produce(CAPACITY, declared(), |mut sender| async move {
        sender.send("first").await?;
        tokio::task::yield_now().await;
        Err("the database is gone".into())
    })
}

fn fails_first() -> impl IntoResponse {
    body::produce(CAPACITY, declared(), |_sender| async { Err("the database is gone".into()) })
}

fn panics() -> impl IntoResponse {
    body::produce(CAPACITY, declared(), |mut sender| async move {
        sender.send("first").await?;
        panic!("on purpose")
    })
}

fn returns() -> impl IntoResponse {
    body::produce(CAPACITY, declared(), |mut sender| async move {
        sender.send("first").await?;
        Ok(())
    })
}

over_each_protocol! {
    full_queue_is_no_deadlock;
    producer_stops_while_its_reader_stalls, except Http1: "sockets have buffers of other sizes";
    client_that_gives_a_response_up_drops_its_producer;
    failed_producer_cuts_the_response;
}

async fn full_queue_is_no_deadlock(protocol: Protocol) {
    let server = TestServer::start(Seen::new().router());
    let client = protocol.client(server.address).await;
    let ending = soon("the end", read(client.get("/large").await)).await.expect("a whole body");
    assert_eq!(ending.content.len(), 100 * CAPACITY);
    assert_eq!(ending.trailers.expect("trailers")["x-rows"], "100");
}

async fn producer_stops_while_its_reader_stalls(protocol: Protocol) {
    // Over HTTP/3, frames have heads in the window, and what was read may open it again.
    const WINDOW: usize = 65_535;
    const MOST: usize = 2 * WINDOW + AHEAD_OF_THE_WINDOW + CAPACITY;
    let seen = Seen::new();
    let server = TestServer::start(seen.router());
    let client = protocol.client(server.address).await;
    let mut response = client.get("/endless").await;
    response.chunk().await.expect("no error").expect("a chunk");
    let standstill = async {
        let mut before = seen.sent.load(Relaxed);
        loop {
            // The connection is polled again.
            read(client.get("/nothing").await).await.expect("served");
            let now = seen.sent.load(Relaxed);
            if now == before && now > 0 {
                return now;
            }
            before = now;
        }
    };
    let settled = soon("a standstill", standstill).await;
    assert!(settled * CHUNK <= MOST, "{settled} chunks");
    for _ in 0..10 {
        read(client.get("/nothing").await).await.expect("served");
    }
    assert!(seen.sent.load(Relaxed) * CHUNK <= MOST, "{seen:?}", seen = seen.sent);
    assert_eq!(seen.dropped.available_permits(), 0);
    let mut read = 0;
    while read < 3 * WINDOW {
        read += response.chunk().await.expect("no error").expect("a chunk").len();
    }
    assert!(seen.sent.load(Relaxed) > settled, "it goes on with its reader");
}

async fn client_that_gives_a_response_up_drops_its_producer(protocol: Protocol) {
    let seen = Seen::new();
    let server = TestServer::start(seen.router());
    let client = protocol.client(server.address).await;
    for path in ["/endless", "/silent"] {
        let mut response = client.get(path).await;
        response.chunk().await.expect("no error").expect("a chunk");
        assert_eq!(seen.dropped.available_permits(), 0, "{path}");
        drop(response);
        seen.is_dropped().await;
    }
}

async fn failed_producer_cuts_the_response(protocol: Protocol) {
    let server = TestServer::start(Seen::new().router());
    let client = protocol.client(server.address).await;
    for (path, content) in [("/fails", "first"), ("/fails-first", ""), ("/returns", "first")] {
        assert_eq!(cut_after(content, &client, path).await, protocol.failure(), "{path}");
    }
    // A panic may also take the chunk before it.
    assert_eq!(cut_within("first", &client, "/panics").await, of_a_panic(protocol));
}

#[tokio::test]
async fn error_of_a_producer_is_logged_once_as_one() {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(Seen::new().router());
    raw::http1(server.address, "GET /fails HTTP/1.1\r\nhost: a\r\n\r\n").await;
    log.line(&["ERROR", "the database is gone"]).await;
    read(Protocol::Http1.client(server.address).await.get("/nothing").await)
        .await
        .expect("the server lives on");
    let errors: Vec<_> =
        log.text().lines().filter(|line| line.contains("ERROR")).map(str::to_owned).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
}

#[tokio::test]
async fn client_that_leaves_is_no_error_of_the_producer() {
    let (log, _guard) = Log::catch();
    let seen = Seen::new();
    let server = TestServer::start(seen.router());
    drop(raw::http1_get(server.address, "/endless").await);
    seen.is_dropped().await;
    read(Protocol::Http1.client(server.address).await.get("/nothing").await)
        .await
        .expect("the server lives on");
    assert!(!log.text().contains("ERROR"), "{}", log.text());
}
