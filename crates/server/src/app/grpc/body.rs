use super::{deadline::Deadline, status::deadline_exceeded};
use axum_trailers::BoxError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};
use tokio::task::AbortHandle;
use tracing::Instrument;

/// The body of a gRPC response, which ends by the call's deadline.
pub(super) struct GrpcBody<B> {
    call: Arc<Call<B>>,
    is_over: bool,
    deadline: Option<AbortHandle>,
}

/// The body of a service's response, shared with its deadline.
struct Call<B>(Mutex<State<B>>);

struct State<B> {
    /// `None` after the deadline.
    body: Option<Pin<Box<B>>>,
    waiting: Option<Waker>,
}

enum Next<E> {
    Frame(Result<Frame<Bytes>, E>),
    End,
    DeadlineOver,
}

impl<B: Body<Data = Bytes> + Send + 'static> GrpcBody<B> {
    /// After the deadline the body is dropped, whether anyone reads it or not, and trailers report that. hyper does not
    /// poll a body whose reader has stalled, so a timer inside the body would not fire.
    pub(crate) fn new(body: B, deadline: Option<Deadline>) -> Self {
        let state = State { body: Some(Box::pin(body)), waiting: None };
        let call = Arc::new(Call(Mutex::new(state)));
        let deadline = deadline.map(|deadline| {
            let call = call.clone();
            let over = async move {
                tokio::time::sleep_until(deadline.instant()).await;
                call.end();
            };
            tokio::spawn(over.in_current_span()).abort_handle()
        });
        Self { call, is_over: false, deadline }
    }
}

impl<B> Call<B> {
    fn lock(&self) -> MutexGuard<'_, State<B>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        let mut state = self.lock();
        let (body, waiting) = (state.body.take(), state.waiting.take());
        drop(state);
        drop(body);
        if let Some(task) = waiting {
            task.wake();
        }
    }
}

impl<B: Body<Data = Bytes>> Call<B> {
    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Next<B::Error>> {
        let mut state = self.lock();
        let Some(body) = &mut state.body else {
            return Poll::Ready(Next::DeadlineOver);
        };
        let polled = body.as_mut().poll_frame(cx);
        if polled.is_pending() {
            state.waiting = Some(cx.waker().clone());
        }
        polled.map(|frame| frame.map_or(Next::End, Next::Frame))
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>>> Body for GrpcBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Ready(None);
        }
        let next = ready!(this.call.poll_next(cx));
        this.is_over = !matches!(&next, Next::Frame(Ok(frame)) if frame.is_data());
        Poll::Ready(match next {
            Next::Frame(frame) => Some(frame.map_err(Into::into)),
            Next::End => None,
            Next::DeadlineOver => Some(Ok(Frame::trailers(deadline_exceeded()))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || self.call.lock().body.as_ref().is_some_and(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let inner = self.call.lock().body.as_ref().map(Body::size_hint).unwrap_or_default();
        let mut hint = SizeHint::new();
        if self.deadline.is_none() {
            hint.set_lower(inner.lower());
        }
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper);
        }
        hint
    }
}

impl<B> Drop for GrpcBody<B> {
    fn drop(&mut self) {
        if let Some(deadline) = &self.deadline {
            deadline.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_trailers_testing::{fields, read_by_contract};
    use futures_util::stream;
    use http_body_util::StreamBody;
    use std::io;

    type Step = Poll<Result<Frame<Bytes>, io::Error>>;

    fn data(text: &'static str) -> Step {
        Poll::Ready(Ok(Frame::data(Bytes::from_static(text.as_bytes()))))
    }

    fn trailers(name: &'static str, value: &'static str) -> Step {
        let section = [(http::HeaderName::from_static(name), http::HeaderValue::from_static(value))];
        Poll::Ready(Ok(Frame::trailers(section.into_iter().collect())))
    }

    fn body(steps: Vec<Step>) -> GrpcBody<impl Body<Data = Bytes, Error = io::Error>> {
        let mut steps = steps.into_iter();
        let frames = stream::poll_fn(move |cx| match steps.next() {
            None => Poll::Ready(None),
            Some(Poll::Ready(frame)) => Poll::Ready(Some(frame)),
            Some(Poll::Pending) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        });
        GrpcBody::new(StreamBody::new(frames), None)
    }

    #[test]
    fn frames_become_chunks_and_a_trailer_section() {
        let steps = vec![Poll::Pending, data("a"), data("b"), Poll::Pending, trailers("grpc-status", "14")];
        let read = read_by_contract(body(steps));
        assert_eq!((&*read.content, read.trailers), ("ab", Some(fields(&[("grpc-status", "14")]))));
        let read = read_by_contract(body(vec![data("a")]));
        assert_eq!((&*read.content, read.trailers), ("a", None));
    }

    #[test]
    fn failure_is_passed_on() {
        let steps = vec![data("a"), Poll::Ready(Err(io::Error::other("lost")))];
        let read = read_by_contract(body(steps));
        let error = read.error.map(|error| error.to_string());
        assert_eq!((&*read.content, error), ("a", Some("lost".to_owned())));
    }

    #[test]
    fn type_facts() {
        fn send<T: Send + 'static>() {}
        send::<GrpcBody<http_body_util::Full<Bytes>>>();
    }
}
