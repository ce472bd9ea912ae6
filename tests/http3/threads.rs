//! Connections over one UDP socket are on several threads.

use super::peer::{Peer, Response};
use crate::support::{
    TestServer,
    axum_08::{Router, get},
    soon,
};
use axum_trailers_testing::http3::head;
use std::sync::{Arc, Mutex, mpsc};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handler_that_blocks_its_thread_does_not_stop_other_connections() {
    let (release, blocked) = mpsc::channel::<()>();
    let (begins, begun) = mpsc::channel::<()>();
    let blocked = Arc::new(Mutex::new(blocked));
    let block = move || {
        let (blocked, begins) = (blocked.clone(), begins.clone());
        async move {
            begins.send(()).expect("a test");
            blocked.lock().expect("no panic").recv().expect("a test");
            "released"
        }
    };
    let app = Router::new().route("/block", get(block)).route("/", get(|| async { "hello" }));
    let server = TestServer::with(app, |server| server.threads(2));
    let (first, second) = (Peer::connect(server.address).await, Peer::connect(server.address).await);
    let (_send, mut stuck) = first.request(&head("GET", "/block", &[])).await;
    tokio::task::spawn_blocking(move || begun.recv()).await.expect("no panic").expect("a handler");
    for _ in 0..10 {
        let (_send, mut recv) = second.request(&head("GET", "/", &[])).await;
        assert_eq!(Response::read(&mut recv).await.expect("a response").content, b"hello");
    }
    // New ones go to the other thread as well, which has as many.
    release.send(()).expect("a handler");
    let released = soon("the response", Response::read(&mut stuck)).await.expect("a response");
    assert_eq!(released.content, b"released");
}
