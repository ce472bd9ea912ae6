//! The names that the tests use, for `http` 1, `http-body` 1 and axum 0.8.

pub(super) use crate::compat::Http1 as Split;
pub(super) use ::axum::{
    Router,
    body::Body as AnyBody,
    extract::{DefaultBodyLimit, FromRequest},
    response::{IntoResponse, Response},
    routing::{get, put},
};
pub(super) use axum_trailers_testing::{fields, read_by_contract, request_with_te};
pub(super) use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response as HttpResponse, StatusCode, Version,
    header, request::Builder,
};
pub(super) use http_body::Body as HttpBody;
pub(super) use http_body_util::Limited;
pub(super) use tower_http::compression::CompressionLayer;

use crate::{compat::SplitBody, digest::Digest, trailers::Trailers};
use bytes::Bytes;
use http_body_util::BodyExt;
use std::{
    fmt::Display,
    pin::Pin,
    task::{Context, Poll},
};

/// Whether layers hide the length over HTTP/2. For `http` 0.2 axum-trailers-server does it.
pub(super) const HIDES_LENGTH_OVER_HTTP2: bool = true;

/// Any body as axum passes it on.
pub(super) fn boxed<B>(body: B) -> AnyBody
where
    B: HttpBody<Data = Bytes, Error: Into<crate::BoxError>> + Send + 'static,
{
    AnyBody::new(body)
}

/// What an extractor of axum makes of a request.
pub(super) async fn extract<T: FromRequest<()>>(request: Request<AnyBody>) -> Result<T, T::Rejection> {
    T::from_request(request, &()).await
}

/// The value of a digest field.
pub(super) fn digest_value(digest: &Digest) -> HeaderValue {
    digest.to_field_value()
}

/// The fields of a trailer section.
pub(super) fn into_section(trailers: Trailers) -> HeaderMap {
    trailers.into_map()
}

/// The next chunk of a body that has one.
pub(super) async fn next_chunk<B>(body: &mut B) -> Result<Bytes, B::Error>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let frame = body.frame().await.expect("a frame")?;
    Ok(frame.into_data().unwrap_or_else(|_| panic!("the data has ended")))
}

/// All that a body returns.
pub(super) async fn read_all<B>(mut body: B) -> (Vec<Result<Bytes, String>>, Option<HeaderMap>)
where
    B: HttpBody<Data = Bytes, Error: Display> + Unpin,
{
    let (mut chunks, mut trailers) = (Vec::new(), None);
    while let Some(frame) = body.frame().await {
        match frame.map(http_body::Frame::into_data) {
            Ok(Ok(chunk)) => chunks.push(Ok(chunk)),
            Ok(Err(other)) => trailers = other.into_trailers().ok(),
            Err(error) => chunks.push(Err(error.to_string())),
        }
    }
    (chunks, trailers)
}

/// Polls the data of a body. Only the bodies of this crate separate it from the trailers in `http-body` 1.
pub(super) fn poll_data<B: SplitBody>(
    body: Pin<&mut B>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Bytes, B::Error>>> {
    body.poll_data(cx)
}

/// Polls the trailers of a body.
pub(super) fn poll_trailers<B: SplitBody>(
    body: Pin<&mut B>,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<HeaderMap>, B::Error>> {
    body.poll_trailers(cx)
}
