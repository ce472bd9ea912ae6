//! A request's content may be read and dropped on any task and thread, and HTTP/1.1 stays in step with its client.

use super::prelude::{Content, RawBody, ReadContent, Router, get, post};
use crate::support::{
    PATIENCE, TestServer,
    log::Log,
    protocols::{Protocol, over_each_protocol},
    raw, soon, with,
};
use axum_trailers_server::Limits;
use bytes::Bytes;
use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime::{Builder, Handle},
    sync::oneshot,
    time::sleep,
};

/// What arrives.
async fn account(mut content: Content) -> String {
    let mut length = 0;
    while let Some(chunk) = content.data().await {
        match chunk {
            Ok(chunk) => length += chunk.len(),
            Err(_broken) => return format!("{length} bytes, broken"),
        }
    }
    match content.trailers().await {
        Ok(trailers) => format!("{length} bytes, {:?}", trailers.unwrap_or_default()),
        Err(_broken) => format!("{length} bytes, broken"),
    }
}

/// Where content is read.
#[derive(Clone, Copy, Debug)]
enum Place {
    Task,
    BlockingThread,
    /// A thread with a runtime of its own.
    OtherRuntime,
    /// The same without timers.
    RuntimeWithoutTimers,
    /// A thread without a runtime.
    Thread,
}

const PLACES: [Place; 5] =
    [Place::Task, Place::BlockingThread, Place::OtherRuntime, Place::RuntimeWithoutTimers, Place::Thread];

impl Place {
    /// Runs it to its end.
    async fn run<F: Future<Output: Send> + Send + 'static>(self, future: F) -> F::Output {
        let (done, end) = oneshot::channel();
        let run = async move { drop(done.send(future.await)) };
        match self {
            Self::Task => drop(tokio::spawn(run)),
            Self::BlockingThread => {
                let runtime = Handle::current();
                tokio::task::spawn_blocking(move || runtime.block_on(run));
            }
            Self::OtherRuntime => {
                thread::spawn(|| {
                    Builder::new_current_thread().enable_all().build().expect("one").block_on(run);
                });
            }
            Self::RuntimeWithoutTimers => {
                thread::spawn(|| Builder::new_current_thread().build().expect("one").block_on(run));
            }
            Self::Thread => drop(thread::spawn(|| block_on(run))),
        }
        end.await.expect("no panic")
    }
}

/// Runs a future without a runtime.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Reads in this place.
fn app(place: Place) -> Router {
    let read = move |RawBody(content): RawBody| place.run(account(content));
    // The first chunk that is not empty, and drops the rest there.
    let some = move |RawBody(mut content): RawBody| {
        place.run(async move {
            let mut first = Bytes::new();
            while first.is_empty() {
                first = content.data().await.expect("a chunk").expect("no error");
            }
            "some"
        })
    };
    let unread = move |RawBody(content): RawBody| {
        place.run(async move {
            drop(content);
            "unread"
        })
    };
    Router::new()
        .route("/read", post(read))
        .route("/some", post(some))
        .route("/unread", post(unread))
        .route("/next", get(|| async { "next" }))
}

over_each_protocol! {
    content_is_read_on_any_task_and_thread;
    content_that_stalls_is_408_wherever_it_is_read;
    content_that_was_read_to_its_end_is_not_logged_as_dropped;
}

/// Sends the content in parts, so that a reader has to wait.
async fn upload(server: &TestServer, protocol: Protocol) -> String {
    let client = protocol.client(server.address).await;
    let mut upload = client.request("POST", "/read").begin().await.expect("a stream");
    for _ in 0..3 {
        sleep(Duration::from_millis(30)).await;
        upload.send("hello").await;
    }
    upload.end_with(&[("x-sum", "1")]).await;
    upload.response().await.expect("a response").text().await.expect("whole")
}

async fn content_is_read_on_any_task_and_thread(protocol: Protocol) {
    for place in PLACES {
        let server = TestServer::start(app(place));
        let account = upload(&server, protocol).await;
        assert_eq!(account, r#"15 bytes, {"x-sum": "1"}"#, "{place:?}");
    }
}

async fn content_that_stalls_is_408_wherever_it_is_read(protocol: Protocol) {
    let limits = with!(Limits { stalled_body: Duration::from_millis(300), idle: PATIENCE });
    for place in PLACES {
        let server = TestServer::limited(app(place), limits.clone());
        let client = protocol.client(server.address).await;
        let request = client.request("POST", "/read").header("content-length", "10").body("hello");
        let mut upload = request.begin().await.expect("a stream");
        assert_eq!(upload.response().await.expect("a response").status(), 408, "{place:?}");
    }
}

/// A next request is neither taken for content, nor is content for a request.
#[tokio::test]
async fn content_that_is_dropped_anywhere_leaves_the_connection_in_step() {
    const NEXT: &str = "GET /next HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let contents = [
        ("content-length: 30000", "GET / ".repeat(5000)),
        ("transfer-encoding: chunked", "6\r\nGET / \r\n".repeat(100) + "0\r\nx-sum: 1\r\n\r\n"),
        ("transfer-encoding: chunked", "6\r\nGET / \r\n0\r\n\r\n".to_owned()),
    ];
    for place in PLACES {
        let server = TestServer::start(app(place));
        for path in ["/some", "/unread", "/read"] {
            for (field, content) in &contents {
                let request = format!("POST {path} HTTP/1.1\r\nhost: a\r\n{field}\r\n\r\n{content}{NEXT}");
                let wire = raw::http1(server.address, &request).await;
                let statuses: Vec<_> = wire.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
                assert_eq!(statuses, ["200", "200"], "{path}, {field}, {place:?}: {wire}");
                assert!(wire.ends_with("\r\n\r\nnext"), "{path}, {field}, {place:?}: {wire}");
            }
        }
    }
}

/// After the response, only the task that has the content knows when it is no longer read.
#[tokio::test]
async fn content_that_is_dropped_elsewhere_after_the_response_leaves_the_connection_in_step() {
    for place in PLACES {
        let (keeper, mut kept) = tokio::sync::mpsc::unbounded_channel();
        let keep = post(move |RawBody(content): RawBody| async move {
            keeper.send(content).expect("it is waited for");
            "kept"
        });
        let server = TestServer::start(app(place).route("/kept", keep));
        let mut client = raw::tls(server.address, "http/1.1").await;
        let head = "POST /kept HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\nhello";
        client.write_all(head.as_bytes()).await.expect("sent");
        let mut content = soon("the content", kept.recv()).await.expect("a handler");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\nkept") {
            assert_ne!(soon("a response", client.read_buf(&mut answer)).await.expect("a response"), 0);
        }
        assert!(!String::from_utf8_lossy(&answer).contains("connection: close"), "{place:?}");
        place
            .run(async move { while content.data().await.expect("a chunk").expect("no error").is_empty() {} })
            .await;
        client.write_all(&vec![b'x'; 100_000 - 5]).await.expect("sent");
        client.write_all(b"GET /next HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.expect("sent");
        let rest = raw::rest(&mut client).await;
        assert!(rest.starts_with("HTTP/1.1 200 ") && rest.ends_with("\r\n\r\nnext"), "{place:?}: {rest}");
    }
}

async fn content_that_was_read_to_its_end_is_not_logged_as_dropped(protocol: Protocol) {
    let (log, _guard) = Log::catch_all();
    let server = TestServer::with(app(Place::Task), |server| server.threads(1));
    upload(&server, protocol).await;
    log.line(&["/read", protocol.name(), "ended=complete"]).await;
    assert!(!log.text().contains("request body ended early"), "{}", log.text());
    let client = protocol.client(server.address).await;
    let request = client.request("POST", "/unread").header("content-length", "5").body("hello");
    request.send().await.expect("a response");
    // Also outside of its span.
    let line =
        ["request{", "request_target=\"/unread\"", "request body ended early", "the application dropped it"];
    log.line(&line).await;
}
