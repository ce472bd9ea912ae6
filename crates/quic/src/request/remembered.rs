use super::Stopped;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// The end of a stream, which stays the same however often it is asked for.
    pub(super) struct Remembered<F> {
        #[pin]
        waiting: F,
        // `None` before it is known.
        stopped: Option<Stopped>,
    }
}

impl<F> Remembered<F> {
    pub(super) fn new(waiting: F) -> Self {
        Self { waiting, stopped: None }
    }
}

impl<F: Future<Output = Stopped>> Future for Remembered<F> {
    type Output = Stopped;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Stopped> {
        let this = self.project();
        if this.stopped.is_none() {
            *this.stopped = Some(ready!(this.waiting.poll(cx)));
        }
        this.stopped.map_or(Poll::Pending, Poll::Ready)
    }
}
