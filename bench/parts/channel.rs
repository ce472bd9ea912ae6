//! Chunks sent through [`body::channel`] and its body, compared with a [`StreamBody`] around tokio's channel.

use axum::body::HttpBody;
use axum_trailers::{
    BoxError,
    body::{self, CHUNK_OVERHEAD, Chunks, StreamBody},
    trailers::{Declared, Trailers},
};
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::convert::Infallible;
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
};
use tokio_stream::wrappers::ReceiverStream;

const CHUNKS: usize = 1_000;
const SIZES: [usize; 3] = [16, 1024, 64 * 1024];

/// The maximum number of chunks that wait in either channel.
const WAITING: usize = 2;

/// The producer's end of either channel.
trait Producer: Send + 'static {
    fn send(&mut self, chunk: Bytes) -> impl Future<Output = ()> + Send;
    fn finish(self);
}

impl Producer for body::Sender {
    async fn send(&mut self, chunk: Bytes) {
        body::Sender::send(self, chunk).await.expect("a reader");
    }

    fn finish(self) {
        body::Sender::finish(self, Trailers::new()).expect("a reader");
    }
}

type TokiosItem = Result<Bytes, Infallible>;

impl Producer for mpsc::Sender<TokiosItem> {
    async fn send(&mut self, chunk: Bytes) {
        mpsc::Sender::send(self, Ok(chunk)).await.expect("a reader");
    }

    fn finish(self) {}
}

fn ours(chunk: &Bytes) -> (body::Sender, StreamBody<Chunks>) {
    body::channel(WAITING * (chunk.len() + CHUNK_OVERHEAD), Declared::none())
}

fn tokios(_chunk: &Bytes) -> (mpsc::Sender<TokiosItem>, StreamBody<ReceiverStream<TokiosItem>>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (sender, StreamBody::new(ReceiverStream::new(receiver)))
}

trait Body: HttpBody<Data = Bytes, Error = BoxError> + Unpin {}
impl<B: HttpBody<Data = Bytes, Error = BoxError> + Unpin> Body for B {}

/// Reads each chunk as soon as it is sent, so neither side ever waits.
async fn in_turn((mut producer, mut body): (impl Producer, impl Body), chunk: &Bytes) {
    for _ in 0..CHUNKS {
        producer.send(chunk.clone()).await;
        let read = body.data().await.expect("a chunk").expect("no failure");
        assert_eq!(read.len(), chunk.len());
    }
    producer.finish();
    assert!(body.data().await.is_none(), "more than was sent");
}

/// Like a server: one task sends, another reads, and the faster one waits.
async fn by_a_task((mut producer, mut body): (impl Producer, impl Body), chunk: &Bytes) {
    let sent = chunk.clone();
    tokio::spawn(async move {
        for _ in 0..CHUNKS {
            producer.send(sent.clone()).await;
        }
        producer.finish();
    });
    let mut bytes = 0;
    while let Some(read) = body.data().await {
        bytes += read.expect("no failure").len();
    }
    assert_eq!(bytes, CHUNKS * chunk.len());
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
        group.bench_function("in turn/ours", |bencher| {
            bencher.to_async(&runtime).iter(|| in_turn(ours(&chunk), &chunk));
        });
        group.bench_function("in turn/tokio's", |bencher| {
            bencher.to_async(&runtime).iter(|| in_turn(tokios(&chunk), &chunk));
        });
        group.bench_function("by a task/ours", |bencher| {
            bencher.to_async(&runtime).iter(|| by_a_task(ours(&chunk), &chunk));
        });
        group.bench_function("by a task/tokio's", |bencher| {
            bencher.to_async(&runtime).iter(|| by_a_task(tokios(&chunk), &chunk));
        });
        group.finish();
    }
}

criterion_group!(benches, channel);
criterion_main!(benches);
