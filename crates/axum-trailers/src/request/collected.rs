use crate::trailers::Trailers;
use bytes::Bytes;

/// A request's whole body: its data and its trailers.
///
/// As an extractor, in axum 0.8 and 0.6, it is limited by axum's `DefaultBodyLimit`, 2 MB by default.
/// [`RequestBody::collect`](super::RequestBody::collect) takes its own limit.
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
