use super::{
    ResponseBody,
    buffered::{Buffered, ReadAhead, Source},
    fields::{Hashing, Wanted},
};
use crate::{
    layers::observed::{Observed, Observer},
    trailers::{FailureMark, TrailersWithheld},
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
        wanted: Wanted,
        buffer: Option<usize>,
        held_back: Option<HeldBack<B>>,
    }
}

/// A response that waits for the digest of its content.
struct HeldBack<B: Body> {
    head: Parts,
    hashing: Hashing,
    body: Buffered<B>,
}

impl<F, B: Body> ResponseFuture<F, B> {
    pub(super) fn new(inner: F, wanted: Wanted, buffer: Option<usize>) -> Self {
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
                (Some(hashing), _) if this.wanted.acceptance.is_accepted() => {
                    hashing.declared().write(response.headers_mut());
                    return Poll::Ready(Ok(streamed(response, Some(hashing))));
                }
                (Some(_), None) => {
                    response.extensions_mut().insert(TrailersWithheld);
                    return Poll::Ready(Ok(streamed(response, None)));
                }
                (Some(hashing), Some(limit)) => {
                    let (head, body) = response.into_parts();
                    *this.held_back = Some(HeldBack { head, hashing, body: Buffered::new(body, limit) });
                }
            }
        }
        let held_back = this.held_back.as_mut().expect("it was put there");
        let came = ready!(held_back.body.poll_read_ahead(cx));
        let held_back = this.held_back.take().expect("it is there");
        Poll::Ready(Ok(held_back.released(came)))
    }
}

impl<B: Body<Data = Bytes>> HeldBack<B> {
    fn released(self, came: ReadAhead) -> Response<ResponseBody<B>> {
        let Self { mut head, mut hashing, body } = self;
        if came == ReadAhead::Whole {
            if !hashing.has_failed() {
                // It has ended well, and the server may tell its length.
                head.extensions.remove::<FailureMark>();
            }
            body.chunks().for_each(|chunk| hashing.data(chunk));
            hashing.end(&mut head.headers);
        } else {
            head.extensions.insert(TrailersWithheld);
        }
        Response::from_parts(head, Observed::new(Source::HeldBack { buffered: body }, None))
    }
}

fn streamed<B: Body>(response: Response<B>, hashing: Option<Hashing>) -> Response<ResponseBody<B>> {
    response.map(|inner| Observed::new(Source::Streamed { inner }, hashing))
}
