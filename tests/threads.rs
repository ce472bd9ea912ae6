//! Connections are spread over the server's threads, and what runs on those ends with the server.

use crate::support::{TestServer, raw, soon};
use axum::{Router, routing::get};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};

/// Says on which thread the handler and what it spawns run.
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
async fn one_thread_serves_all_where_it_is_told_so() {
    let server = TestServer::with(app(), |server| server.threads(1));
    for _ in 0..4 {
        let mut client = raw::http2(server.address).await;
        assert_eq!(thread_of(&mut client).await, "\"trailers-0\"");
    }
}

/// Tells when it is dropped.
struct Dropped(Option<oneshot::Sender<()>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _told = self.0.take().map(|tell| tell.send(()));
    }
}

#[tokio::test]
async fn tasks_of_handlers_have_a_moment_after_the_end_and_are_then_dropped() {
    let (tell, dropped) = oneshot::channel();
    let (slow, done) = (Arc::new(std::sync::Mutex::new(Some(tell))), Arc::new(AtomicUsize::new(0)));
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
    server.handle.cut();
    soon("the end", &mut server.served).await.expect("no panic").expect("no error");
    assert_eq!(done.load(SeqCst), 1, "the short one was waited for");
    soon("the drop of the endless one", dropped).await.expect("dropped before the end was told");
    assert!(before.elapsed() >= Duration::from_millis(500), "it had its time");
}
