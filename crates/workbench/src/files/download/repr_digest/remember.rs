use super::{Identity, ReprDigests};
use axum::{
    body::{Bytes, HttpBody},
    response::{IntoResponse, Response},
};
use axum_trailers::digest::{CONTENT_DIGEST, DigestField};
use http_02::HeaderMap;
use http_body_04::SizeHint;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// An extension of responses whose content is a whole file.
#[derive(Clone)]
pub(crate) struct Remember {
    pub(super) digests: ReprDigests,
    pub(super) file: Identity,
}

/// Stores the digest at the end of a response that sends a whole file: it is also the file's digest.
pub(crate) async fn remember(mut response: Response) -> Response {
    match response.extensions_mut().remove::<Remember>() {
        Some(remember) => response.map(|inner| Remembered { inner, remember }).into_response(),
        None => response,
    }
}

pin_project! {
    struct Remembered<B> {
        #[pin]
        inner: B,
        remember: Remember,
    }
}

impl<B: HttpBody<Data = Bytes>> HttpBody for Remembered<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        self.project().inner.poll_data(cx)
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, B::Error>> {
        let this = self.project();
        let trailers = ready!(this.inner.poll_trailers(cx));
        if let Ok(Some(section)) = &trailers
            && let Ok(Some(field)) = DigestField::read(section, &CONTENT_DIGEST)
        {
            field.known.into_iter().for_each(|digest| this.remember.digests.keep(this.remember.file, digest));
        }
        Poll::Ready(trailers)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
