//! axum 0.6: responses and extractors.

use crate::{
    BoxError,
    body::StreamBody,
    compat::Response as _,
    digest::Digest,
    problem::Problem,
    request::{CollectedBody, ContentDigestError, RequestBody, RequestBodyError, Verified, verify::verified},
};
use async_trait::async_trait;
use axum_core_03::{
    RequestExt,
    body::boxed,
    extract::FromRequest,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::TryStream;
use http_02::{HeaderValue, Request};
use http_body_04::{Body, Full};
use std::convert::Infallible;

impl<S> IntoResponse for StreamBody<S>
where
    S: TryStream + Send + 'static,
    S::Ok: Into<Bytes>,
    S::Error: Into<BoxError>,
{
    fn into_response(self) -> Response {
        let mut response = http_02::Response::new(());
        self.announce(&mut response);
        response.map(|()| boxed(self))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (head, document) = self.into_parts::<Response>();
        <Response>::join(head, boxed(Full::from(document)))
    }
}

impl IntoResponse for RequestBodyError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

impl IntoResponse for ContentDigestError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

#[async_trait]
impl<S, B> FromRequest<S, B> for RequestBody
where
    S: Send + Sync,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Rejection = Infallible;

    async fn from_request(request: Request<B>, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::new(request))
    }
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

#[async_trait]
impl<S, B> FromRequest<S, B> for Verified<RequestBody>
where
    S: Send + Sync,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Rejection = ContentDigestError;

    async fn from_request(request: Request<B>, _state: &S) -> Result<Self, ContentDigestError> {
        Self::new(request)
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
        Ok(Self(limited(verified(request)?).collect(usize::MAX).await?))
    }
}

/// A request's body, limited to axum's `DefaultBodyLimit`.
fn limited<B>(request: Request<B>) -> RequestBody
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    match request.with_limited_body() {
        Ok(limited) => RequestBody::new(limited),
        Err(unlimited) => RequestBody::new(unlimited),
    }
}

impl From<&Digest> for HeaderValue {
    fn from(digest: &Digest) -> Self {
        Self::try_from(digest.to_string()).expect("a digest is ASCII text")
    }
}
