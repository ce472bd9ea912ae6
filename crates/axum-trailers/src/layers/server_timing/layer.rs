use super::{
    ResponseBody, ServerTimingMetrics,
    stopwatch::{SERVER_TIMING, Stopwatch},
};
use crate::trailers::{
    Acceptance, Declared,
    server::{TrailersWithheld, has_content},
};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_layer::Layer;
use tower_service::Service;

/// Ends each response with a `Server-Timing` trailer ([W3C Server Timing](https://www.w3.org/TR/server-timing/)).
/// Unlike a header field, it covers the whole response. Durations are in milliseconds.
///
/// | Metric | From | To |
/// |---|---|---|
/// | `ttfb` | the request at this layer | the first byte of the content, or its end if it is empty |
/// | `stream` | the first byte of the content | the end of the content |
/// | `total` | the request at this layer | the end of the content: the sum of the two |
///
/// They measure when the content was ready to be sent. A slow reader increases them only once the buffers in between
/// are full.
///
/// Handlers and producers can add metrics through [`ServerTimingMetrics`], which the layer inserts into the request's
/// extensions, until the body ends. These precede the three above, in the order in which they were added; do not reuse
/// the three names.
///
/// If trailers can't be sent (HTTP/1.1 without `TE: trailers`, see [`Acceptance`]), the layer accepts metrics but sends
/// nothing. A response without content (to `HEAD`, or with 204, 205 or 304) has no trailers; metrics are accepted until
/// it begins. A body that fails ends without trailers, but one whose producer reports the failure
/// [in its trailers](crate::body::Sender::fail_with_trailers) also gets this one. `Server-Timing` fields that the
/// handler sets, as header field or trailer, are kept.
///
/// Firefox shows the trailer in its developer tools and to scripts; Chromium shows only header fields.
///
/// # Examples
///
/// Timing on every route:
///
/// ```
/// use axum::{Router, routing::get};
/// use axum_trailers::layers::ServerTimingLayer;
///
/// let app: Router = Router::new().route("/", get(|| async { "hello\n" })).layer(ServerTimingLayer::new());
/// # let _ = app;
/// ```
///
/// A producer that reports how long the database took:
///
/// ```
/// use axum::{Extension, Router, response::IntoResponse, routing::get};
/// use axum_trailers::{
///     body::{self, Sender},
///     layers::{ServerTimingLayer, server_timing::{Metric, ServerTimingMetrics}},
///     trailers::{Declared, Trailers},
/// };
/// use std::{error::Error, time::{Duration, Instant}};
///
/// async fn rows(Extension(metrics): Extension<ServerTimingMetrics>) -> impl IntoResponse {
///     let (sender, body) = body::channel(64 * 1024, Declared::none());
///     tokio::spawn(produce(sender, metrics));
///     body
/// }
///
/// async fn produce(mut sender: Sender, metrics: ServerTimingMetrics) -> Result<(), Box<dyn Error + Send + Sync>> {
///     let mut db = Duration::ZERO;
///     for row in 0..3 {
///         let began = Instant::now();
///         // … fetch a row …
///         db += began.elapsed();
///         sender.send(format!("row {row}\n")).await?;
///     }
///     metrics.add(Metric::new("db").duration(db).description("all rows"))?;
///     sender.finish(Trailers::new())?;
///     Ok(())
/// }
///
/// let app: Router = Router::new().route("/rows", get(rows)).layer(ServerTimingLayer::new());
/// # let _ = app;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ServerTimingLayer {
    _private: (),
}

impl ServerTimingLayer {
    /// Creates the layer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<S> Layer<S> for ServerTimingLayer {
    type Service = ServerTiming<S>;

    fn layer(&self, inner: S) -> ServerTiming<S> {
        ServerTiming { inner }
    }
}

/// The service of [`ServerTimingLayer`].
#[derive(Clone, Copy, Debug)]
pub struct ServerTiming<S> {
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for ServerTiming<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Body<Data = Bytes>,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let metrics = ServerTimingMetrics::new();
        request.extensions_mut().insert(metrics.clone());
        let (method, acceptance) = (request.method().clone(), Acceptance::from_request(&request));
        let stopwatch = Some(Stopwatch::start(metrics));
        ResponseFuture { inner: self.inner.call(request), method, acceptance, stopwatch }
    }
}

pin_project! {
    /// The response future of [`ServerTiming`].
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        method: Method,
        acceptance: Acceptance,
        stopwatch: Option<Stopwatch>,
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        let mut stopwatch = this.stopwatch.take();
        if !has_content(this.method.as_str(), response.status()) {
            stopwatch = None;
        } else if this.acceptance.is_accepted() {
            declared().write(response.headers_mut());
        } else {
            response.extensions_mut().insert(TrailersWithheld);
            stopwatch.iter_mut().for_each(Stopwatch::silence);
        }
        Poll::Ready(Ok(response.map(|inner| ResponseBody::new(inner, stopwatch))))
    }
}

fn declared() -> Declared {
    Declared::new([SERVER_TIMING]).expect("`Server-Timing` may be a trailer (W3C Server Timing §3.2)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{
        server_timing::{Metric, MetricError},
        testing::{answer, body, http2},
    };
    use axum::response::{IntoResponse, Response};
    use axum_trailers_testing::{
        Step::{Data, Error as Fail, Pending},
        read_by_contract, request_with_te,
    };
    use http::{HeaderMap, StatusCode, header};
    use std::{cell::RefCell, time::Duration};

    /// The metrics of a trailer section: name and milliseconds.
    fn metrics(trailers: &HeaderMap) -> Vec<(String, f64)> {
        let metrics = trailers[SERVER_TIMING].to_str().expect("text").split(", ");
        let parts = metrics.map(|metric| metric.split_once(";dur=").expect("a duration"));
        parts.map(|(name, dur)| (name.to_owned(), dur.parse().expect("a number"))).collect()
    }

    #[tokio::test]
    async fn first_byte_and_stream_make_the_total() {
        let some: fn() -> Response = || body([Pending, Data(""), Data("a"), Pending, Data("b")]);
        let none: fn() -> Response = || body([]);
        for (request, response) in [(http2(), some), (request_with_te(), some), (http2(), none)] {
            let response = answer(ServerTimingLayer::new(), request, |_| response()).await;
            assert_eq!(response.headers()[header::TRAILER], "server-timing");
            let metrics = metrics(&read_by_contract(response.into_body()).trailers.expect("trailers"));
            let [(ttfb, first), (stream, rest), (total, all)] = &metrics[..] else {
                panic!("three metrics: {metrics:?}")
            };
            assert_eq!([ttfb, stream, total], ["ttfb", "stream", "total"]);
            assert!((first + rest - all).abs() < 0.002, "{metrics:?}");
        }
    }

    #[tokio::test]
    async fn each_time_covers_its_part() {
        let chunks = futures_util::stream::unfold(0, |n| async move {
            std::thread::sleep(Duration::from_millis([20, 40, 0][n]));
            (n < 2).then_some((Ok::<_, std::io::Error>("x"), n + 1))
        });
        let chunks = RefCell::new(Some(Box::pin(chunks)));
        let handler = |_: &Request<()>| {
            crate::body::StreamBody::new(chunks.borrow_mut().take().expect("one request")).into_response()
        };
        let response = answer(ServerTimingLayer::new(), http2(), handler).await;
        let metrics = metrics(&read_by_contract(response.into_body()).trailers.expect("trailers"));
        assert!(metrics[0].1 >= 20.0 && metrics[1].1 >= 40.0 && metrics[2].1 >= 60.0, "{metrics:?}");
    }

    #[tokio::test]
    async fn handlers_metrics_come_first_and_are_accepted_until_the_end() {
        let handle = RefCell::new(None);
        let response = answer(ServerTimingLayer::new(), http2(), |request| {
            let metrics: &ServerTimingMetrics = request.extensions().get().expect("a handle");
            metrics.add(Metric::new("cache").description("a \"hit\"")).expect("in time");
            handle.replace(Some(metrics.clone()));
            body([Data("a")])
        })
        .await;
        let handle = handle.take().expect("called");
        handle
            .add(Metric::new("db").duration(Duration::from_micros(23_500)))
            .expect("the body has not ended");
        let trailers = read_by_contract(response.into_body()).trailers.expect("trailers");
        let field = trailers[SERVER_TIMING].to_str().expect("text");
        assert!(field.starts_with(r#"cache;desc="a \"hit\"", db;dur=23.5, ttfb;dur="#), "{field}");
        assert_eq!(handle.add(Metric::new("late")), Err(MetricError::Ended { name: "late".to_owned() }));
    }

    #[tokio::test]
    async fn own_field_stays_beside_it() {
        let response = answer(ServerTimingLayer::new(), http2(), |_| {
            let mut body = crate::body::StreamBody::new(axum_trailers_testing::scripted([Data("a")]));
            body.set_trailers(axum_trailers_testing::fields(&[("server-timing", "own")])).expect("permitted");
            ([("server-timing", "miss")], body).into_response()
        })
        .await;
        assert_eq!(response.headers()["server-timing"], "miss");
        assert_eq!(response.headers()[header::TRAILER], "server-timing");
        let trailers = read_by_contract(response.into_body()).trailers.expect("trailers");
        let fields: Vec<_> = trailers.get_all(SERVER_TIMING).iter().collect();
        assert!(fields.len() == 2 && fields[0] == "own", "{fields:?}");
    }

    #[tokio::test]
    async fn nothing_is_added_if_no_trailer_can_be_sent_and_metrics_are_accepted() {
        let handle = RefCell::new(None);
        let keep = |request: &Request<()>| {
            handle.replace(request.extensions().get::<ServerTimingMetrics>().cloned());
            body([Data("a")])
        };
        let response = answer(ServerTimingLayer::new(), Request::builder(), keep).await;
        assert!(!response.headers().contains_key(header::TRAILER));
        assert!(response.extensions().get::<TrailersWithheld>().is_some());
        let handle = handle.take().expect("called");
        handle.add(Metric::new("db")).expect("a producer need not know who its client is");
        read_by_contract(response.into_body()).assert_no_trailer("server-timing");
        assert!(handle.add(Metric::new("late")).is_err());

        let response =
            answer(ServerTimingLayer::new(), http2(), |_| StatusCode::NO_CONTENT.into_response()).await;
        assert!(!response.headers().contains_key(header::TRAILER));
        let response =
            answer(ServerTimingLayer::new(), http2().method(Method::HEAD), |_| "x".into_response()).await;
        assert!(!response.headers().contains_key(header::TRAILER));
    }

    #[tokio::test]
    async fn failed_body_has_no_trailers_and_rejects_metrics() {
        let handle = RefCell::new(None);
        let response = answer(ServerTimingLayer::new(), http2(), |request| {
            handle.replace(request.extensions().get::<ServerTimingMetrics>().cloned());
            body([Data("a"), Fail])
        })
        .await;
        let read = read_by_contract(response.into_body());
        assert!(read.error.is_some() && read.trailers.is_none());
        assert!(handle.take().expect("called").add(Metric::new("late")).is_err());
    }
}
