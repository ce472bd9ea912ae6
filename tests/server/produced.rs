//! The server sends what a body has ready with the header section, and logs how a produced body ended.

use super::prelude::{Router, get, library::produced::Seen};
use crate::support::{TestServer, http1, log::Log, raw, read, soon};
use axum_trailers::{
    body::{self, StreamBody},
    trailers::{Declared, Trailers},
};
use futures_util::stream;
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};
use tokio::io::AsyncReadExt;

const CAPACITY: usize = 32 * 1024;

#[tokio::test]
async fn error_of_a_producer_has_the_id_of_its_request() {
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
async fn client_that_leaves_is_logged_as_no_error() {
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
