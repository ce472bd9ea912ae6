use super::{super::head::to_old, response::mark};
use crate::trailers::FailureMark;
use axum::{
    BoxError,
    body::{Bytes, HttpBody},
};
use http::HeaderMap;
use http_body::SizeHint;
use http_body_1::Body;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// The body of a gRPC response, whose frames become chunks and a trailer section.
    pub(super) struct GrpcBody<B> {
        #[pin]
        inner: B,
        trailers: Option<HeaderMap>,
        failure: FailureMark,
        is_over: bool,
    }
}

impl<B> GrpcBody<B> {
    /// The mark is set where the trailers say that the call failed.
    pub(super) fn new(inner: B, failure: FailureMark) -> Self {
        Self { inner, trailers: None, failure, is_over: false }
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>>> HttpBody for GrpcBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        let mut this = self.project();
        while !*this.is_over {
            match ready!(this.inner.as_mut().poll_frame(cx)) {
                None => *this.is_over = true,
                Some(Err(error)) => {
                    *this.is_over = true;
                    return Poll::Ready(Some(Err(error.into())));
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => return Poll::Ready(Some(Ok(data))),
                    Err(frame) => {
                        // A frame that is neither is of a kind that HTTP does not carry yet.
                        let Ok(trailers) = frame.into_trailers() else { continue };
                        *this.is_over = true;
                        let trailers = match to_old(&trailers) {
                            Ok(trailers) => trailers,
                            Err(error) => return Poll::Ready(Some(Err(error.into()))),
                        };
                        mark(this.failure, &trailers);
                        *this.trailers = Some(trailers);
                    }
                },
            }
        }
        Poll::Ready(None)
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, BoxError>> {
        Poll::Ready(Ok(self.project().trailers.take()))
    }

    fn is_end_stream(&self) -> bool {
        self.trailers.is_none() && (self.is_over || self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let inner = self.inner.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower());
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper);
        }
        hint
    }
}
