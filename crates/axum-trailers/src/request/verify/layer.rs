use super::{
    VerifyBody,
    body::Verdict,
    check::{Check, Need},
};
use axum_core::{
    BoxError,
    body::boxed,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_layer::Layer;
use tower_service::Service;

/// Holds each request's body against its `Content-Digest`
/// ([RFC 9530 §2](https://www.rfc-editor.org/rfc/rfc9530#section-2)), in the header section or the trailer section,
/// as the handler reads it.
///
/// The request is refused, with a [`ContentDigestError`](super::ContentDigestError) as the response, where
///
/// - the digest is not that of what came;
/// - there is none, and the layer was made with [`required`](Self::required);
/// - a trailer field was announced and never came;
/// - no algorithm of the field is known, or the field can't be read. Known are `sha-256` and `sha-512`; others beside
///   them are passed over.
///
/// **What fails is never handed on as good.** The handler sees the error instead of the end of the data, so an
/// extractor that collects fails, and a stream ends in an error. Until then it has seen data that is not yet verified:
/// code that acts on a stream waits for its end. The answer of this layer takes the place of the handler's, unless that
/// has begun.
///
/// One digest is computed where the header section names its algorithm, both where a trailer may.
///
/// What the handler does not read is not checked, and a request without content (none announced, and another method
/// than `POST`, `PUT` and `PATCH`) needs no digest.
///
/// The handlers inside get another type of body, [`VerifyBody`], as with tower-http's `RequestBodyLimitLayer`. All of
/// axum's extractors take it, but for those that name `Body`, like `Request<Body>`. Put it around the routes that take
/// uploads, and merge them with the others. It covers the bytes as they come, so it belongs outside of what decodes them.
///
/// # Examples
///
/// Digests are checked where they are sent:
///
/// ```
/// use axum::{Router, body::Bytes, routing::put};
/// use axum_trailers::request::VerifyContentDigestLayer;
///
/// async fn store(content: Bytes) -> String {
///     format!("{} bytes\n", content.len()) // never of a content that failed
/// }
///
/// let uploads: Router = Router::new().route("/upload", put(store)).layer(VerifyContentDigestLayer::new());
/// let app: Router = Router::new().merge(uploads);
/// # let _ = app;
/// ```
///
/// They must be sent, and the content is streamed:
///
/// ```
/// use axum::{Router, routing::put};
/// use axum_trailers::request::{RequestBody, RequestBodyError, VerifyContentDigestLayer};
/// use futures_util::StreamExt;
///
/// async fn store(mut body: RequestBody) -> Result<&'static str, RequestBodyError> {
///     while let Some(chunk) = body.next().await {
///         let _ = chunk?; // … write it to a temporary file …
///     }
///     Ok("stored\n") // … now that it is verified, give it its name …
/// }
///
/// let app: Router = Router::new().route("/upload", put(store)).layer(VerifyContentDigestLayer::required());
/// # let _ = app;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct VerifyContentDigestLayer {
    need: Need,
}

impl VerifyContentDigestLayer {
    /// Checks the digest where there is one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks the digest, and refuses a content without one, as far as the handler reads it.
    #[must_use]
    pub fn required() -> Self {
        Self { need: Need::Required }
    }
}

impl<S> Layer<S> for VerifyContentDigestLayer {
    type Service = VerifyContentDigest<S>;

    fn layer(&self, inner: S) -> VerifyContentDigest<S> {
        VerifyContentDigest { inner, need: self.need }
    }
}

/// The service of [`VerifyContentDigestLayer`].
#[derive(Clone, Copy, Debug)]
pub struct VerifyContentDigest<S> {
    inner: S,
    need: Need,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for VerifyContentDigest<S>
where
    S: Service<Request<VerifyBody<ReqBody>>, Response = http::Response<ResBody>>,
    ReqBody: Body<Data = Bytes>,
    ReqBody::Error: Into<BoxError>,
    ResBody: Body<Data = Bytes> + Send + 'static,
    ResBody::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let check = Check::from_request(&request, self.need).and_then(|check| {
            // A handler may never ask for the end of a body that has none.
            if request.body().is_end_stream() {
                check.clone().end(&HeaderMap::new())?;
            }
            Ok(check)
        });
        let state = match check {
            Err(error) => State::Refused { response: Some(error.into_response()) },
            Ok(check) => {
                let verdict = Verdict::default();
                let request = request.map(|body| VerifyBody::new(body, check, verdict.clone()));
                State::Passed { inner: self.inner.call(request), verdict }
            }
        };
        ResponseFuture { state }
    }
}

pin_project! {
    /// The response future of [`VerifyContentDigest`].
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        // The request's header section was enough to refuse it.
        Refused { response: Option<Response> },
        Passed { #[pin] inner: F, verdict: Verdict },
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<http::Response<B>, E>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(match self.project().state.project() {
            StateProj::Refused { response } => response.take().expect("polled after its end"),
            StateProj::Passed { inner, verdict } => {
                let response = ready!(inner.poll(cx))?;
                match verdict.get() {
                    Some(error) => error.clone().into_response(),
                    None => response.map(boxed),
                }
            }
        }))
    }
}
