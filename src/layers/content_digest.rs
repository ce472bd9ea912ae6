//! [`ContentDigestLayer`] and what it is made of.

use crate::trailers::{Acceptance, Declared, TrailersWithheld, has_content};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use http_body::{Body, SizeHint};
use pin_project_lite::pin_project;
use sha2::{Digest, Sha256};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_layer::Layer;
use tower_service::Service;

/// Ends each response with a `Content-Digest` trailer: the SHA-256 of the content as it was sent
/// ([RFC 9530 §2](https://www.rfc-editor.org/rfc/rfc9530#section-2)), computed as it passes, in constant
/// memory.
///
/// A response is left as it is where trailers can't go out (see [`Acceptance`]), where it has no content (the
/// answer to `HEAD`, and 204, 205 and 304), and where it has a `Content-Digest` already or announces one.
/// A body that fails ends without a digest.
///
/// It needs a server that sends trailers. [`Content-Length`](http::header::CONTENT_LENGTH) is left to that server:
/// the one of this crate lets it give way.
///
/// ```
/// use axum::{Router, routing::get};
/// use axum_trailers::layers::ContentDigestLayer;
///
/// let app: Router = Router::new().route("/", get(|| async { "hello\n" })).layer(ContentDigestLayer::new());
/// # let _ = app;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ContentDigestLayer {
    _private: (),
}

impl ContentDigestLayer {
    /// Makes the layer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<S> Layer<S> for ContentDigestLayer {
    type Service = ContentDigest<S>;

    fn layer(&self, inner: S) -> ContentDigest<S> {
        ContentDigest { inner }
    }
}

/// The service of [`ContentDigestLayer`].
#[derive(Clone, Copy, Debug)]
pub struct ContentDigest<S> {
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for ContentDigest<S>
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

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let method = request.method().clone();
        let acceptance = Acceptance::of(&request);
        ResponseFuture { inner: self.inner.call(request), method, acceptance }
    }
}

pin_project! {
    /// The response future of [`ContentDigest`].
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        method: Method,
        acceptance: Acceptance,
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
        let mut hash = None;
        if has_content(this.method, response.status()) && !has_digest(response.headers()) {
            if this.acceptance.is_accepted() {
                declared().write(response.headers_mut());
                hash = Some(Sha256::new());
            } else {
                response.extensions_mut().insert(TrailersWithheld);
            }
        }
        Poll::Ready(Ok(response.map(|inner| ResponseBody { inner, hash, data_ended: false })))
    }
}

fn has_digest(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_DIGEST) || Declared::read(headers).contains(&CONTENT_DIGEST)
}

fn declared() -> Declared {
    Declared::new([CONTENT_DIGEST]).expect("`Content-Digest` may be a trailer (RFC 9530 §2)")
}

pin_project! {
    /// The response body of [`ContentDigest`]: the same data, and one field more at the end.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        // `None` where nothing is hashed, and once the digest has left or the body has failed.
        hash: Option<Sha256>,
        data_ended: bool,
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body<Data = Bytes>,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        let chunk = ready!(this.inner.poll_data(cx));
        match (&chunk, &mut *this.hash) {
            (Some(Ok(data)), Some(hash)) => hash.update(data),
            (Some(Err(_)), hash) => *hash = None,
            (None, _) => *this.data_ended = true,
            (Some(Ok(_)), None) => {}
        }
        Poll::Ready(chunk)
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, B::Error>> {
        let this = self.project();
        let trailers = ready!(this.inner.poll_trailers(cx))?;
        // Before its end the digest would be that of a part.
        let hash = if *this.data_ended { this.hash.take() } else { None };
        let Some(hash) = hash else {
            return Poll::Ready(Ok(trailers));
        };
        let mut trailers = trailers.unwrap_or_default();
        trailers.insert(CONTENT_DIGEST, sha256_field_value(&hash.finalize()));
        Poll::Ready(Ok(Some(trailers)))
    }

    fn is_end_stream(&self) -> bool {
        self.hash.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A dictionary of one member, whose value is a byte sequence (RFC 9530 §2, RFC 8941 §3.3.5).
fn sha256_field_value(digest: &[u8]) -> HeaderValue {
    let value = format!("sha-256=:{}:", BASE64_STANDARD.encode(digest));
    HeaderValue::try_from(value).expect("base64 and colons make a field value")
}

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{
        StreamBody,
        scripted::{
            Step::{self, Data, Error as Fail, Pending},
            scripted,
        },
    };
    use axum::{
        body::BoxBody,
        response::{IntoResponse, Response},
    };
    use futures_util::task::noop_waker;
    use http::{StatusCode, Version, header};
    use std::{convert::Infallible, future::Ready, pin::pin};

    /// RFC 9530, appendix B.
    const HELLO: &str = "{\"hello\": \"world\"}\n";
    const HELLO_DIGEST: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";

    type Case = (&'static str, http::request::Builder, fn() -> Response);

    #[derive(Clone)]
    struct Answer<F>(F);

    impl<F: Fn() -> Response> Service<Request<()>> for Answer<F> {
        type Response = Response;
        type Error = Infallible;
        type Future = Ready<Result<Response, Infallible>>;

        fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _request: Request<()>) -> Self::Future {
            std::future::ready(Ok((self.0)()))
        }
    }

    fn http2() -> http::request::Builder {
        Request::builder().version(Version::HTTP_2)
    }

    async fn answer(
        request: http::request::Builder,
        response: impl Fn() -> Response,
    ) -> Response<ResponseBody<BoxBody>> {
        let mut service = ContentDigestLayer::new().layer(Answer(response));
        let Ok(response) = service.call(request.body(()).expect("a request")).await;
        response
    }

    async fn ending(mut response: Response<ResponseBody<BoxBody>>) -> Option<HeaderMap> {
        while let Some(chunk) = response.body_mut().data().await {
            chunk.expect("no error");
        }
        response.body_mut().trailers().await.expect("no error")
    }

    fn body<const N: usize>(steps: [Step; N]) -> Response {
        StreamBody::new(scripted(steps)).into_response()
    }

    #[tokio::test]
    async fn digest_is_that_of_the_rfc_however_the_content_is_split() {
        for split in 0..=HELLO.len() {
            let (head, tail) = HELLO.split_at(split);
            let response = answer(http2(), || body([Pending, Data(head), Pending, Data(tail)])).await;
            assert_eq!(response.headers()[header::TRAILER], "content-digest");
            let trailers = ending(response).await.expect("trailers");
            assert_eq!(trailers[CONTENT_DIGEST], HELLO_DIGEST);
        }
    }

    #[tokio::test]
    async fn digest_joins_the_trailers_from_below() {
        let response = answer(http2(), || {
            let mut body = StreamBody::new(scripted([Data(HELLO)]));
            let mut trailers = HeaderMap::new();
            trailers.insert("x-rows", HeaderValue::from(1));
            body.set_trailers(trailers).expect("permitted");
            body.into_response()
        })
        .await;
        assert_eq!(response.headers()[header::TRAILER], "x-rows, content-digest");
        let trailers = ending(response).await.expect("trailers");
        assert_eq!(
            (&trailers["x-rows"], &trailers[CONTENT_DIGEST]),
            (&1.into(), &HELLO_DIGEST.parse().expect(""))
        );
    }

    #[tokio::test]
    async fn nothing_is_added_where_no_digest_can_be() {
        let cases: [Case; 7] = [
            ("HTTP/1.1 without TE", Request::builder(), || "x".into_response()),
            ("HEAD", http2().method(Method::HEAD), || "x".into_response()),
            ("204", http2(), || StatusCode::NO_CONTENT.into_response()),
            ("205", http2(), || StatusCode::RESET_CONTENT.into_response()),
            ("304", http2(), || StatusCode::NOT_MODIFIED.into_response()),
            ("own header field", http2(), || ([("content-digest", "sha-512=:AA==:")], "x").into_response()),
            ("own trailer field", http2(), || ([("trailer", "x-a, Content-Digest")], "x").into_response()),
        ];
        for (case, request, response) in cases {
            let plain = response();
            let layered = answer(request, response).await;
            assert_eq!(layered.headers(), plain.headers(), "{case}");
            assert_eq!(ending(layered).await, None, "{case}");
        }
    }

    #[tokio::test]
    async fn http1_with_te_gets_the_digest() {
        let request = Request::builder().header(header::TE, "trailers");
        let response = answer(request, || HELLO.into_response()).await;
        assert_eq!(ending(response).await.expect("trailers")[CONTENT_DIGEST], HELLO_DIGEST);
    }

    #[tokio::test]
    async fn trailers_polled_early_have_no_digest_and_it_is_not_lost() {
        let mut response = answer(http2(), || HELLO.into_response()).await;
        assert_eq!(response.body_mut().trailers().await.expect("no error"), None);
        assert_eq!(ending(response).await.expect("trailers")[CONTENT_DIGEST], HELLO_DIGEST);
    }

    #[tokio::test]
    async fn failed_body_has_no_digest() {
        let mut response = answer(http2(), || body([Data("a"), Fail])).await;
        assert!(response.body_mut().data().await.expect("a chunk").is_ok());
        assert!(response.body_mut().data().await.expect("the error").is_err());
        assert!(response.body_mut().data().await.is_none());
        assert_eq!(response.body_mut().trailers().await.expect("the end"), None);
        assert!(response.body().is_end_stream());
    }

    #[tokio::test]
    async fn keeps_the_contract_of_http_body() {
        let response = answer(http2(), || HELLO.into_response()).await;
        assert_eq!(response.body().size_hint().exact(), Some(HELLO.len() as u64));
        let mut body = pin!(response.into_body());
        let waker = noop_waker();
        let cx = &mut Context::from_waker(&waker);
        while let Poll::Ready(Some(_)) = body.as_mut().poll_data(cx) {
            assert!(!body.is_end_stream(), "the digest has not left yet");
        }
        assert!(!body.is_end_stream(), "the digest has not left yet");
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(Some(_)))));
        for _ in 0..2 {
            assert!(body.is_end_stream());
            assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(None)));
            assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(None))));
        }
    }
}
