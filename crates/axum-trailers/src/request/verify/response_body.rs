use crate::{
    body::Fuse,
    compat::{SplitBody, implement_body, sealed::Sealed},
};
use bytes::Bytes;
use http::HeaderMap;
use http_body::SizeHint;
use pin_project_lite::pin_project;
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

pin_project! {
    /// The response body of [`VerifyContentDigest`](super::VerifyContentDigest): the handler's, or a problem document.
    pub struct ResponseBody<B> {
        #[pin]
        source: Source<B>,
    }
}

pin_project! {
    #[project = SourceProj]
    enum Source<B> {
        Handler { #[pin] body: Fuse<B> },
        Refusal { document: Option<Bytes> },
    }
}

impl<B> ResponseBody<B> {
    pub(super) fn of_handler(body: B) -> Self {
        Self { source: Source::Handler { body: Fuse::new(body) } }
    }

    pub(super) fn of_refusal(document: Bytes) -> Self {
        Self { source: Source::Refusal { document: Some(document) } }
    }
}

impl<B> Sealed for ResponseBody<B> {}

impl<B: SplitBody> SplitBody for ResponseBody<B> {
    type Error = B::Error;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        match self.project().source.project() {
            SourceProj::Handler { body } => body.poll_data(cx),
            SourceProj::Refusal { document } => Poll::Ready(document.take().map(Ok)),
        }
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, B::Error>> {
        match self.project().source.project() {
            SourceProj::Handler { body } => body.poll_trailers(cx),
            SourceProj::Refusal { .. } => Poll::Ready(Ok(None)),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Handler { body } => body.is_end_stream(),
            Source::Refusal { document } => document.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Handler { body } => body.size_hint(),
            Source::Refusal { document } => {
                SizeHint::with_exact(document.as_ref().map_or(0, |document| document.len() as u64))
            }
        }
    }
}

implement_body!({B: SplitBody} ResponseBody<B>);

impl<B> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}
