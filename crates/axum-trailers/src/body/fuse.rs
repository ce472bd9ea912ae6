use crate::compat::{SplitBody, sealed::Sealed};
use bytes::Bytes;
use http::HeaderMap;
use http_body::SizeHint;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// A body that may be polled past its end: nothing follows an error, and after the end it returns the end again
    /// without polling the inner body.
    #[derive(Debug)]
    pub(crate) struct Fuse<B> {
        #[pin]
        inner: B,
        phase: Phase,
    }
}

/// What the body returns next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Data,
    /// The data has ended without an error.
    Trailers,
    /// Nothing: the trailers or an error was returned.
    Ended,
}

impl<B> Fuse<B> {
    pub(crate) fn new(inner: B) -> Self {
        Self { inner, phase: Phase::Data }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// Ends the body: it is not polled again.
    pub(crate) fn end(self: Pin<&mut Self>) {
        *self.project().phase = Phase::Ended;
    }
}

impl<B> Sealed for Fuse<B> {}

impl<B: SplitBody> SplitBody for Fuse<B> {
    type Error = B::Error;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        if *this.phase != Phase::Data {
            return Poll::Ready(None);
        }
        let chunk = ready!(this.inner.poll_data(cx));
        match chunk {
            Some(Ok(_)) => {}
            Some(Err(_)) => *this.phase = Phase::Ended,
            None => *this.phase = Phase::Trailers,
        }
        Poll::Ready(chunk)
    }

    /// Before the end of the data, the result is that of the inner body.
    fn poll_trailers(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, B::Error>> {
        let this = self.project();
        if *this.phase == Phase::Ended {
            return Poll::Ready(Ok(None));
        }
        let trailers = ready!(this.inner.poll_trailers(cx));
        if *this.phase == Phase::Trailers || trailers.is_err() {
            *this.phase = Phase::Ended;
        }
        Poll::Ready(trailers)
    }

    fn is_end_stream(&self) -> bool {
        self.phase == Phase::Ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compat::{Http1, implement_body},
        tests::FailingTrailers,
    };
    use axum_trailers_testing::{
        ScriptedBody,
        Step::{Data, End, Error as Fail, Pending, Trailers},
        fields, read_by_contract,
    };
    use http_body_util::Full;
    use std::{io, pin::pin, task::Waker};

    implement_body!({B: SplitBody} Fuse<B>);

    #[test]
    fn fuse_returns_what_the_inner_body_returns() {
        let steps = [Pending, Data("a"), Data(""), Data("b"), End, Pending, Trailers(&[("x-below", "1")])];
        let fused = Fuse::new(Http1::new(ScriptedBody::new(steps).sized()));
        assert_eq!(fused.size_hint().exact(), Some(2));
        let read = read_by_contract(fused);
        assert_eq!((&*read.content, read.pending), ("ab", 2));
        assert_eq!(read.trailers, Some(fields(&[("x-below", "1")])));
    }

    /// A scripted body panics if it is polled after its error.
    #[test]
    fn body_that_failed_is_not_polled_again() {
        let failing_data = Http1::new(ScriptedBody::new([Data("a"), Fail]));
        let failing_trailers = FailingTrailers::after("a");
        for read in [read_by_contract(Fuse::new(failing_data)), read_by_contract(Fuse::new(failing_trailers))]
        {
            assert_eq!((&*read.content, read.error.is_some()), ("a", true));
        }
        let cx = &mut Context::from_waker(Waker::noop());
        let mut early = pin!(Fuse::new(FailingTrailers::after("never")));
        assert!(matches!(early.as_mut().poll_trailers(cx), Poll::Ready(Err(_))));
        assert_eq!(early.phase(), Phase::Ended);
        assert!(matches!(early.as_mut().poll_data(cx), Poll::Ready(None)));
    }

    #[test]
    fn trailers_polled_early_do_not_end_the_body() {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut body = pin!(Fuse::new(Http1::new(Full::new(Bytes::from("abc")))));
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(None))));
        assert_eq!(body.phase(), Phase::Data);
        assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(Some(Ok(_)))));
        assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(None)));
        assert_eq!(body.phase(), Phase::Trailers);
    }

    #[test]
    fn trailers_come_once() {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut body = pin!(Fuse::new(Repeating));
        assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(None)));
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(Some(_)))));
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(None))));
        assert!(body.is_end_stream());
    }

    struct Repeating;

    impl Sealed for Repeating {}

    impl SplitBody for Repeating {
        type Error = io::Error;

        fn poll_data(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
            Poll::Ready(None)
        }

        fn poll_trailers(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<Option<HeaderMap>>> {
            Poll::Ready(Ok(Some(HeaderMap::new())))
        }

        fn is_end_stream(&self) -> bool {
            false
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::default()
        }
    }
}
