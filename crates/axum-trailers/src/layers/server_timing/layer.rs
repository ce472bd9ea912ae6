use super::{
    ResponseBody, ServerTimingMetrics,
    stopwatch::{SERVER_TIMING, Stopwatch},
};
use crate::{
    compat::{Fields, Request, Response, ResponseHead},
    layers::{framing::TrailerFraming, hidden_length::LengthPlan, observed::Observed},
    trailers::{
        Declared,
        server::{TrailersWithheld, has_content},
    },
};
use http::Method;
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
/// If trailers can't be sent (HTTP/1.1 or HTTP/3 without `TE: trailers`, see [`Acceptance`](crate::trailers::Acceptance)), the
/// layer accepts metrics but sends nothing, unless it was created with [`or_header`](Self::or_header). A response without
/// content (to `HEAD`, or with 204, 205 or 304) has no trailers; metrics are accepted until it begins. A body that fails ends without trailers, but one whose producer reports the failure
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
    has_header: bool,
}

impl ServerTimingLayer {
    /// Sends the timings as a trailer. If trailers can't be sent, there are none.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends what is known before the content as a header field as well: the metrics that were added until then, and
    /// `handler`, the time from the request at this layer until the handler returned its response. The trailer has the
    /// other metrics. If trailers can't be sent, the header field is all there is.
    ///
    /// Chromium then shows the header field's metrics, and Firefox also the trailer's, but only over HTTP/2.
    #[must_use]
    pub fn or_header() -> Self {
        Self { has_header: true }
    }
}

impl<S> Layer<S> for ServerTimingLayer {
    type Service = ServerTiming<S>;

    fn layer(&self, inner: S) -> ServerTiming<S> {
        ServerTiming { inner, has_header: self.has_header }
    }
}

/// The service of [`ServerTimingLayer`].
#[derive(Clone, Copy, Debug)]
pub struct ServerTiming<S> {
    inner: S,
    has_header: bool,
}

impl<S, R> Service<R> for ServerTiming<S>
where
    R: Request,
    S: Service<R, Response: Response>,
{
    type Response = <S::Response as Response>::With<ResponseBody<<S::Response as Response>::Body>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: R) -> Self::Future {
        let metrics = ServerTimingMetrics::new();
        request.insert_extension(metrics.clone());
        let (method, framing) = (request.method(), TrailerFraming::of_response_to(&request));
        let stopwatch = Some(Stopwatch::start(metrics));
        let has_header = self.has_header;
        ResponseFuture { inner: self.inner.call(request), method, framing, stopwatch, has_header }
    }
}

pin_project! {
    /// The response future of [`ServerTiming`].
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        method: Method,
        framing: TrailerFraming,
        stopwatch: Option<Stopwatch>,
        has_header: bool,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<R, E>>,
    R: Response,
{
    type Output = Result<R::With<ResponseBody<R::Body>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (mut head, body) = ready!(this.inner.poll(cx))?.split();
        let mut stopwatch = this.stopwatch.take();
        let mut length = LengthPlan::Kept;
        if let Some(stopwatch) = stopwatch.as_ref().filter(|_| *this.has_header)
            && head.fields_mut().add(&SERVER_TIMING, &stopwatch.so_far()).is_err()
        {
            tracing::warn!("`Server-Timing` omitted: too many fields in the header section");
        }
        if !has_content(this.method.as_str(), head.status()) {
            stopwatch = None;
        } else if this.framing.is_accepted() {
            length = this.framing.announce(&declared(), &mut head, &body);
        } else {
            head.insert_extension(TrailersWithheld);
            stopwatch.iter_mut().for_each(Stopwatch::silence);
        }
        let body = Observed::new(body, stopwatch).with_length(length);
        Poll::Ready(Ok(R::join(head, ResponseBody::new(body))))
    }
}

fn declared() -> Declared {
    Declared::new([SERVER_TIMING]).expect("`Server-Timing` may be a trailer (W3C Server Timing §3.2)")
}
