//! axum 0.8: responses and extractors.

use crate::{
    BoxError,
    body::StreamBody,
    problem::Problem,
    request::{CollectedBody, ContentDigestError, RequestBody, RequestBodyError, Verified, verify::verified},
};
use axum_core_05::{
    RequestExt,
    body::Body,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::TryStream;
use std::convert::Infallible;

impl<S> IntoResponse for StreamBody<S>
where
    S: TryStream + Send + 'static,
    S::Ok: Into<Bytes>,
    S::Error: Into<BoxError>,
{
    fn into_response(self) -> Response {
        self.into_http_response().map(Body::new)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.into_http_response().map(Body::new)
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

impl<S: Send + Sync> FromRequest<S> for RequestBody {
    type Rejection = Infallible;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::new(request))
    }
}

impl<S: Send + Sync> FromRequest<S> for CollectedBody {
    type Rejection = RequestBodyError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, RequestBodyError> {
        RequestBody::new(request.with_limited_body()).collect(usize::MAX).await
    }
}

impl<S: Send + Sync> FromRequest<S> for Verified<RequestBody> {
    type Rejection = ContentDigestError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ContentDigestError> {
        Self::new(request)
    }
}

impl<S: Send + Sync> FromRequest<S> for Verified<CollectedBody> {
    type Rejection = RequestBodyError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, RequestBodyError> {
        let limited = verified(request)?.map(Body::new).with_limited_body();
        Ok(Self(RequestBody::new(limited).collect(usize::MAX).await?))
    }
}
