//! A client that sends a request's content too slowly gets 408 or is cut; a client that the server delays does not.

use super::prelude::{RawBody, ReadContent, Router, echo, post};
use crate::support::{
    PATIENCE, TestServer,
    protocols::{Protocol, Why, over_each_protocol},
    with,
};
use axum_trailers_server::Limits;
use std::time::Duration;
use tokio::time::sleep;

/// 1,000 bytes per second over 600 ms, after a grace of 100 ms.
fn limits() -> Limits {
    with!(Limits {
        min_body_rate: 1000,
        min_body_rate_period: Duration::from_millis(600),
        stalled_body: PATIENCE
    })
}

fn app() -> Router {
    Router::new()
        .route("/count", post(count))
        .route("/late", post(late))
        .route("/echo", post(|RawBody(content): RawBody| async { echo(content) }))
}

async fn count(RawBody(mut body): RawBody) -> String {
    let mut bytes = 0;
    while let Some(Ok(chunk)) = body.data().await {
        bytes += chunk.len();
    }
    format!("{bytes} bytes")
}

/// Pauses before each chunk.
async fn late(RawBody(mut body): RawBody) -> String {
    let mut bytes = 0;
    while bytes < 4 {
        sleep(Duration::from_millis(500)).await;
        bytes += body.data().await.expect("more").expect("no error").len();
    }
    format!("{bytes} bytes")
}

const STEP: Duration = Duration::from_millis(50);

/// Sends this many bytes every 50 ms, and returns the response.
async fn slowly(
    protocol: Protocol,
    server: &TestServer,
    path: &str,
    chunk: usize,
    chunks: usize,
) -> Result<(u16, String), Why> {
    let client = protocol.client(server.address).await;
    let mut exchange = client.request("POST", path).begin().await.map_err(|cut| cut.why)?;
    for _ in 0..chunks {
        exchange.send(vec![b'x'; chunk]).await;
        sleep(STEP).await;
    }
    exchange.end("").await;
    let response = exchange.response().await.map_err(|cut| cut.why)?;
    let is_closed = response.status() == 408 && protocol == Protocol::Http1;
    assert_eq!(response.field("connection") == "close", is_closed, "{protocol}");
    let status = response.status().as_u16();
    Ok((status, response.text().await.map_err(|cut| cut.why)?))
}

over_each_protocol! {
    request_that_is_too_slow_is_answered_with_408;
    response_that_has_begun_is_broken_off;
    request_that_is_fast_enough_is_served;
    no_rate_is_asked_if_it_is_turned_off;
    rate_counts_only_while_the_handler_reads;
}

async fn request_that_is_too_slow_is_answered_with_408(protocol: Protocol) {
    let server = TestServer::limited(app(), limits());
    let (status, detail) = slowly(protocol, &server, "/count", 1, 40).await.expect("an answer");
    assert_eq!(status, 408);
    assert!(detail.contains("less than 1000 bytes per second over 0.6 s"), "{detail}");
}

async fn response_that_has_begun_is_broken_off(protocol: Protocol) {
    let server = TestServer::limited(app(), limits());
    let cut = slowly(protocol, &server, "/echo", 1, 40).await.expect_err("cut");
    assert_eq!(cut, protocol.failure());
}

async fn request_that_is_fast_enough_is_served(protocol: Protocol) {
    let server = TestServer::limited(app(), limits());
    let answer = slowly(protocol, &server, "/count", 200, 40).await;
    assert_eq!(answer, Ok((200, "8000 bytes".to_owned())));
}

async fn no_rate_is_asked_if_it_is_turned_off(protocol: Protocol) {
    let mut unhurried = limits();
    unhurried.min_body_rate = 0;
    let server = TestServer::limited(app(), unhurried);
    let answer = slowly(protocol, &server, "/count", 1, 40).await;
    assert_eq!(answer, Ok((200, "40 bytes".to_owned())));
}

async fn rate_counts_only_while_the_handler_reads(protocol: Protocol) {
    let server = TestServer::limited(app(), limits());
    let answer = slowly(protocol, &server, "/late", 1, 4).await;
    assert_eq!(answer, Ok((200, "4 bytes".to_owned())));
}
