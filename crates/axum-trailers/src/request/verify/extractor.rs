use super::{
    super::{CollectedBody, RequestBody, RequestBodyError, collected::limited},
    ContentDigestError, VerifyBody,
    body::Verdict,
    check::{Check, Need},
};
use async_trait::async_trait;
use axum_core::{BoxError, extract::FromRequest};
use bytes::Bytes;
use http::Request;
use http_body::Body;

/// A request's body, checked against its `Content-Digest`, for a single handler. It does what
/// [`VerifyContentDigestLayer::required`](super::VerifyContentDigestLayer::required) does for all routes inside it:
/// there must be a digest.
///
/// A handler receives `Verified<CollectedBody>` only if the digest is right; otherwise the request is refused with a
/// [`ContentDigestError`]. The stream of a `Verified<RequestBody>` ends in that error; a handler that returns it
/// refuses the request in the same way.
///
/// ```
/// use axum::{Router, routing::put};
/// use axum_trailers::request::{CollectedBody, RequestBody, RequestBodyError, Verified};
/// use futures_util::StreamExt;
///
/// async fn small(Verified(body): Verified<CollectedBody>) -> String {
///     format!("{} bytes\n", body.content.len())
/// }
///
/// async fn large(Verified(mut body): Verified<RequestBody>) -> Result<String, RequestBodyError> {
///     let mut bytes = 0;
///     while let Some(chunk) = body.next().await {
///         bytes += chunk?.len();
///     }
///     Ok(format!("{bytes} bytes\n")) // verified now, not before
/// }
///
/// let app: Router = Router::new().route("/small", put(small)).route("/large", put(large));
/// # let _ = app;
/// ```
#[derive(Debug)]
pub struct Verified<T>(
    /// The body.
    pub T,
);

#[async_trait]
impl<S, B> FromRequest<S, B> for Verified<RequestBody>
where
    S: Send + Sync,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Rejection = ContentDigestError;

    async fn from_request(request: Request<B>, _state: &S) -> Result<Self, ContentDigestError> {
        let (head, body) = checked(request)?.into_parts();
        Ok(Self(RequestBody::new(body, &head.extensions)))
    }
}

#[async_trait]
impl<S, B> FromRequest<S, B> for Verified<CollectedBody>
where
    S: Send + Sync,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Rejection = RequestBodyError;

    async fn from_request(request: Request<B>, _state: &S) -> Result<Self, RequestBodyError> {
        Ok(Self(limited(checked(request)?).collect(usize::MAX).await?))
    }
}

fn checked<B>(request: Request<B>) -> Result<Request<VerifyBody<B>>, ContentDigestError> {
    let check = Check::from_request(&request, Need::Required)?;
    Ok(request.map(|body| VerifyBody::new(body, check, Verdict::default())))
}
