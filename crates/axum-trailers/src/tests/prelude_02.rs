//! The names that the tests use, for `http` 0.2, `http-body` 0.4 and axum 0.6.

pub(super) use crate::compat::Http02 as Split;
pub(super) use ::axum_06::{
    body::BoxBody as AnyBody,
    extract::{DefaultBodyLimit, FromRequest},
    response::{IntoResponse, Response},
    routing::{get, put},
};
pub(super) use axum_trailers_testing::http_02::{fields, read_by_contract, request_with_te};
pub(super) use http_02::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response as HttpResponse, StatusCode, Version,
    header, request::Builder,
};
pub(super) use http_body_04::{Body as HttpBody, Limited};
pub(super) use tower_http_04::compression::CompressionLayer;

use crate::{digest::Digest, trailers::Trailers};
use bytes::Bytes;
use std::{
    fmt::Display,
    pin::Pin,
    task::{Context, Poll},
};

/// A router for requests with any body.
pub(super) type Router<B = AnyBody> = ::axum_06::Router<(), B>;

/// Whether layers hide the length over HTTP/2. For `http` 0.2 axum-trailers-server does it.
pub(super) const HIDES_LENGTH_OVER_HTTP2: bool = false;

/// Any body as axum passes it on.
pub(super) fn boxed<B>(body: B) -> AnyBody
where
    B: HttpBody<Data = Bytes, Error: Into<crate::BoxError>> + Send + 'static,
{
    ::axum_06::body::boxed(body)
}

/// What an extractor of axum makes of a request.
pub(super) async fn extract<T: FromRequest<(), AnyBody>>(
    request: Request<AnyBody>,
) -> Result<T, T::Rejection> {
    T::from_request(request, &()).await
}

/// The value of a digest field.
pub(super) fn digest_value(digest: &Digest) -> HeaderValue {
    HeaderValue::from(digest)
}

/// The fields of a trailer section.
pub(super) fn into_section(trailers: Trailers) -> HeaderMap {
    HeaderMap::try_from(trailers).expect("checked names are tokens")
}

/// The next chunk of a body that has one.
pub(super) async fn next_chunk<B>(body: &mut B) -> Result<Bytes, B::Error>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    body.data().await.expect("a chunk")
}

/// All that a body returns.
pub(super) async fn read_all<B>(mut body: B) -> (Vec<Result<Bytes, String>>, Option<HeaderMap>)
where
    B: HttpBody<Data = Bytes, Error: Display> + Unpin,
{
    let mut chunks = Vec::new();
    while let Some(chunk) = body.data().await {
        chunks.push(chunk.map_err(|error| error.to_string()));
    }
    match body.trailers().await {
        Ok(trailers) => (chunks, trailers),
        Err(error) => {
            chunks.push(Err(error.to_string()));
            (chunks, None)
        }
    }
}

/// Polls the data of a body.
pub(super) fn poll_data<B: HttpBody>(
    body: Pin<&mut B>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<B::Data, B::Error>>> {
    body.poll_data(cx)
}

/// Polls the trailers of a body.
pub(super) fn poll_trailers<B: HttpBody>(
    body: Pin<&mut B>,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<HeaderMap>, B::Error>> {
    body.poll_trailers(cx)
}
