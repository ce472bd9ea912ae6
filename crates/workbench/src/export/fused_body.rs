use axum::body::{Bytes, HttpBody};
use http::HeaderMap;
use http_body::SizeHint;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// A body that ends after an error: the inner body is not polled again.
    pub(super) struct FusedBody<B> {
        #[pin]
        inner: B,
        has_failed: bool,
    }
}

impl<B> FusedBody<B> {
    pub(super) fn new(inner: B) -> Self {
        Self { inner, has_failed: false }
    }
}

impl<B: HttpBody<Data = Bytes>> HttpBody for FusedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        if *this.has_failed {
            return Poll::Ready(None);
        }
        let chunk = ready!(this.inner.poll_data(cx));
        *this.has_failed = matches!(chunk, Some(Err(_)));
        Poll::Ready(chunk)
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, B::Error>> {
        if self.has_failed { Poll::Ready(Ok(None)) } else { self.project().inner.poll_trailers(cx) }
    }

    fn is_end_stream(&self) -> bool {
        self.has_failed || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
