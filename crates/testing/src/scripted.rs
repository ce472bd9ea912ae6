use bytes::Bytes;
use futures_util::{Stream, stream};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll},
};

/// The answer to one poll.
#[derive(Clone, Debug)]
pub enum Step {
    /// Nothing yet. Wakes the task at once.
    Pending,
    /// A chunk of data.
    Data(&'static str),
    /// A failure. Must not be polled again.
    Error,
    /// The end of the data. In `http-body` 0.4 the following steps answer `poll_trailers`; in `http-body` 1 it is no
    /// frame, and the next step answers in its place.
    End,
    /// A trailer section with these fields.
    Trailers(&'static [(&'static str, &'static str)]),
}

/// A stream that returns these steps in turn, then the end. Panics if it is polled again: a body must not do that.
///
/// # Panics
///
/// If a step is [`End`](Step::End) or [`Trailers`](Step::Trailers), which a stream can't return.
pub fn scripted<const N: usize>(steps: [Step; N]) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let mut steps = steps.into_iter();
    let mut ended = false;
    stream::poll_fn(move |cx| match steps.next() {
        Some(Step::Pending) => pending(cx),
        Some(Step::Data(data)) => Poll::Ready(Some(Ok(Bytes::from(data)))),
        Some(Step::Error) => Poll::Ready(Some(Err(failure()))),
        Some(step @ (Step::End | Step::Trailers(_))) => panic!("a stream can't answer {step:?}"),
        None => {
            assert!(!ended, "polled past the end");
            ended = true;
            Poll::Ready(None)
        }
    })
}

/// A body of both generations that returns these steps in turn. Panics if it is polled after an error.
#[derive(Debug)]
pub struct ScriptedBody {
    pub(crate) steps: VecDeque<Step>,
    sized: bool,
    failed: bool,
}

impl ScriptedBody {
    /// Creates a body of unknown length.
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: steps.into_iter().collect(), sized: false, failed: false }
    }

    /// Sets `size_hint` to the exact length of the data.
    #[must_use]
    pub fn sized(self) -> Self {
        Self { sized: true, ..self }
    }

    pub(crate) fn fail(&mut self) -> io::Error {
        self.failed = true;
        failure()
    }

    pub(crate) fn expect_no_failure(&self) {
        assert!(!self.failed, "polled after its error");
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.failed || self.steps.is_empty()
    }

    /// The length of the data left, if `size_hint` states it.
    pub(crate) fn exact_length(&self) -> Option<u64> {
        let lengths =
            self.steps.iter().map(|step| if let Step::Data(data) = step { data.len() as u64 } else { 0 });
        self.sized.then(|| lengths.sum())
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.expect_no_failure();
        match self.steps.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Pending) => pending(cx),
            Some(Step::Data(data)) => Poll::Ready(Some(Ok(Frame::data(Bytes::from(data))))),
            Some(Step::Error) => Poll::Ready(Some(Err(self.fail()))),
            Some(Step::End) => self.poll_frame(cx),
            Some(Step::Trailers(list)) => Poll::Ready(Some(Ok(Frame::trailers(fields(list))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended()
    }

    fn size_hint(&self) -> SizeHint {
        self.exact_length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// A header or trailer section with these fields.
///
/// # Panics
///
/// If a name or value is malformed.
#[must_use]
pub fn fields(list: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, value) in list {
        fields.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    fields
}

pub(crate) fn pending<T>(cx: &mut Context<'_>) -> Poll<T> {
    cx.waker().wake_by_ref();
    Poll::Pending
}

fn failure() -> io::Error {
    io::Error::other("scripted")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{http_02, read_by_contract};
    use Step::{Data, End, Error, Pending, Trailers};
    use std::{panic::catch_unwind, pin::pin, task::Waker};

    #[test]
    fn a_body_is_the_same_in_both_generations() {
        let scripts: [&[Step]; 6] = [
            &[],
            &[End],
            &[Data("a"), Pending, Data("b")],
            &[Data("a"), End, Pending, Trailers(&[("x", "1"), ("x", "2")])],
            &[Pending, Trailers(&[("x", "1")])],
            &[Data("a"), Trailers(&[])],
        ];
        for script in scripts {
            let body = || ScriptedBody::new(script.iter().cloned()).sized();
            let (read, older) = (read_by_contract(body()), http_02::read_by_contract(body()));
            assert_eq!(read.content, older.content, "{script:?}");
            assert_eq!(read.pending, older.pending, "{script:?}");
            assert_eq!(read.trailers, older.trailers, "{script:?}");
        }
    }

    #[test]
    fn each_step_but_the_end_of_the_data_answers_one_poll() {
        let mut body = pin!(ScriptedBody::new([Data("a"), Pending, End, Trailers(&[("x", "1")])]));
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(matches!(body.as_mut().poll_frame(cx), Poll::Ready(Some(Ok(frame))) if frame.is_data()));
        assert!(body.as_mut().poll_frame(cx).is_pending());
        assert!(matches!(body.as_mut().poll_frame(cx), Poll::Ready(Some(Ok(frame))) if frame.is_trailers()));
        assert!(body.is_end_stream());
        assert!(matches!(body.as_mut().poll_frame(cx), Poll::Ready(None)));
        assert!(matches!(body.as_mut().poll_frame(cx), Poll::Ready(None)));
    }

    #[test]
    fn a_body_must_not_be_polled_after_its_error() {
        let cx = || Context::from_waker(Waker::noop());
        let failed = || {
            let mut body = Box::pin(ScriptedBody::new([Error, Data("a")]));
            assert!(matches!(body.as_mut().poll_frame(&mut cx()), Poll::Ready(Some(Err(_)))));
            assert!(body.is_end_stream());
            body
        };
        failed();
        assert!(catch_unwind(|| failed().as_mut().poll_frame(&mut cx())).is_err());
        assert!(catch_unwind(|| http_body_04::Body::poll_data(failed().as_mut(), &mut cx())).is_err());
        assert!(catch_unwind(|| http_body_04::Body::poll_trailers(failed().as_mut(), &mut cx())).is_err());
    }
}
