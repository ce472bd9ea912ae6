use super::Pending;
use crate::files::download::content::Content;
use axum::{
    body::{Bytes, HttpBody, boxed},
    response::Response,
};
use axum_trailers::{
    compat::Fields,
    digest::{Digest, REPR_DIGEST},
    trailers::Declared,
};
use http_02::HeaderMap;
use http_body_04::SizeHint;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Content, followed by the digest of the whole file.
struct WithReprDigest {
    content: Content,
    digest: Option<Pin<Box<dyn Future<Output = Option<Digest>> + Send>>>,
}

impl Pending {
    /// Announces the digest, and sends it after the content.
    pub(crate) fn behind(self, mut response: Response<Content>) -> Response {
        let declared = Declared::new([REPR_DIGEST]).expect("a digest may be a trailer (RFC 9530 §3)");
        declared.write(response.headers_mut());
        let digest = Some(Box::pin(self.digest()) as _);
        response.map(|content| boxed(WithReprDigest { content, digest }))
    }
}

impl HttpBody for WithReprDigest {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_data(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let data = ready!(Pin::new(&mut self.content).poll_data(cx));
        if matches!(data, Some(Err(_))) {
            self.digest = None;
        }
        Poll::Ready(data)
    }

    fn poll_trailers(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Option<HeaderMap>>> {
        let Some(digest) = &mut self.digest else { return Poll::Ready(Ok(None)) };
        let digest = ready!(digest.as_mut().poll(cx));
        self.digest = None;
        let mut trailers = HeaderMap::new();
        if let Some(digest) = digest {
            trailers.set(&REPR_DIGEST, &digest.to_field_value()).map_err(io::Error::other)?;
        }
        Poll::Ready(Ok(Some(trailers).filter(|trailers| !trailers.is_empty())))
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_end_stream() && self.digest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.content.size_hint()
    }
}
