use super::{Http1, SplitBody, sealed::Sealed};
use crate::BoxError;
use bytes::Bytes;
use http::HeaderMap;
use http_body::SizeHint;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Any body, in a box.
pub struct AnyBody(Pin<Box<dyn SplitBody<Error = BoxError> + Send>>);

impl AnyBody {
    /// Erases the type of a body of `http-body` 1.
    pub fn of_http_1<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        Self::new(Http1::new(body))
    }

    pub(crate) fn new<B>(inner: B) -> Self
    where
        B: SplitBody<Error: Into<BoxError>> + Send + 'static,
    {
        Self(Box::pin(WithBoxError { inner }))
    }
}

impl Sealed for AnyBody {}

impl SplitBody for AnyBody {
    type Error = BoxError;

    fn poll_data(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        self.0.as_mut().poll_data(cx)
    }

    fn poll_trailers(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, BoxError>> {
        self.0.as_mut().poll_trailers(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

pin_project! {
    struct WithBoxError<B> {
        #[pin]
        inner: B,
    }
}

impl<B> Sealed for WithBoxError<B> {}

impl<B: SplitBody<Error: Into<BoxError>>> SplitBody for WithBoxError<B> {
    type Error = BoxError;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        let chunk = ready!(self.project().inner.poll_data(cx));
        Poll::Ready(chunk.map(|chunk| chunk.map_err(Into::into)))
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, BoxError>> {
        self.project().inner.poll_trailers(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
