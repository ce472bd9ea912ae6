use super::registry::Export;
use axum::body::{Bytes, HttpBody};
use http::HeaderMap;
use http_body::SizeHint;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

pin_project! {
    /// The body of an export. An export has ended once its client has taken its end or gone away, which the body alone
    /// sees.
    pub(super) struct Watched<B> {
        #[pin]
        inner: B,
        export: Arc<Export>,
    }

    impl<B> PinnedDrop for Watched<B> {
        fn drop(this: Pin<&mut Self>) {
            this.export.dropped();
        }
    }
}

impl<B> Watched<B> {
    pub(super) fn new(inner: B, export: Arc<Export>) -> Self {
        Self { inner, export }
    }
}

impl<B: HttpBody<Data = Bytes>> HttpBody for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        let chunk = ready!(this.inner.poll_data(cx));
        if !matches!(chunk, Some(Ok(_))) {
            this.export.taken();
        }
        Poll::Ready(chunk)
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, B::Error>> {
        self.project().inner.poll_trailers(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
