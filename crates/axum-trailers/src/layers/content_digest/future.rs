use super::{
    ResponseBody,
    buffered::{Buffered, ReadAhead, Source},
    fields::{DigestNegotiation, Digests},
};
use crate::{
    layers::observed::Observer,
    trailers::server::{FailureMark, TrailersWithheld},
};
use bytes::Bytes;
use http::{Response, response::Parts};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// The response future of [`ContentDigest`](super::ContentDigest).
    pub struct ResponseFuture<F, B>
    where
        B: Body,
    {
        #[pin]
        inner: F,
        wanted: DigestNegotiation,
        buffer: Option<usize>,
        held_back: Option<HeldBack<B>>,
    }
}

/// A response that waits for the digest of its content.
struct HeldBack<B: Body> {
    head: Parts,
    digests: Digests,
    body: Buffered<B>,
    is_whole: bool,
}

impl<F, B: Body> ResponseFuture<F, B> {
    pub(super) fn new(inner: F, wanted: DigestNegotiation, buffer: Option<usize>) -> Self {
        Self { inner, wanted, buffer, held_back: None }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.held_back.is_none() {
            let mut response = ready!(this.inner.poll(cx))?;
            match (this.wanted.fields(&response), *this.buffer) {
                (None, _) => return Poll::Ready(Ok(streamed(response, None))),
                (Some(digests), _) if this.wanted.acceptance.is_accepted() => {
                    let (mut head, body) = response.into_parts();
                    digests.note(&mut head.headers, &mut head.extensions);
                    response = Response::from_parts(head, body);
                    digests.declared().write(response.headers_mut());
                    return Poll::Ready(Ok(streamed(response, Some(digests))));
                }
                (Some(_), None) => {
                    response.extensions_mut().insert(TrailersWithheld);
                    return Poll::Ready(Ok(streamed(response, None)));
                }
                (Some(digests), Some(limit)) => {
                    let (head, body) = response.into_parts();
                    let body = Buffered::new(body, limit);
                    *this.held_back = Some(HeldBack { head, digests, body, is_whole: false });
                }
            }
        }
        let held_back = this.held_back.as_mut().expect("it was put there");
        ready!(held_back.poll_head(cx));
        let HeldBack { head, body, .. } = this.held_back.take().expect("it is there");
        let source = Source::HeldBack { buffered: body };
        Poll::Ready(Ok(Response::from_parts(head, ResponseBody::new(source, None))))
    }
}

impl<B: Body<Data = Bytes>> HeldBack<B> {
    /// Waits until the head is final: it contains the digests, or the content is too large or failed.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_whole {
            if ready!(self.body.poll_read_ahead(cx)) == ReadAhead::InPart {
                self.head.extensions.insert(TrailersWithheld);
                return Poll::Ready(());
            }
            self.is_whole = true;
            self.digests.note(&mut self.head.headers, &mut self.head.extensions);
            if !self.digests.has_failed() {
                // The body did not fail, so the server may send its length.
                self.head.extensions.remove::<FailureMark>();
            }
            self.body.chunks().for_each(|chunk| self.digests.data(chunk));
        }
        self.digests.poll_end(cx, &mut self.head.headers)
    }
}

fn streamed<B: Body>(response: Response<B>, digests: Option<Digests>) -> Response<ResponseBody<B>> {
    response.map(|inner| ResponseBody::new(Source::Streamed { inner }, digests))
}
