use bytes::Bytes;
use futures_util::{Stream, stream};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, SizeHint};
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
    /// The end of the data. The following steps answer `poll_trailers`.
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

/// A body that returns these steps in turn. Panics if it is polled after an error.
#[derive(Debug)]
pub struct ScriptedBody {
    steps: VecDeque<Step>,
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

    fn fail(&mut self) -> io::Error {
        self.failed = true;
        failure()
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_data(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        assert!(!self.failed, "polled after its error");
        if matches!(self.steps.front(), Some(Step::End | Step::Trailers(_)) | None) {
            return Poll::Ready(None);
        }
        match self.steps.pop_front() {
            Some(Step::Pending) => pending(cx),
            Some(Step::Data(data)) => Poll::Ready(Some(Ok(Bytes::from(data)))),
            _ => Poll::Ready(Some(Err(self.fail()))),
        }
    }

    fn poll_trailers(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, io::Error>> {
        assert!(!self.failed, "polled after its error");
        if matches!(self.steps.front(), Some(Step::End)) {
            self.steps.pop_front();
        }
        match self.steps.pop_front() {
            None => Poll::Ready(Ok(None)),
            Some(Step::Pending) => pending(cx),
            Some(Step::Trailers(list)) => Poll::Ready(Ok(Some(fields(list)))),
            Some(Step::Error) => Poll::Ready(Err(self.fail())),
            Some(step) => panic!("trailers polled before {step:?}"),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.failed || self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let left =
            self.steps.iter().map(|step| if let Step::Data(data) = step { data.len() as u64 } else { 0 });
        if self.sized { SizeHint::with_exact(left.sum()) } else { SizeHint::default() }
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

fn pending<T>(cx: &mut Context<'_>) -> Poll<T> {
    cx.waker().wake_by_ref();
    Poll::Pending
}

fn failure() -> io::Error {
    io::Error::other("scripted")
}
