//! A chunk's way through [`body::channel`] and its body, beside tokio's channel and a [`StreamBody`] around it.

use axum::body::HttpBody;
use axum_trailers::{
    body::{self, CHUNK_OVERHEAD, StreamBody},
    trailers::{Declared, Trailers},
};
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::convert::Infallible;
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
};
use tokio_stream::wrappers::ReceiverStream;

const CHUNKS: usize = 1_000;
const SIZES: [usize; 3] = [16, 1024, 64 * 1024];

/// So many chunks wait at most, in either channel.
const WAITING: usize = 2;

/// Chunk by chunk: each is read as soon as it is sent, and nobody ever waits.
mod in_turn {
    use super::*;

    pub(super) async fn ours(chunk: &Bytes) {
        let (mut sender, mut body) = body::channel(capacity(chunk), Declared::none());
        for _ in 0..CHUNKS {
            sender.send(chunk.clone()).await.expect("a reader");
            let read = body.data().await.expect("a chunk").expect("no failure");
            assert_eq!(read.len(), chunk.len());
        }
        sender.finish(Trailers::new()).expect("a reader");
        assert!(body.data().await.is_none());
    }

    pub(super) async fn tokios(chunk: &Bytes) {
        let (sender, receiver) = mpsc::channel(WAITING);
        let mut body = StreamBody::new(ReceiverStream::new(receiver));
        for _ in 0..CHUNKS {
            sender.send(Ok::<_, Infallible>(chunk.clone())).await.expect("a reader");
            let read = body.data().await.expect("a chunk").expect("no failure");
            assert_eq!(read.len(), chunk.len());
        }
        drop(sender);
        assert!(body.data().await.is_none());
    }
}

/// As a server has it: a task sends, another reads, and each waits for the other where it is ahead.
mod by_a_task {
    use super::*;

    pub(super) async fn ours(chunk: &Bytes) {
        let (mut sender, body) = body::channel(capacity(chunk), Declared::none());
        let chunk = chunk.clone();
        let length = chunk.len();
        tokio::spawn(async move {
            for _ in 0..CHUNKS {
                sender.send(chunk.clone()).await.expect("a reader");
            }
            sender.finish(Trailers::new()).expect("a reader");
        });
        read(body, length).await;
    }

    pub(super) async fn tokios(chunk: &Bytes) {
        let (sender, receiver) = mpsc::channel(WAITING);
        let chunk = chunk.clone();
        let length = chunk.len();
        tokio::spawn(async move {
            for _ in 0..CHUNKS {
                sender.send(Ok::<_, Infallible>(chunk.clone())).await.expect("a reader");
            }
        });
        read(StreamBody::new(ReceiverStream::new(receiver)), length).await;
    }

    async fn read(mut body: impl HttpBody<Data = Bytes, Error = axum::Error> + Unpin, length: usize) {
        let mut bytes = 0;
        while let Some(read) = body.data().await {
            bytes += read.expect("no failure").len();
        }
        assert_eq!(bytes, CHUNKS * length);
    }
}

fn capacity(chunk: &Bytes) -> usize {
    WAITING * (chunk.len() + CHUNK_OVERHEAD)
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

fn channel(criterion: &mut Criterion) {
    let runtime = runtime();
    for size in SIZES {
        let chunk = Bytes::from(vec![b'x'; size]);
        let mut group = criterion.benchmark_group(format!("channel/{size} bytes"));
        group.throughput(Throughput::Elements(CHUNKS as u64));
        group.bench_function(BenchmarkId::new("ours", "in turn"), |bencher| {
            bencher.to_async(&runtime).iter(|| in_turn::ours(&chunk));
        });
        group.bench_function(BenchmarkId::new("tokio's", "in turn"), |bencher| {
            bencher.to_async(&runtime).iter(|| in_turn::tokios(&chunk));
        });
        group.bench_function(BenchmarkId::new("ours", "by a task"), |bencher| {
            bencher.to_async(&runtime).iter(|| by_a_task::ours(&chunk));
        });
        group.bench_function(BenchmarkId::new("tokio's", "by a task"), |bencher| {
            bencher.to_async(&runtime).iter(|| by_a_task::tokios(&chunk));
        });
        group.finish();
    }
}

criterion_group!(benches, channel);
criterion_main!(benches);
