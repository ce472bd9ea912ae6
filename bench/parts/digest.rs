//! The digest layer around a streamed body of 1 MiB, compared with the body without it and with the bare hash.

use axum::{
    body::HttpBody,
    response::{IntoResponse, Response},
};
use axum_trailers::{body::StreamBody, layers::ContentDigestLayer};
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http_02::{Request, Version};
use sha2::{Digest, Sha256};
use std::{
    convert::Infallible,
    fmt::Debug,
    future::{Ready, ready},
    hint::black_box,
};
use tokio::runtime::Builder;
use tower::{Layer, Service, service_fn};

const MIB: usize = 1024 * 1024;
const CHUNK: usize = 64 * 1024;

/// The chunks share no memory, so reading them reads 1 MiB.
fn chunks() -> Vec<Bytes> {
    let content = Bytes::from(vec![b'x'; MIB]);
    (0..MIB).step_by(CHUNK).map(|at| content.slice(at..at + CHUNK)).collect()
}

fn streamed(chunks: Vec<Bytes>) -> Response {
    let chunks = chunks.into_iter().map(Ok::<_, Infallible>);
    StreamBody::new(tokio_stream::iter(chunks)).into_response()
}

/// Calls a service, reads the response up to its trailers, and returns whether they contain the digest.
async fn ends_in_digest<S, B>(mut service: S) -> bool
where
    S: Service<Request<()>, Response = http_02::Response<B>, Error = Infallible>,
    B: HttpBody<Data = Bytes, Error: Debug> + Unpin,
{
    // Over HTTP/2 trailers need no `TE`.
    let request = Request::builder().version(Version::HTTP_2).body(()).expect("a request");
    let Ok(response) = service.call(request).await;
    let (mut body, mut bytes) = (response.into_body(), 0);
    while let Some(chunk) = body.data().await {
        bytes += chunk.expect("a whole body").len();
    }
    assert_eq!(bytes, MIB);
    let trailers = body.trailers().await.expect("a whole body");
    trailers.is_some_and(|trailers| trailers.contains_key("content-digest"))
}

fn digest(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let chunks = chunks();
    let bare =
        |_: Request<()>| -> Ready<Result<Response, Infallible>> { ready(Ok(streamed(chunks.clone()))) };
    let mut group = criterion.benchmark_group("digest");
    group.throughput(Throughput::Bytes(MIB as u64));
    group.bench_function("layer", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let layered = ContentDigestLayer::new().layer(service_fn(bare));
            assert!(ends_in_digest(layered).await);
        });
    });
    group.bench_function("without it", |bencher| {
        bencher.to_async(&runtime).iter(|| async { assert!(!ends_in_digest(service_fn(bare)).await) });
    });
    group.bench_function("bare hash", |bencher| {
        bencher.iter(|| {
            let mut hash = Sha256::new();
            for chunk in &chunks {
                hash.update(black_box(chunk));
            }
            hash.finalize()
        });
    });
    group.finish();
}

criterion_group!(benches, digest);
criterion_main!(benches);
