use super::{
    ContentDigestError, ResponseBody, VerifyBody,
    body::Verdict,
    check::{Check, Need},
};
use crate::{
    BoxError,
    compat::{RequestWithBody, Response, SplitBody},
    problem::Problem,
};
use http::HeaderMap;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_layer::Layer;
use tower_service::Service;

/// Checks each request's body against its `Content-Digest`
/// ([RFC 9530 §2](https://www.rfc-editor.org/rfc/rfc9530#section-2)) as the handler reads it. The digest may be in the
/// header section or the trailer section.
///
/// The layer refuses the request with a [`ContentDigestError`](super::ContentDigestError) as the response if
///
/// - the digest does not match the content;
/// - there is no digest, and the layer was created with [`required`](Self::required);
/// - an announced trailer field did not arrive;
/// - the field is malformed or contains no supported algorithm. `sha-256` and `sha-512` are supported; others next to
///   them are ignored.
///
/// **Content that fails the check never looks complete.** The handler gets the error instead of the end of the data: an
/// extractor that collects fails, and a stream ends in an error. Data before that is not yet verified, so code that
/// acts on a stream must wait for its end. The layer's response replaces the handler's, unless that has begun.
///
/// The layer computes only the algorithms in the header field, or both if the digest may follow in a trailer.
///
/// Content that the handler does not read is not checked. A request without content (it announces none, and its method
/// is not `POST`, `PUT` or `PATCH`) needs no digest.
///
/// The service inside gets another body type, [`VerifyBody`], as with tower-http's `RequestBodyLimitLayer`. Routers of
/// axum 0.8 accept any. In axum 0.6, all extractors accept it except those that name `Body`, such as `Request<Body>`:
/// wrap the routes that receive uploads, and merge them with the others. The layer checks the bytes as received, so put
/// it outside of layers that decode the body.
///
/// # Examples
///
/// Check digests that clients send:
///
/// ```
/// use axum::{Router, body::Bytes, routing::put};
/// use axum_trailers::request::VerifyContentDigestLayer;
///
/// async fn store(content: Bytes) -> String {
///     format!("{} bytes\n", content.len()) // never content that fails the check
/// }
///
/// let uploads: Router = Router::new().route("/upload", put(store)).layer(VerifyContentDigestLayer::new());
/// let app: Router = Router::new().merge(uploads);
/// # let _ = app;
/// ```
///
/// Require a digest, and stream the content:
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
///     Ok("stored\n") // … it is verified: move the file to its final name …
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
    /// Checks the digest if there is one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks the digest, and refuses content without one if the handler reads it.
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

impl<S, R> Service<R> for VerifyContentDigest<S>
where
    R: RequestWithBody<Body: SplitBody<Error: Into<BoxError>>>,
    S: Service<R::With<VerifyBody<R::Body>>, Response: Response>,
{
    type Response = <S::Response as Response>::With<ResponseBody<<S::Response as Response>::Body>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let check = Check::from_request(&request, self.need).and_then(|check| {
            // A handler may never poll an empty body to its end.
            if request.is_end_stream() {
                check.clone().end(&HeaderMap::new())?;
            }
            Ok(check)
        });
        let state = match check {
            Err(error) => State::Refused { error: Some(error) },
            Ok(check) => {
                let verdict = Verdict::default();
                let request = request.map_body(|body| VerifyBody::new(body, check, verdict.clone()));
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
        // The header section was enough to refuse the request.
        Refused { error: Option<ContentDigestError> },
        Passed { #[pin] inner: F, verdict: Verdict },
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<R, E>>,
    R: Response,
{
    type Output = Result<R::With<ResponseBody<R::Body>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(match self.project().state.project() {
            StateProj::Refused { error } => refusal::<R>(error.take().expect("polled after its end")),
            StateProj::Passed { inner, verdict } => {
                let response = ready!(inner.poll(cx))?;
                if let Some(error) = verdict.get() {
                    refusal::<R>(error.clone())
                } else {
                    let (head, body) = response.split();
                    R::join(head, ResponseBody::of_handler(body))
                }
            }
        }))
    }
}

fn refusal<R: Response>(error: ContentDigestError) -> R::With<ResponseBody<R::Body>> {
    let (head, document) = Problem::from(error).into_parts::<R>();
    R::join(head, ResponseBody::of_refusal(document))
}
