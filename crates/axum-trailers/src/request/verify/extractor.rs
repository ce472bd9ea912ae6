use super::{
    super::RequestBody,
    ContentDigestError, VerifyBody,
    body::Verdict,
    check::{Check, Need},
};
use crate::{
    BoxError,
    compat::{RequestWithBody, SplitBody},
};

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

impl Verified<RequestBody> {
    /// The body of a request of either generation, for services without axum.
    ///
    /// # Errors
    ///
    /// [`ContentDigestError`] if the header section is enough to refuse the request.
    pub fn new<R>(request: R) -> Result<Self, ContentDigestError>
    where
        R: RequestWithBody<Body: SplitBody<Error: Into<BoxError>> + Send + 'static>,
    {
        let limits = RequestBody::limits(&request);
        let check = Check::from_request(&request, Need::Required)?;
        let body = VerifyBody::new(request.into_body(), check, Verdict::default());
        Ok(Self(RequestBody::with_limits(body, limits)))
    }
}

/// Checks a request's body, for extractors that put a limit around it.
#[cfg(any(feature = "axum-06", feature = "axum-08"))]
pub(crate) fn verified<R>(request: R) -> Result<R::With<VerifyBody<R::Body>>, ContentDigestError>
where
    R: RequestWithBody,
{
    let check = Check::from_request(&request, Need::Required)?;
    Ok(request.map_body(|body| VerifyBody::new(body, check, Verdict::default())))
}
