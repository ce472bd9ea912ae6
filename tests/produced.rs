//! A body that runs its producer itself: it is dropped with its reader, waits for a slow one, and a failed one is cut.

use crate::support::{
    TestServer, clients, http1,
    log::Log,
    producer::{declared, rows},
    raw, read, soon,
};
use axum::{Router, body::BoxBody, response::IntoResponse, response::Response, routing::get};
use axum_trailers::{
    body::{self, StreamBody},
    trailers::{Declared, Trailers},
};
use futures_util::stream;
use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
};
use tokio::{io::AsyncReadExt, sync::Semaphore};

const CAPACITY: usize = 32 * 1024;
const CHUNK: usize = 4 * 1024;

/// What the producers of a test have done.
#[derive(Clone)]
struct Seen {
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
    fn new() -> Self {
        Self { sent: Arc::default(), dropped: Arc::new(Semaphore::new(0)) }
    }

    fn router(&self) -> Router {
        let (endless, silent) = (self.clone(), self.clone());
        Router::new()
            .route("/endless", get(|| async { endless.endless() }))
            .route("/silent", get(|| async { silent.silent() }))
            .route("/nothing", get(|| async { http_02::StatusCode::NO_CONTENT }))
            .route("/large", get(|| async { large() }))
            .route("/fails", get(|| async { fails() }))
            .route("/fails-first", get(|| async { fails_first() }))
            .route("/panics", get(|| async { panics() }))
            .route("/returns", get(|| async { returns() }))
    }

    fn endless(self) -> Response<BoxBody> {
        let body = body::produce(CAPACITY, Declared::none(), |mut sender| async move {
            let _held = Held(self.dropped);
            loop {
                sender.send(vec![b'x'; CHUNK]).await?;
                self.sent.fetch_add(1, Relaxed);
            }
        });
        body.into_response()
    }

    fn silent(self) -> Response<BoxBody> {
        let body = body::produce(CAPACITY, Declared::none(), |mut sender| async move {
            let _held = Held(self.dropped);
            sender.send("first").await?;
            pending().await
        });
        body.into_response()
    }

    async fn is_dropped(&self) {
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
    /// What the server itself takes ahead of the window: docs/performance.md.
    const AHEAD: usize = 32 * 1024;
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
    assert!(settled * CHUNK <= WINDOW + AHEAD + CAPACITY, "{settled} chunks");
    for _ in 0..10 {
        // The connection is polled again.
        let nothing = raw::http2_get(&mut client, "/nothing").await;
        assert!(nothing.is_end_stream());
    }
    assert!(seen.sent.load(Relaxed) * CHUNK <= WINDOW + AHEAD + CAPACITY, "{seen:?}", seen = seen.sent);
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
async fn failed_producer_resets_the_http2_stream_with_internal_error() {
    let server = TestServer::start(Seen::new().router());
    let mut client = raw::http2(server.address).await;
    for (path, content) in
        [("/fails", "first"), ("/fails-first", ""), ("/panics", "first"), ("/returns", "first")]
    {
        let mut body = raw::http2_get(&mut client, path).await;
        let mut received = Vec::new();
        let error = loop {
            match soon("the end", body.data()).await.expect("no clean end") {
                Ok(chunk) => received.extend_from_slice(&chunk),
                Err(error) => break error,
            }
        };
        assert!(error.is_reset() && error.is_remote(), "{path}: {error:?}");
        assert_eq!(error.reason(), Some(h2::Reason::INTERNAL_ERROR), "{path}");
        assert!(content.as_bytes().starts_with(&received), "{path}: {received:?}");
    }
}

#[tokio::test]
async fn failed_producer_closes_http1_without_the_last_chunk() {
    let server = TestServer::start(Seen::new().router());
    for (path, content) in
        [("/fails", "5\r\nfirst\r\n"), ("/fails-first", ""), ("/returns", "5\r\nfirst\r\n")]
    {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n");
        let wire = raw::http1(server.address, &request).await;
        let (_, body) = wire.split_once("\r\n\r\n").expect("a header section");
        assert_eq!(body, content, "{path}");
    }
}

#[tokio::test]
async fn error_of_a_producer_is_logged_once_as_one() {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(Seen::new().router());
    raw::http1(server.address, "GET /fails HTTP/1.1\r\nhost: a\r\n\r\n").await;
    log.line(&["INFO", "/fails", "ended", "the database is gone"]).await;
    let errors: Vec<_> =
        log.text().lines().filter(|line| line.contains("ERROR")).map(str::to_owned).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("the database is gone") && errors[0].contains("request_id"), "{errors:?}");
}

#[tokio::test]
async fn client_that_leaves_is_no_error_of_the_producer() {
    let (log, _guard) = Log::catch();
    let seen = Seen::new();
    let server = TestServer::start(seen.router());
    drop(raw::http1_get(server.address, "/endless").await);
    seen.is_dropped().await;
    log.line(&["INFO", "/endless", "ended"]).await;
    assert!(!log.text().contains("ERROR"), "{}", log.text());
}

/// The head and the first chunk come in one TLS record: the server has not waited for the producer, and has not sent the
/// head before it.
#[tokio::test]
async fn data_that_is_ready_comes_with_the_header_section() {
    let server = TestServer::start(Seen::new().router());
    let mut client = raw::http1_asked(server.address, "/silent").await;
    let mut record = vec![0; 16 * 1024];
    let length = soon("a record", client.read(&mut record)).await.expect("a record");
    let text = String::from_utf8_lossy(&record[..length]);
    assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("\r\n\r\n5\r\nfirst\r\n"), "{text:?}");
}

/// A response of `/produced` or `/streamed` with whether a task that its handler has spawned ran before the body did.
fn beside_a_task() -> Router {
    fn spawned() -> Arc<AtomicBool> {
        let ran = Arc::new(AtomicBool::new(false));
        let sets = ran.clone();
        tokio::spawn(async move { sets.store(true, Relaxed) });
        ran
    }
    let produced = || async {
        let ran = spawned();
        body::produce(CAPACITY, Declared::none(), move |mut sender| async move {
            sender.send(format!("{}", ran.load(Relaxed))).await?;
            sender.finish(Trailers::new())?;
            Ok(())
        })
    };
    let streamed = || async {
        let ran = spawned();
        StreamBody::new(stream::once(async move { Ok::<_, Infallible>(format!("{}", ran.load(Relaxed))) }))
    };
    Router::new().route("/produced", get(produced)).route("/streamed", get(streamed))
}

/// Another body may be fed by the task.
#[tokio::test]
async fn only_a_produced_body_does_not_wait_for_a_spawned_task() {
    let server = TestServer::start(beside_a_task());
    for (path, waits) in [("/produced", "false"), ("/streamed", "true")] {
        let ending = read(server.get(&http1(), path).await).await.expect("a whole body");
        assert_eq!(String::from_utf8_lossy(&ending.content), waits, "{path}");
    }
}
