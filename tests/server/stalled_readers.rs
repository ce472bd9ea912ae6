//! A client that stops reading costs little, is cut, and does not affect others.

use super::prelude::{Router, get, producer::Producers};
use crate::support::{TestServer, raw, soon, with};
use axum_trailers_server::Limits;
use bytes::Bytes;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::AsyncReadExt,
    sync::Semaphore,
    time::{Instant, sleep},
};

const LIMIT: Duration = Duration::from_millis(800);

fn server(producers: &Producers) -> TestServer {
    TestServer::limited(
        producers.router(),
        // The first-byte limit no longer applies by then, and its timer must not delay the cut.
        with!(Limits { stalled_reader: LIMIT, first_byte: Duration::from_secs(600) }),
    )
}

#[tokio::test]
async fn http1_reader_that_stalls_is_cut_and_its_producer_ends() {
    let producers = Producers::new();
    let server = server(&producers);
    let began = Instant::now();
    let mut client = raw::http1_get(server.address, "/endless").await;
    soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();
    assert!(began.elapsed() >= LIMIT);
    assert!(!raw::rest(&mut client).await.ends_with("0\r\n\r\n"), "a cut transfer has no last chunk");
}

#[tokio::test]
async fn reader_of_a_response_of_known_length_is_cut_as_soon() {
    let dropped = Arc::new(Semaphore::new(0));
    let tell = dropped.clone();
    let large = || async move { Bytes::from_owner(Large(vec![b'x'; 40_000_000], tell)) };
    let limits = with!(Limits { stalled_reader: LIMIT });
    let server = TestServer::limited(Router::new().route("/large", get(large)), limits);
    let mut client = raw::http1_get(server.address, "/large").await;
    soon("the end of the body", dropped.acquire()).await.expect("open").forget();
    assert!(raw::rest(&mut client).await.len() < 40_000_000);
}

/// Content that signals when it is dropped.
struct Large(Vec<u8>, Arc<Semaphore>);

impl AsRef<[u8]> for Large {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        self.1.add_permits(1);
    }
}

#[tokio::test]
async fn stalled_connection_is_reset_not_closed() {
    let producers = Producers::new();
    let server = server(&producers);
    let mut client = raw::http1_get(server.address, "/endless").await;
    soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();
    let mut received = Vec::new();
    let end = soon("the end", client.read_to_end(&mut received)).await.expect_err("a reset");
    // If the client reads again early enough, the fatal alert before the reset arrives.
    let cause = end.get_ref().and_then(|error| error.downcast_ref());
    let is_alert = matches!(cause, Some(rustls::Error::AlertReceived(_)));
    assert!(is_alert || end.kind() == std::io::ErrorKind::ConnectionReset, "{end:?}");
}

#[tokio::test]
async fn deaf_http2_client_is_cut() {
    let producers = Producers::new();
    let server = server(&producers);
    let began = Instant::now();
    let _client = raw::http2_deaf(server.address, "/endless").await;
    soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();
    assert!(began.elapsed() >= LIMIT);
}

#[tokio::test]
async fn http1_reader_that_is_slow_is_not_cut() {
    let producers = Producers::new();
    let server = server(&producers);
    let mut client = raw::http1_get(server.address, "/endless").await;
    let began = Instant::now();
    let mut chunk = vec![0; 16 * 1024];
    while began.elapsed() < 4 * LIMIT {
        client.read_exact(&mut chunk).await.expect("a reader that moves is served");
        sleep(LIMIT / 16).await;
    }
    assert_eq!(producers.ended.available_permits(), 0);
}

#[tokio::test]
async fn http2_connection_on_which_nothing_moves_is_cut() {
    let producers = Producers::new();
    let server = server(&producers);
    let mut client = raw::http2(server.address).await;
    let began = Instant::now();
    let mut first = raw::http2_get(&mut client, "/endless").await;
    let _second = raw::http2_get(&mut client, "/endless").await;
    soon("both ends", producers.ended.acquire_many(2)).await.expect("open").forget();
    assert!(began.elapsed() >= LIMIT);
    assert!(raw::http2_read(&mut first).await.is_err(), "a cut transfer is an error");
}

#[tokio::test]
async fn http2_stream_that_stalls_is_given_up_alone() {
    let producers = Producers::new();
    let server = server(&producers);
    let mut client = raw::http2(server.address).await;
    let mut stalled = raw::http2_get(&mut client, "/endless").await;
    let mut quiet = raw::http2_get(&mut client, "/quiet").await;
    soon("the stalled stream's end", producers.ended.acquire()).await.expect("open").forget();
    sleep(LIMIT).await;

    producers.go_on.notify_one();
    assert_eq!(raw::http2_read(&mut quiet).await.expect("the other stream goes on"), b"first last");
    assert_eq!(quiet.trailers().await.expect("no error").expect("trailers")["x-rows"], "2");
    let error = raw::http2_read(&mut stalled).await.expect_err("a reader that comes back is told");
    assert!(error.reason().is_none_or(|reason| reason == h2::Reason::INTERNAL_ERROR), "{error:?}");
}

#[tokio::test]
async fn http2_reader_that_is_slow_is_not_cut() {
    let producers = Producers::new();
    let server = server(&producers);
    let mut client = raw::http2(server.address).await;
    let mut body = raw::http2_get(&mut client, "/endless").await;
    let began = Instant::now();
    while began.elapsed() < 4 * LIMIT {
        let data = soon("data", body.data()).await.expect("more").expect("a reader that moves is served");
        body.flow_control().release_capacity(data.len()).expect("within the window");
        sleep(LIMIT / 16).await;
    }
    assert_eq!(producers.ended.available_permits(), 0);
}
