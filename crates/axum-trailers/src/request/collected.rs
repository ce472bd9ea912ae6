use super::{RequestBody, RequestBodyError};
use crate::trailers::Trailers;
use async_trait::async_trait;
use axum_core::{BoxError, RequestExt, extract::FromRequest};
use bytes::Bytes;
use http::Request;
use http_body::Body;

/// A request's whole body: its data and its trailers.
///
/// As an extractor it is limited by axum's [`DefaultBodyLimit`](axum_core::extract::DefaultBodyLimit), 2 MB by default.
/// [`RequestBody::collect`] takes its own limit.
///
/// ```
/// use axum::{Router, extract::DefaultBodyLimit, routing::post};
/// use axum_trailers::request::CollectedBody;
///
/// async fn rows(body: CollectedBody) -> String {
///     let announced = body.trailers.as_map().get("x-row-count").cloned();
///     format!("{} bytes, {announced:?} rows\n", body.content.len())
/// }
///
/// let app: Router = Router::new().route("/rows", post(rows)).layer(DefaultBodyLimit::max(64 * 1024));
/// # let _ = app;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectedBody {
    /// The data.
    pub content: Bytes,
    /// The trailers, without forbidden fields.
    pub trailers: Trailers,
}

#[async_trait]
impl<S, B> FromRequest<S, B> for CollectedBody
where
    S: Send + Sync,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Rejection = RequestBodyError;

    async fn from_request(request: Request<B>, _state: &S) -> Result<Self, RequestBodyError> {
        limited(request).collect(usize::MAX).await
    }
}

/// A request's body, limited to axum's `DefaultBodyLimit`.
pub(super) fn limited<B>(request: Request<B>) -> RequestBody
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    match request.with_limited_body() {
        Ok(limited) => {
            let (head, body) = limited.into_parts();
            RequestBody::new(body, &head.extensions)
        }
        Err(unlimited) => {
            let (head, body) = unlimited.into_parts();
            RequestBody::new(body, &head.extensions)
        }
    }
}
