//! A client that stops reading costs little, is cut, and does not affect others.

use super::prelude::{Router, get, producer::Producers};
use crate::support::{
    TestServer,
    protocols::{Protocol, Why, over_each_protocol, read},
    raw, soon, with,
};
use axum_trailers_server::Limits;
use bytes::Bytes;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::AsyncReadExt,
    sync::Semaphore,
    time::{Instant, sleep},
};

/// [RFC 9114 §8.1](https://www.rfc-editor.org/rfc/rfc9114#section-8.1)
const H3_REQUEST_CANCELLED: u64 = 0x10c;

const LIMIT: Duration = Duration::from_millis(800);

fn server(producers: &Producers) -> TestServer {
    TestServer::limited(
        producers.router(),
        // The first-byte limit no longer applies by then, and its timer must not delay the cut.
        with!(Limits { stalled_reader: LIMIT, first_byte: Duration::from_secs(600) }),
    )
}

over_each_protocol! {
    reader_that_stalls_is_cut_and_its_producer_ends;
    reader_of_a_response_of_known_length_is_cut_as_soon;
    reader_that_is_slow_is_not_cut;
    connection_on_which_nothing_moves_is_cut;
    stream_that_stalls_is_given_up_alone, except Http1: "a connection has one response at a time";
}

async fn reader_that_stalls_is_cut_and_its_producer_ends(protocol: Protocol) {
    let producers = Producers::new();
    let server = server(&producers);
    let client = protocol.client(server.address).await;
    let began = Instant::now();
    let response = client.get("/endless").await;
    soon("the producer's end", producers.ended.acquire()).await.expect("open").forget();
    assert!(began.elapsed() >= LIMIT);
    read(response).await.expect_err("a cut transfer is an error");
}

async fn reader_of_a_response_of_known_length_is_cut_as_soon(protocol: Protocol) {
    let dropped = Arc::new(Semaphore::new(0));
    let tell = dropped.clone();
    let large = || async move { Bytes::from_owner(Large(vec![b'x'; 40_000_000], tell)) };
    let limits = with!(Limits { stalled_reader: LIMIT });
    let server = TestServer::limited(Router::new().route("/large", get(large)), limits);
    let client = protocol.client(server.address).await;
    let response = client.get("/large").await;
    soon("the end of the body", dropped.acquire()).await.expect("open").forget();
    let cut = read(response).await.expect_err("a cut transfer is an error");
    assert!(cut.content.len() < 40_000_000);
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

async fn reader_that_is_slow_is_not_cut(protocol: Protocol) {
    let producers = Producers::new();
    let server = server(&producers);
    let client = protocol.client(server.address).await;
    let mut response = client.get("/endless").await;
    let began = Instant::now();
    while began.elapsed() < 4 * LIMIT {
        let mut read = 0;
        while read < 16 * 1024 {
            let chunk = response.chunk().await.expect("a reader that moves is served");
            read += chunk.expect("more").len();
        }
        sleep(LIMIT / 16).await;
    }
    assert_eq!(producers.ended.available_permits(), 0);
}

async fn connection_on_which_nothing_moves_is_cut(protocol: Protocol) {
    let producers = Producers::new();
    let server = server(&producers);
    let client = protocol.client(server.address).await;
    let began = Instant::now();
    let first = client.get("/endless").await;
    let _second = client.get("/endless").await;
    soon("both ends", producers.ended.acquire_many(2)).await.expect("open").forget();
    assert!(began.elapsed() >= LIMIT);
    read(first).await.expect_err("a cut transfer is an error");
}

async fn stream_that_stalls_is_given_up_alone(protocol: Protocol) {
    let producers = Producers::new();
    let server = server(&producers);
    let client = protocol.client(server.address).await;
    let stalled = client.get("/endless").await;
    let quiet = client.get("/quiet").await;
    soon("the stalled stream's end", producers.ended.acquire()).await.expect("open").forget();
    sleep(LIMIT).await;

    producers.go_on.notify_one();
    let ending = read(quiet).await.expect("the other stream goes on");
    assert_eq!(ending.content, b"first last");
    assert_eq!(ending.trailers.expect("trailers")["x-rows"], "2");
    let why = read(stalled).await.expect_err("a reader that comes back gets the reset").why;
    match protocol {
        // The reset waits for the window, and the connection may end before.
        Protocol::Http2 => assert!(why == protocol.failure() || why == Why::Closed, "{why:?}"),
        _ => assert_eq!(why, Why::Reset(H3_REQUEST_CANCELLED)),
    }
}
