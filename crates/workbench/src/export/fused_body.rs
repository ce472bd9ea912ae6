use axum::body::{Bytes, HttpBody};
use http_02::HeaderMap;
use http_body_04::SizeHint;
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
        let this = self.project();
        if *this.has_failed {
            return Poll::Ready(Ok(None));
        }
        let trailers = ready!(this.inner.poll_trailers(cx));
        *this.has_failed = trailers.is_err();
        Poll::Ready(trailers)
    }

    fn is_end_stream(&self) -> bool {
        self.has_failed || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_trailers_testing::{
        ScriptedBody,
        Step::{Data, End, Error},
    };
    use std::{pin::pin, task::Waker};

    /// A scripted body panics if it is polled after its error.
    #[test]
    fn error_is_the_last_thing_whether_among_the_data_or_instead_of_the_trailers() {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut body = pin!(FusedBody::new(ScriptedBody::new([Data("a"), Error])));
        assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(Some(Ok(_)))));
        assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(Some(Err(_)))));
        assert!(body.is_end_stream());
        assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(None)));
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(None))));

        let mut body = pin!(FusedBody::new(ScriptedBody::new([End, Error])));
        assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(None)));
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Err(_))));
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(None))));
    }
}
