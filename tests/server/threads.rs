//! Connections are spread over the server's threads, and what runs there ends with the server.

use super::prelude::{Router, get};
use crate::support::{TestServer, raw, soon};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    time::Duration,
};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};

/// Reports the thread of the handler and of what it spawns.
fn app() -> Router {
    let thread = || format!("{:?}", std::thread::current().name().unwrap_or_default());
    Router::new().route(
        "/",
        get(move || async move {
            let spawned = tokio::spawn(async move { thread() }).await.expect("no panic");
            assert_eq!(thread(), spawned);
            spawned
        }),
    )
}

async fn thread_of(client: &mut h2::client::SendRequest<bytes::Bytes>) -> String {
    let mut body = raw::http2_get(client, "/").await;
    String::from_utf8(raw::http2_read(&mut body).await.expect("no error")).expect("text")
}

#[tokio::test]
async fn each_connection_goes_to_the_thread_with_the_fewest_and_stays_there() {
    let server = TestServer::with(app(), |server| server.threads(3));
    let mut clients = Vec::new();
    for _ in 0..9 {
        let mut client = raw::http2(server.address).await;
        let thread = thread_of(&mut client).await;
        clients.push((thread, client));
    }
    let count = |clients: &[(String, _)], name: &str| clients.iter().filter(|(t, _)| t == name).count();
    let names = [0, 1, 2].map(|number| format!("\"trailers-{number}\""));
    assert_eq!(names.each_ref().map(|name| count(&clients, name)), [3, 3, 3]);

    clients.retain(|(thread, _)| *thread != names[1]);
    let handle = server.handle.clone();
    soon("the end of three connections", async {
        while handle.connections() > 6 {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    for (thread, client) in &mut clients {
        assert_eq!(thread_of(client).await, *thread);
    }
    for _ in 0..3 {
        let mut client = raw::http2(server.address).await;
        assert_eq!(thread_of(&mut client).await, names[1]);
        clients.push((names[1].clone(), client));
    }
}

#[tokio::test]
async fn one_thread_can_serve_all_connections() {
    let server = TestServer::with(app(), |server| server.threads(1));
    for _ in 0..4 {
        let mut client = raw::http2(server.address).await;
        assert_eq!(thread_of(&mut client).await, "\"trailers-0\"");
    }
}

/// Signals when it is dropped.
struct Dropped(Option<oneshot::Sender<()>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _told = self.0.take().map(|tell| tell.send(()));
    }
}

#[tokio::test]
async fn tasks_of_handlers_have_a_moment_after_the_end_and_are_then_dropped() {
    let (tell, dropped) = oneshot::channel();
    let (slow, done) = (Arc::new(Mutex::new(Some(tell))), Arc::new(AtomicUsize::new(0)));
    let app = {
        let done = done.clone();
        Router::new().route(
            "/",
            get(move || async move {
                let endless = Dropped(slow.lock().expect("no panic").take());
                tokio::spawn(async move {
                    let _endless = endless;
                    std::future::pending::<()>().await;
                });
                tokio::spawn(async move {
                    sleep(Duration::from_millis(100)).await;
                    done.fetch_add(1, SeqCst);
                });
                "ok"
            }),
        )
    };
    let mut server = TestServer::with(app, |server| server.threads(2));
    let mut client = raw::http2(server.address).await;
    let mut body = raw::http2_get(&mut client, "/").await;
    assert_eq!(raw::http2_read(&mut body).await.expect("no error"), b"ok");

    let before = Instant::now();
    server.handle.abort();
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    assert_eq!(done.load(SeqCst), 1, "the short one was waited for");
    soon("the drop of the endless one", dropped).await.expect("dropped before the end was told");
    assert!(before.elapsed() >= Duration::from_millis(500), "it had its time");
}

/// Two threads. A handler blocks one of them until `release` is dropped.
async fn half_blocked(app: Router) -> (TestServer, h2::client::SendRequest<bytes::Bytes>, mpsc::Sender<()>) {
    let (release, until) = mpsc::channel::<()>();
    let (blocks, mut blocked) = tokio::sync::mpsc::unbounded_channel();
    let until = Arc::new(Mutex::new(until));
    let block = move || {
        let (until, blocks) = (until.clone(), blocks.clone());
        async move {
            blocks.send(()).expect("it is waited for");
            let _released = until.lock().expect("no panic").recv();
        }
    };
    let server = TestServer::with(app.route("/block", get(block)), |server| server.threads(2));
    let mut other = raw::http2(server.address).await;
    let there = thread_of(&mut other).await;
    let mut first = raw::http2(server.address).await;
    assert_ne!(thread_of(&mut first).await, there);
    tokio::spawn(async move { raw::http2_get(&mut first, "/block").await });
    soon("the block", blocked.recv()).await.expect("a handler");
    (server, other, release)
}

#[tokio::test]
async fn blocked_thread_does_not_block_others() {
    let (server, mut other, release) = half_blocked(app()).await;
    thread_of(&mut other).await;
    let mut new = soon("a new connection", raw::http2(server.address)).await;
    soon("an answer", thread_of(&mut new)).await;
    drop(release);
}

#[tokio::test]
async fn blocked_thread_does_not_delay_the_end_of_other_tasks() {
    let (tell, dropped) = oneshot::channel();
    let endless = Arc::new(Mutex::new(Some(tell)));
    let app = app().route(
        "/endless",
        get(move || async move {
            let endless = Dropped(endless.lock().expect("no panic").take());
            tokio::spawn(async move {
                let _endless = endless;
                std::future::pending::<()>().await;
            });
        }),
    );
    let (mut server, mut other, release) = half_blocked(app).await;
    let mut body = raw::http2_get(&mut other, "/endless").await;
    raw::http2_read(&mut body).await.expect("no error");
    server.handle.abort();
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    soon("the drop of the endless one", dropped).await.expect("dropped, not lost");
    drop(release);
}
