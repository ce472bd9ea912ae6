//! The benchmark's server, written like a user of this library would. `bench/run` starts it.

use axum::{BoxError, Router, extract::Path, response::IntoResponse, routing::get};
use axum_trailers::{
    body::{self, CHUNK_OVERHEAD, Sender},
    declared,
    layers::ContentDigestLayer,
    trailers::{Declared, Trailers},
};
use axum_trailers_server::{Limits, Server, Tls};
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use std::{error::Error, net::SocketAddr, path::PathBuf, time::Duration};
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

struct Arguments {
    listen: SocketAddr,
    certificate: PathBuf,
    key: PathBuf,
}

impl Arguments {
    fn read() -> Result<Self, Box<dyn Error>> {
        let (mut listen, mut certificate, mut key) = (None, None, None);
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} has no value"))?;
            match name.as_str() {
                "--listen" => listen = Some(value.parse()?),
                "--cert" => certificate = Some(value.into()),
                "--key" => key = Some(value.into()),
                _ => return Err(format!("unknown: {name}").into()),
            }
        }
        Ok(Self {
            listen: listen.ok_or("no --listen")?,
            certificate: certificate.ok_or("no --cert")?,
            key: key.ok_or("no --key")?,
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::read()?;
    let app = Router::new()
        .route("/small", get(small))
        .route("/plain", get(plain))
        .route("/big/:bytes", get(big))
        .route("/paced/:chunks", get(paced))
        .route("/digest/:bytes", get(big).layer(ContentDigestLayer::new()))
        .route("/digest-or-header/:bytes", get(allocated).layer(ContentDigestLayer::or_buffered(BUFFERED)));
    let tls = Tls::from_pem_files(arguments.certificate, arguments.key)?;
    // Enough for the connections that are held open; the peers have no limit.
    let mut limits = Limits::default();
    limits.connections = 4096;
    Server::new().tls(tls).limits(limits).bind(arguments.listen)?.run(app).await?;
    Ok(())
}
