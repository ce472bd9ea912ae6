//! A body that runs its producer itself: it is dropped with its reader, waits for a slow one, and a failed one is cut.

use super::{
    cut::{assert_ends_after, reset_after},
    observed_producers::{declared, rows},
    prelude::{
        AHEAD_OF_THE_WINDOW, IntoResponse, RESET_BY_A_PANIC, Response, Router, StatusCode, TestServer, get,
    },
};
use crate::support::{clients, http1, log::Log, raw, read, soon};
use axum_trailers::{body, trailers::Declared};
use h2::Reason;
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

#[tokio::test]
async fn full_queue_is_no_deadlock() {
    let server = TestServer::start(Seen::new().router());
    for (protocol, client) in clients() {
        let ending = soon("the end", read(server.get(&client, "/large").await)).await.expect("a whole body");
        assert_eq!(ending.content.len(), 100 * CAPACITY, "{protocol}");
    }
    let mut client = raw::http2(server.address).await;
    let mut body = raw::http2_get(&mut client, "/large").await;
    assert_eq!(raw::http2_read(&mut body).await.expect("a whole body").len(), 100 * CAPACITY);
    assert_eq!(body.trailers().await.expect("no error").expect("trailers")["x-rows"], "100");
}

#[tokio::test]
async fn producer_stops_while_its_reader_stalls() {
    const WINDOW: usize = 65_535;
    const MOST: usize = WINDOW + AHEAD_OF_THE_WINDOW + CAPACITY;
    let seen = Seen::new();
    let server = TestServer::start(seen.router());
    let mut client = raw::http2(server.address).await;
    let mut body = raw::http2_get(&mut client, "/endless").await;
    let mut read = 0;
    while read < WINDOW {
        read += soon("a chunk", body.data()).await.expect("a chunk").expect("no error").len();
    }
    assert_eq!(read, WINDOW, "the window is not released");
    let settled = seen.sent.load(Relaxed);
    assert!(settled * CHUNK <= MOST, "{settled} chunks");
    for _ in 0..10 {
        // The connection is polled again.
        let nothing = raw::http2_get(&mut client, "/nothing").await;
        assert!(nothing.is_end_stream());
    }
    assert!(seen.sent.load(Relaxed) * CHUNK <= MOST, "{seen:?}", seen = seen.sent);
    assert_eq!(seen.dropped.available_permits(), 0);
    body.flow_control().release_capacity(WINDOW).expect("it was received");
    while read < 2 * WINDOW {
        read += soon("a chunk", body.data()).await.expect("a chunk").expect("no error").len();
    }
    assert!(seen.sent.load(Relaxed) > settled, "it goes on with its reader");
}

#[tokio::test]
async fn http2_client_that_resets_its_stream_drops_the_producer() {
    let seen = Seen::new();
    let server = TestServer::start(seen.router());
    let mut client = raw::http2(server.address).await;
    for path in ["/endless", "/silent"] {
        let mut body = raw::http2_get(&mut client, path).await;
        soon("a chunk", body.data()).await.expect("a chunk").expect("no error");
        assert_eq!(seen.dropped.available_permits(), 0, "{path}");
        drop(body);
        seen.is_dropped().await;
    }
}

#[tokio::test]
async fn http1_client_that_leaves_drops_the_producer() {
    let seen = Seen::new();
    let server = TestServer::start(seen.router());
    for path in ["/endless", "/silent"] {
        let client = raw::http1_get(server.address, path).await;
        assert_eq!(seen.dropped.available_permits(), 0, "{path}");
        drop(client);
        seen.is_dropped().await;
    }
}

#[tokio::test]
async fn failed_producer_resets_the_http2_stream() {
    let server = TestServer::start(Seen::new().router());
    let mut client = raw::http2(server.address).await;
    for (path, content, expected) in [
        ("/fails", "first", Reason::INTERNAL_ERROR),
        ("/fails-first", "", Reason::INTERNAL_ERROR),
        ("/panics", "first", RESET_BY_A_PANIC),
        ("/returns", "first", Reason::INTERNAL_ERROR),
    ] {
        let reason = reset_after(content, &mut client, path).await;
        assert_eq!(reason, Some(expected), "{path}");
    }
}

#[tokio::test]
async fn failed_producer_closes_http1_without_the_last_chunk() {
    const FIRST: &str = "5\r\nfirst\r\n";
    let server = TestServer::start(Seen::new().router());
    let get = async |path| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n");
        raw::http1(server.address, &request).await
    };
    for (path, content) in [("/fails", FIRST), ("/fails-first", ""), ("/returns", FIRST)] {
        assert_ends_after(content, &get(path).await);
    }
    let wire = get("/panics").await;
    let (_, content) = wire.split_once("\r\n\r\n").unwrap_or_default();
    assert!(FIRST.starts_with(content), "a panic may also take the chunk before it: {wire}");
}

#[tokio::test]
async fn error_of_a_producer_is_logged_once_as_one() {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(Seen::new().router());
    raw::http1(server.address, "GET /fails HTTP/1.1\r\nhost: a\r\n\r\n").await;
    log.line(&["ERROR", "the database is gone"]).await;
    read(server.get(&http1(), "/nothing").await).await.expect("the server lives on");
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
    read(server.get(&http1(), "/nothing").await).await.expect("the server lives on");
    assert!(!log.text().contains("ERROR"), "{}", log.text());
}
