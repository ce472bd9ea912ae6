//! A request and its response through a connection's service, compared with the same router called directly. The difference is
//! the cost of the service.

use axum::{Router, body::HttpBody, response::IntoResponse, routing::get};
use axum_trailers::{
    body,
    trailers::{Declared, Trailers},
};
use axum_trailers_server::parts::AppService;
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http_body_util::{BodyExt, Empty};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    cell::RefCell,
    convert::Infallible,
    future::ready,
    pin::pin,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};
use tower::Service;

const TRAILER: (&str, &str) = ("chunky-trailer", "foo");

/// The number of requests that are created before they are timed: few enough to stay in the cache.
const BATCH: u64 = 64;

/// The two chunks and the trailer of `bench/server/main.rs`.
async fn small() -> impl IntoResponse {
    let declared = Declared::new([TRAILER.0]).expect("a permitted field");
    let body = body::produce(64 * 1024, declared, |mut sender| async move {
        sender.send("hello...").await?;
        sender.send("world\n").await?;
        let mut trailers = Trailers::new();
        trailers.insert(TRAILER.0, TRAILER.1)?;
        sender.finish(trailers)?;
        Ok(())
    });
    ([("content-type", "text/plain")], body)
}

/// One of the two routes, with its expected response.
#[derive(Clone, Copy)]
struct Route {
    name: &'static str,
    uri: &'static str,
    length: usize,
    trailer: Option<&'static str>,
}

const ROUTES: [Route; 2] = [
    Route { name: "small", uri: "https://localhost/small", length: 14, trailer: Some(TRAILER.1) },
    Route { name: "hello", uri: "https://localhost/hello", length: 5, trailer: None },
];

impl Route {
    fn router() -> Router {
        // Like the service: a router without its state rebuilds its routes in each call.
        Router::new().route("/small", get(small)).route("/hello", get(|| async { "hello" })).with_state(())
    }

    /// Requests as hyper creates them over HTTP/2.
    async fn requests_of_hyper(self, count: u64) -> Vec<http::Request<Incoming>> {
        let request = |body| {
            http::Request::get(self.uri)
                .version(http::Version::HTTP_2)
                .header("user-agent", "bench")
                .header("accept", "*/*")
                .body(body)
                .expect("a request")
        };
        empty_bodies(count).await.into_iter().map(request).collect()
    }

    /// The same requests for the router.
    fn requests_of_axum(self, count: u64) -> Vec<http_02::Request<axum::body::Body>> {
        let request = |_| {
            http_02::Request::get(self.uri)
                .version(http_02::Version::HTTP_2)
                .header("user-agent", "bench")
                .header("accept", "*/*")
                .body(axum::body::Body::empty())
                .expect("a request")
        };
        (0..count).map(request).collect()
    }

    async fn through(self, service: &mut AppService, request: http::Request<Incoming>) {
        let mut body = pin!(service.call(request).await.into_body());
        let (mut length, mut trailers) = (0, None);
        while let Some(frame) = body.frame().await {
            match frame.expect("a whole body").into_data() {
                Ok(data) => length += data.len(),
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        let trailer = trailers.as_ref().and_then(|trailers| trailers.get(TRAILER.0));
        self.check(length, trailer.map(http::HeaderValue::as_bytes));
    }

    async fn direct(self, router: &mut Router, request: http_02::Request<axum::body::Body>) {
        let Ok(response) = router.call(request).await;
        let (mut body, mut length) = (response.into_body(), 0);
        while let Some(data) = body.data().await {
            length += data.expect("a whole body").len();
        }
        let trailers = body.trailers().await.expect("a whole body");
        let trailer = trailers.as_ref().and_then(|trailers| trailers.get(TRAILER.0));
        self.check(length, trailer.map(http_02::HeaderValue::as_bytes));
    }

    fn check(self, length: usize, trailer: Option<&[u8]>) {
        assert_eq!(length, self.length, "the content of {}", self.name);
        assert_eq!(trailer, self.trailer.map(str::as_bytes), "the trailer of {}", self.name);
    }
}

/// Bodies of requests without content. Only hyper can create them, so it reads that many requests.
async fn empty_bodies(count: u64) -> Vec<Incoming> {
    let bodies = RefCell::new(Vec::new());
    let service = service_fn(|request: http::Request<Incoming>| {
        bodies.borrow_mut().push(request.into_body());
        ready(Ok::<_, Infallible>(http::Response::new(Empty::<Bytes>::new())))
    });
    let requests: Vec<_> = (0..count).flat_map(|_| *b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").collect();
    let connection = TokioIo::new(tokio::io::join(&*requests, tokio::io::sink()));
    // The input ends before the last request is answered.
    let served = http1::Builder::new().half_close(true).serve_connection(connection, service).await;
    served.expect("requests up to the end");
    bodies.into_inner()
}

/// How long this many exchanges take, without the creation of their requests.
async fn timed<R>(
    mut left: u64,
    make: impl AsyncFn(u64) -> Vec<R>,
    mut exchange: impl AsyncFnMut(R),
) -> Duration {
    let mut took = Duration::ZERO;
    while left > 0 {
        let requests = make(left.min(BATCH)).await;
        left -= requests.len() as u64;
        let began = Instant::now();
        for request in requests {
            exchange(request).await;
        }
        took += began.elapsed();
    }
    took
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn service(criterion: &mut Criterion) {
    let runtime = runtime();
    for route in ROUTES {
        let mut group = criterion.benchmark_group(format!("service/{}", route.name));
        group.bench_function("through", |bencher| {
            bencher.to_async(&runtime).iter_custom(|count| async move {
                let mut service = AppService::new(Route::router());
                let make = async |count| route.requests_of_hyper(count).await;
                timed(count, make, async |request| route.through(&mut service, request).await).await
            });
        });
        group.bench_function("direct", |bencher| {
            bencher.to_async(&runtime).iter_custom(|count| async move {
                let mut router = Route::router();
                let make = async |count| route.requests_of_axum(count);
                timed(count, make, async |request| route.direct(&mut router, request).await).await
            });
        });
        group.finish();
    }
}

criterion_group!(benches, service);
criterion_main!(benches);
