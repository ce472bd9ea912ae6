use crate::Read;
use http::HeaderMap;
use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
};

/// What a body has produced so far, and the checks that both generations share.
#[derive(Default)]
pub(crate) struct Reading {
    read: Read,
    said_ended: bool,
    sizes: Vec<Size>,
    wakes: Arc<Wakes>,
}

/// A `size_hint`, and how much data preceded it.
#[derive(Debug)]
struct Size {
    came: u64,
    lower: u64,
    upper: Option<u64>,
}

impl Reading {
    /// The waker to poll the body with.
    pub(crate) fn waker(&self) -> Waker {
        Waker::from(self.wakes.clone())
    }

    /// Records what `is_end_stream` returned.
    pub(crate) fn is_end_stream(&mut self, ended: bool) {
        self.said_ended |= ended;
    }

    /// Records the bounds of `size_hint`.
    pub(crate) fn size_hint(&mut self, lower: u64, upper: Option<u64>) {
        self.sizes.push(Size { came: self.len(), lower, upper });
    }

    pub(crate) fn pending(&mut self) {
        self.read.pending += 1;
        let wakes = self.wakes.0.load(Ordering::Relaxed);
        assert!(wakes >= self.read.pending, "pending without a wake-up");
        assert!(self.read.pending < 1000, "pending for ever");
    }

    pub(crate) fn data(&mut self, chunk: &[u8]) {
        self.expect_more("data");
        assert!(self.read.trailers.is_none(), "data after the trailers");
        self.read.content += std::str::from_utf8(chunk).expect("text");
    }

    pub(crate) fn trailers(&mut self, trailers: HeaderMap) {
        self.expect_more("trailers");
        assert!(self.read.trailers.is_none(), "trailers after the trailers");
        self.read.trailers = Some(trailers);
    }

    pub(crate) fn error(&mut self, error: impl Into<Box<dyn Error + Send + Sync>>) {
        self.read.error = Some(error.into());
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.read.error.is_some()
    }

    /// Panics if `is_end_stream` was true before this.
    pub(crate) fn expect_more(&self, what: &str) {
        assert!(!self.said_ended, "{what} after it said that it had ended");
    }

    /// Checks the bounds of `size_hint` unless the body failed, and returns the result.
    pub(crate) fn finish(self) -> Read {
        if !self.has_failed() {
            let total = self.len();
            for size in &self.sizes {
                let left = total - size.came;
                assert!(size.lower <= left, "{size:?} with {left} bytes left");
                assert!(size.upper.is_none_or(|upper| left <= upper), "{size:?} with {left} bytes left");
            }
        }
        self.read
    }

    fn len(&self) -> u64 {
        self.read.content.len() as u64
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
