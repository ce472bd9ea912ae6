//! A stream that answers each poll as it was told to, for testing bodies against the `http-body` contract.

use bytes::Bytes;
use futures_util::{Stream, stream};
use std::{io, task::Poll};

/// One answer of the stream.
pub(crate) enum Step {
    Pending,
    Data(&'static str),
    Error,
}

/// Answers these steps in turn, then the end, then panics: a body must not poll a stream past its end.
pub(crate) fn scripted<const N: usize>(steps: [Step; N]) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let mut steps = steps.into_iter();
    let mut ended = false;
    stream::poll_fn(move |cx| match steps.next() {
        Some(Step::Pending) => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        Some(Step::Data(data)) => Poll::Ready(Some(Ok(Bytes::from(data)))),
        Some(Step::Error) => Poll::Ready(Some(Err(io::Error::other("scripted")))),
        None => {
            assert!(!ended, "polled past the end");
            ended = true;
            Poll::Ready(None)
        }
    })
}
