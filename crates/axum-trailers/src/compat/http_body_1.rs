use super::{SplitBody, sealed::Sealed};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// A body of `http-body` 1.
    #[derive(Debug)]
    pub struct Http1<B> {
        #[pin]
        inner: B,
        // The trailers that have ended the data.
        trailers: Option<HeaderMap>,
    }
}

impl<B> Http1<B> {
    /// For a server.
    #[doc(hidden)]
    pub fn new(inner: B) -> Self {
        Self { inner, trailers: None }
    }
}

impl<B> Sealed for Http1<B> {}

impl<B: Body<Data = Bytes>> SplitBody for Http1<B> {
    type Error = B::Error;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        let mut this = self.project();
        if this.trailers.is_some() {
            return Poll::Ready(None);
        }
        loop {
            let frame = match ready!(this.inner.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            match frame.into_data().map_err(Frame::into_trailers) {
                Ok(chunk) => return Poll::Ready(Some(Ok(chunk))),
                Err(Ok(trailers)) => {
                    *this.trailers = Some(trailers);
                    return Poll::Ready(None);
                }
                // A kind of frame that later versions may add.
                Err(Err(_other)) => {}
            }
        }
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, B::Error>> {
        Poll::Ready(Ok(self.project().trailers.take()))
    }

    fn is_end_stream(&self) -> bool {
        self.trailers.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.trailers.is_some() { SizeHint::with_exact(0) } else { self.inner.size_hint() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{body::Fuse, compat::implement_body};
    use axum_trailers_testing::{
        ScriptedBody,
        Step::{self, Data, Error as Fail, Pending, Trailers},
        fields, read_by_contract,
    };
    use std::{pin::pin, task::Waker};

    implement_body!({B: Body<Data = Bytes>} Http1<B>);

    fn split<const N: usize>(steps: [Step; N]) -> Http1<ScriptedBody> {
        Http1::new(ScriptedBody::new(steps).sized())
    }

    #[test]
    fn frames_become_data_and_then_trailers() {
        let read = read_by_contract(split([Pending, Data("a"), Data("b"), Pending, Trailers(&[("x", "1")])]));
        assert_eq!((&*read.content, read.pending), ("ab", 2));
        assert_eq!(read.trailers, Some(fields(&[("x", "1")])));

        let read = read_by_contract(Fuse::new(split([Data("a"), Fail])));
        assert_eq!((&*read.content, read.trailers, read.error.is_some()), ("a", None, true));
    }

    #[test]
    fn trailers_need_no_data_and_data_no_trailers() {
        let read = read_by_contract(split([Trailers(&[("x", "1")])]));
        assert_eq!((&*read.content, read.trailers), ("", Some(fields(&[("x", "1")]))));
        let read = read_by_contract(split([Data("a")]));
        assert_eq!((&*read.content, read.trailers), ("a", None));
        assert_eq!(read_by_contract(split([])).trailers, None);
    }

    #[test]
    fn held_trailers_are_the_end_of_the_data_but_not_of_the_body() {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut body = pin!(split([Data("a"), Trailers(&[("x", "1")])]));
        assert_eq!(SplitBody::size_hint(&*body).exact(), Some(1));
        assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(Some(Ok(data))) if data == "a"));
        for _ in 0..2 {
            assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(None)));
            assert!(!SplitBody::is_end_stream(&*body));
            assert_eq!(SplitBody::size_hint(&*body).exact(), Some(0));
        }
        let trailers = body.as_mut().poll_trailers(cx);
        assert!(matches!(trailers, Poll::Ready(Ok(Some(trailers))) if trailers == fields(&[("x", "1")])));
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(None))));
        assert!(SplitBody::is_end_stream(&*body));
    }

    /// A body that breaks the contract of `http-body`.
    #[test]
    fn data_after_trailers_is_not_returned() {
        let cx = &mut Context::from_waker(Waker::noop());
        let late = || Http1::new(ScriptedBody::new([Trailers(&[("x", "1")]), Data("late")]));
        let mut body = pin!(late());
        for _ in 0..2 {
            assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(None)));
        }
        // Every body of this crate has a `Fuse` around it, which remembers that the data has ended.
        let mut body = pin!(Fuse::new(late()));
        assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(None)));
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(Some(_)))));
        assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(None)));
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(None))));
    }
}
