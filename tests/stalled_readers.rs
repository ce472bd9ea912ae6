//! A client that stops reading costs little, is cut, and takes nothing from the others.

use crate::support::{TestServer, producer::Producers, raw, soon};
use axum_trailers::server::Limits;
use std::time::Duration;
use tokio::{
    io::AsyncReadExt,
    time::{Instant, sleep},
};

const LIMIT: Duration = Duration::from_millis(800);

fn server(producers: &Producers) -> TestServer {
    TestServer::limited(
        producers.router(),
        Limits {
            stalled_reader: LIMIT,
            ..Limits::default()
        },
    )
}

#[tokio::test]
async fn http1_reader_that_stalls_is_cut_and_its_producer_ends() {
    let producers = Producers::new();
    let server = server(&producers);
    let began = Instant::now();
    let mut client = raw::http1_get(server.address, "/endless").await;
    soon("the producer's end", producers.ended.acquire())
        .await
        .expect("open")
        .forget();
    assert!(began.elapsed() >= LIMIT);
    assert!(
        !raw::rest(&mut client).await.ends_with("0\r\n\r\n"),
        "a cut transfer has no last chunk"
    );
}

#[tokio::test]
async fn http1_reader_that_is_slow_is_not_cut() {
    let producers = Producers::new();
    let server = server(&producers);
    let mut client = raw::http1_get(server.address, "/endless").await;
    let began = Instant::now();
    let mut chunk = vec![0; 16 * 1024];
    while began.elapsed() < 4 * LIMIT {
        client
            .read_exact(&mut chunk)
            .await
            .expect("a reader that moves is served");
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
    soon("both ends", producers.ended.acquire_many(2))
        .await
        .expect("open")
        .forget();
    assert!(began.elapsed() >= LIMIT);
    assert!(
        raw::http2_read(&mut first).await.is_err(),
        "a cut transfer is an error"
    );
}

#[tokio::test]
async fn http2_stream_that_stalls_is_given_up_alone() {
    let producers = Producers::new();
    let server = server(&producers);
    let mut client = raw::http2(server.address).await;
    let mut stalled = raw::http2_get(&mut client, "/endless").await;
    let mut quiet = raw::http2_get(&mut client, "/quiet").await;
    soon("the stalled stream's end", producers.ended.acquire())
        .await
        .expect("open")
        .forget();
    sleep(LIMIT).await;

    producers.go_on.notify_one();
    assert_eq!(
        raw::http2_read(&mut quiet)
            .await
            .expect("the other stream goes on"),
        b"first last"
    );
    assert_eq!(
        quiet.trailers().await.expect("no error").expect("trailers")["x-rows"],
        "2"
    );
    let error = raw::http2_read(&mut stalled)
        .await
        .expect_err("a reader that comes back is told");
    assert!(
        error
            .reason()
            .is_none_or(|reason| reason == h2::Reason::INTERNAL_ERROR),
        "{error:?}"
    );
}

#[tokio::test]
async fn http2_reader_that_is_slow_is_not_cut() {
    let producers = Producers::new();
    let server = server(&producers);
    let mut client = raw::http2(server.address).await;
    let mut body = raw::http2_get(&mut client, "/endless").await;
    let began = Instant::now();
    while began.elapsed() < 4 * LIMIT {
        let data = soon("data", body.data())
            .await
            .expect("more")
            .expect("a reader that moves is served");
        body.flow_control()
            .release_capacity(data.len())
            .expect("within the window");
        sleep(LIMIT / 16).await;
    }
    assert_eq!(producers.ended.available_permits(), 0);
}
