//! The application of the benchmark, as a user of the library would write it. Each version of axum has a program that
//! contains it.

use super::{
    axum::{BoxError, Router, extract::Path, response::IntoResponse, routing::get},
    route,
};
use axum_trailers::{
    body::{self, CHUNK_OVERHEAD, Sender},
    declared,
    layers::ContentDigestLayer,
    trailers::{Declared, Trailers},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

const CHUNK: usize = 64 * 1024;
static BUFFER: [u8; CHUNK] = [b'x'; CHUNK];

const TRAILER: HeaderName = HeaderName::from_static("chunky-trailer");

/// The largest content whose digest becomes a header field, in bytes.
const BUFFERED: usize = 64 * 1024 * 1024;

fn finish(sender: Sender) -> Result<(), BoxError> {
    let mut trailers = Trailers::new();
    trailers.insert(TRAILER, HeaderValue::from_static("foo"))?;
    Ok(sender.finish(trailers)?)
}

fn with_trailer() -> Declared {
    declared!["chunky-trailer"]
}

async fn small() -> impl IntoResponse {
    let body = body::produce(CHUNK, with_trailer(), |mut sender| async move {
        sender.send("hello...").await?;
        sender.send("world\n").await?;
        finish(sender)
    });
    ([("content-type", "text/plain")], body)
}

/// The same body without a trailer.
async fn plain() -> impl IntoResponse {
    let body = body::produce(CHUNK, Declared::none(), |mut sender| async move {
        sender.send("hello...").await?;
        sender.send("world\n").await?;
        Ok(sender.finish(Trailers::new())?)
    });
    ([("content-type", "text/plain")], body)
}

/// Chunks in static memory, as in the peers.
async fn big(Path(bytes): Path<usize>) -> impl IntoResponse {
    chunks(bytes, |len| Bytes::from_static(&BUFFER[..len]))
}

/// Allocated chunks, so buffering them uses that much memory.
async fn allocated(Path(bytes): Path<usize>) -> impl IntoResponse {
    chunks(bytes, |len| Bytes::copy_from_slice(&BUFFER[..len]))
}

fn chunks(bytes: usize, chunk: fn(usize) -> Bytes) -> impl IntoResponse {
    // At most two chunks wait, as in the peers.
    let body = body::produce(2 * (CHUNK + CHUNK_OVERHEAD), with_trailer(), move |mut sender| async move {
        let mut left = bytes;
        while left > 0 {
            let len = left.min(CHUNK);
            sender.send(chunk(len)).await?;
            left -= len;
        }
        finish(sender)
    });
    ([("content-type", "application/octet-stream")], body)
}

async fn paced(Path(chunks): Path<usize>) -> impl IntoResponse {
    let body = body::produce(CHUNK, with_trailer(), move |mut sender| async move {
        let mut ticks = interval(Duration::from_millis(10));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        for _ in 0..chunks {
            ticks.tick().await;
            sender.send(Bytes::copy_from_slice(&now().to_be_bytes())).await?;
        }
        finish(sender)
    });
    ([("content-type", "application/octet-stream")], body)
}

/// `CLOCK_MONOTONIC` in nanoseconds. The client reads the same clock.
fn now() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(now.tv_sec).expect("no time before the start of the machine") * 1_000_000_000
        + u64::try_from(now.tv_nsec).expect("part of a second")
}

pub(super) fn app() -> Router {
    let digest_or_header = get(allocated).layer(ContentDigestLayer::or_buffered(BUFFERED));
    Router::new()
        .route("/small", get(small))
        .route("/plain", get(plain))
        .route(route!("/big/", "bytes"), get(big))
        .route(route!("/paced/", "chunks"), get(paced))
        .route(route!("/digest/", "bytes"), get(big).layer(ContentDigestLayer::new()))
        .route(route!("/digest-or-header/", "bytes"), digest_or_header)
}
