use super::{
    ResponseBody,
    buffered::{Buffered, ReadAhead, Source},
    fields::{DigestNegotiation, Digests},
};
use crate::{
    compat::{Response, ResponseHead},
    layers::{
        hidden_length::LengthPlan,
        observed::{Observed, Observer},
    },
    trailers::server::{FailureMark, TrailersWithheld},
};
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// The response future of [`ContentDigest`](super::ContentDigest), whose inner service returns the response `R`.
    pub struct ResponseFuture<F, R>
    where
        R: Response,
    {
        #[pin]
        inner: F,
        wanted: DigestNegotiation,
        buffer: Option<usize>,
        held_back: Option<HeldBack<R>>,
    }
}

/// A response that waits for the digest of its content.
struct HeldBack<R: Response> {
    head: R::Head,
    digests: Digests,
    body: Buffered<R::Body>,
    is_whole: bool,
}

impl<F, R: Response> ResponseFuture<F, R> {
    pub(super) fn new(inner: F, wanted: DigestNegotiation, buffer: Option<usize>) -> Self {
        Self { inner, wanted, buffer, held_back: None }
    }
}

impl<F, R, E> Future for ResponseFuture<F, R>
where
    F: Future<Output = Result<R, E>>,
    R: Response,
{
    type Output = Result<R::With<ResponseBody<R::Body>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.held_back.is_none() {
            let response = ready!(this.inner.poll(cx))?;
            let digests = this.wanted.fields(&response);
            let (mut head, body) = response.split();
            let framing = this.wanted.framing;
            match (digests, *this.buffer) {
                (None, _) => return Poll::Ready(Ok(streamed::<R>(head, body, None, LengthPlan::Kept))),
                (Some(digests), _) if framing.is_accepted() => {
                    digests.note(&mut head);
                    let length = framing.announce(&digests.declared(), &mut head, &body);
                    return Poll::Ready(Ok(streamed::<R>(head, body, Some(digests), length)));
                }
                (Some(_), None) => {
                    head.insert_extension(TrailersWithheld);
                    return Poll::Ready(Ok(streamed::<R>(head, body, None, LengthPlan::Kept)));
                }
                (Some(digests), Some(limit)) => {
                    let body = Buffered::new(body, limit);
                    *this.held_back = Some(HeldBack { head, digests, body, is_whole: false });
                }
            }
        }
        let held_back = this.held_back.as_mut().expect("it was put there");
        ready!(held_back.poll_head(cx));
        let HeldBack { head, body, .. } = this.held_back.take().expect("it is there");
        let body = Observed::new(Source::HeldBack { buffered: body }, None);
        Poll::Ready(Ok(R::join(head, ResponseBody::new(body))))
    }
}

impl<R: Response> HeldBack<R> {
    /// Waits until the head is final: it contains the digests, or the content is too large or failed.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_whole {
            if ready!(self.body.poll_read_ahead(cx)) == ReadAhead::InPart {
                self.head.insert_extension(TrailersWithheld);
                return Poll::Ready(());
            }
            self.is_whole = true;
            self.digests.note(&mut self.head);
            if !self.digests.has_failed() {
                // The body did not fail, so the server may send its length.
                self.head.remove_extension::<FailureMark>();
            }
            self.body.chunks().for_each(|chunk| self.digests.data(chunk));
        }
        self.digests.poll_add(cx, self.head.fields_mut())
    }
}

fn streamed<R: Response>(
    head: R::Head,
    inner: R::Body,
    digests: Option<Digests>,
    length: LengthPlan,
) -> R::With<ResponseBody<R::Body>> {
    let body = Observed::new(Source::Streamed { inner }, digests).with_length(length);
    R::join(head, ResponseBody::new(body))
}
