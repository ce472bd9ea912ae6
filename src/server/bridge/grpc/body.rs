use super::{
    super::head::to_old,
    deadline::Deadline,
    status::{exceeded, mark},
};
use crate::trailers::FailureMark;
use axum::{
    BoxError,
    body::{Bytes, HttpBody},
};
use http::HeaderMap;
use http_body::SizeHint;
use http_body_1::{Body, Frame};
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::time::{Sleep, sleep_until};

pin_project! {
    /// The body of a gRPC response, whose frames become chunks and a trailer section.
    pub(super) struct GrpcBody<B> {
        #[pin]
        inner: B,
        trailers: Option<HeaderMap>,
        failure: FailureMark,
        deadline: Option<Pin<Box<Sleep>>>,
        is_over: bool,
    }
}

impl<B> GrpcBody<B> {
    /// The mark is set where the trailers say that the call failed. Past the deadline they do.
    pub(super) fn new(inner: B, failure: FailureMark, deadline: Option<Deadline>) -> Self {
        let deadline = deadline.map(|deadline| Box::pin(sleep_until(deadline.instant())));
        Self { inner, trailers: None, failure, deadline, is_over: false }
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>>> HttpBody for GrpcBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        let mut this = self.project();
        while !*this.is_over {
            let is_late =
                this.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready());
            let frame = if is_late { None } else { ready!(this.inner.as_mut().poll_frame(cx)) };
            let trailers = match frame.transpose().map(|frame| frame.map(Frame::into_data)) {
                Ok(Some(Ok(data))) => return Poll::Ready(Some(Ok(data))),
                Ok(Some(Err(frame))) => match frame.into_trailers() {
                    Ok(trailers) => to_old(&trailers).map_err(BoxError::from),
                    // It is of a kind that HTTP does not carry yet.
                    Err(_other) => continue,
                },
                Ok(None) if is_late => Ok(exceeded()),
                Ok(None) => Ok(HeaderMap::new()),
                Err(error) => Err(error.into()),
            };
            *this.is_over = true;
            let trailers = trailers?;
            mark(this.failure, &trailers);
            *this.trailers = Some(trailers).filter(|trailers| !trailers.is_empty());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::scripted::{fields, read_by_contract};
    use futures_util::stream;
    use http_body_util::StreamBody;
    use std::io;

    type Step = Poll<Result<Frame<Bytes>, io::Error>>;

    fn data(text: &'static str) -> Step {
        Poll::Ready(Ok(Frame::data(Bytes::from_static(text.as_bytes()))))
    }

    fn trailers(name: &'static str, value: &'static str) -> Step {
        let section = [(http_1::HeaderName::from_static(name), http_1::HeaderValue::from_static(value))];
        Poll::Ready(Ok(Frame::trailers(section.into_iter().collect())))
    }

    fn body(steps: Vec<Step>, failure: &FailureMark) -> GrpcBody<impl Body<Data = Bytes, Error = io::Error>> {
        let mut steps = steps.into_iter();
        let frames = stream::poll_fn(move |cx| match steps.next() {
            None => Poll::Ready(None),
            Some(Poll::Ready(frame)) => Poll::Ready(Some(frame)),
            Some(Poll::Pending) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        });
        GrpcBody::new(StreamBody::new(frames), failure.clone(), None)
    }

    #[test]
    fn frames_become_chunks_and_a_trailer_section_that_says_whether_the_call_failed() {
        for (status, has_failed) in [("0", false), ("14", true)] {
            let failure = FailureMark::default();
            let steps =
                vec![Poll::Pending, data("a"), data("b"), Poll::Pending, trailers("grpc-status", status)];
            let read = read_by_contract(body(steps, &failure));
            assert_eq!((&*read.content, read.trailers), ("ab", Some(fields(&[("grpc-status", status)]))));
            assert_eq!(failure.is_set(), has_failed);
        }
        let read = read_by_contract(body(vec![data("a")], &FailureMark::default()));
        assert_eq!((&*read.content, read.trailers), ("a", None));
    }

    #[test]
    fn failure_is_passed_on() {
        let steps = vec![data("a"), Poll::Ready(Err(io::Error::other("lost")))];
        let read = read_by_contract(body(steps, &FailureMark::default()));
        assert_eq!(
            (&*read.content, read.error.map(|error| error.to_string())),
            ("a", Some("lost".to_owned()))
        );
    }
}
