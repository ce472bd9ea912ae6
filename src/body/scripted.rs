//! Streams and bodies that answer each poll as they were told to, and a reader that holds any body to the contract of
//! `http-body`.

use crate::trailers::FailureMark;
use axum::BoxError;
use bytes::Bytes;
use futures_util::{Stream, stream};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, SizeHint};
use std::{
    collections::VecDeque,
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// One answer.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Pending,
    Data(&'static str),
    Error,
    /// The data has ended; what follows is answered to `poll_trailers`.
    End,
    Trailers(&'static [(&'static str, &'static str)]),
}

/// Answers these steps in turn, then the end, then panics: a body must not poll a stream past its end.
pub(crate) fn scripted<const N: usize>(steps: [Step; N]) -> impl Stream<Item = io::Result<Bytes>> + Send {
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

/// A body that answers these steps in turn. Polled after an error, it panics.
#[derive(Debug)]
pub(crate) struct ScriptedBody {
    steps: VecDeque<Step>,
    sized: bool,
    failed: bool,
}

impl ScriptedBody {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: steps.into_iter().collect(), sized: false, failed: false }
    }

    /// The same, and it says how long it is.
    pub(crate) fn sized(self) -> Self {
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

pub(crate) fn fields(list: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, value) in list {
        fields.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    fields
}

/// What came of a body.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) content: String,
    /// How often there was nothing yet.
    pub(crate) pending: usize,
    pub(crate) trailers: Option<HeaderMap>,
    pub(crate) error: Option<BoxError>,
}

/// Reads a body to its end, and panics where it breaks the contract:
///
/// - a poll that is pending wakes its task;
/// - `is_end_stream` is true only once the trailers have left, or there are none;
/// - a size that is told is the size that comes;
/// - an error is the last thing that it says, and its end goes on being the end.
pub(crate) fn read_by_contract<B>(body: B) -> Read
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let mut body = pin!(body);
    let wakes = Arc::new(Wakes::default());
    let task = Waker::from(wakes.clone());
    let cx = &mut Context::from_waker(&task);
    let mut read = Read::default();
    let mut said_ended = false;
    let mut sizes = Vec::new();

    loop {
        said_ended |= body.is_end_stream();
        sizes.push((read.content.len() as u64, body.size_hint()));
        match body.as_mut().poll_data(cx) {
            Poll::Pending => wakes.expect_one(&mut read.pending),
            Poll::Ready(Some(Ok(chunk))) => {
                assert!(!said_ended, "data after it said that it had ended");
                read.content += std::str::from_utf8(&chunk).expect("text");
            }
            Poll::Ready(Some(Err(error))) => {
                read.error = Some(error.into());
                break;
            }
            Poll::Ready(None) => break,
        }
    }
    while read.error.is_none() {
        said_ended |= body.is_end_stream();
        match body.as_mut().poll_trailers(cx) {
            Poll::Pending => wakes.expect_one(&mut read.pending),
            Poll::Ready(Ok(trailers)) => {
                assert!(trailers.is_none() || !said_ended, "trailers after it said that it had ended");
                read.trailers = trailers;
                break;
            }
            Poll::Ready(Err(error)) => read.error = Some(error.into()),
        }
    }
    if read.error.is_none() {
        let total = read.content.len() as u64;
        for (came, hint) in sizes {
            let left = total - came;
            assert!(hint.lower() <= left, "{hint:?} with {left} bytes left");
            assert!(hint.upper().is_none_or(|upper| left <= upper), "{hint:?} with {left} bytes left");
        }
    }
    for _ in 0..2 {
        assert!(body.is_end_stream(), "it does not know that it has ended");
        assert!(matches!(body.as_mut().poll_data(cx), Poll::Ready(None)), "data after the end");
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(None))), "trailers after the end");
    }
    read
}

/// The same of a response whose server looks whether its trailers say that it failed.
pub(crate) fn read_as_server<B>(response: http::Response<B>) -> Read
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    response.extensions().get().iter().for_each(|mark: &&FailureMark| mark.watch());
    read_by_contract(response.into_body())
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wakes {
    fn expect_one(&self, pending: &mut usize) {
        *pending += 1;
        assert!(self.0.load(Ordering::Relaxed) >= *pending, "pending without a wake-up");
        assert!(*pending < 1000, "pending for ever");
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn pending<T>(cx: &mut Context<'_>) -> Poll<T> {
    cx.waker().wake_by_ref();
    Poll::Pending
}

fn failure() -> io::Error {
    io::Error::other("scripted")
}
