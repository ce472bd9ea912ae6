use http::{HeaderMap, HeaderName};
use std::sync::{
    OnceLock,
    atomic::{
        AtomicBool, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
};

/// What has arrived of a request's content and trailers.
#[derive(Default)]
pub(crate) struct Received {
    bytes: AtomicU64,
    trailers: OnceLock<Vec<HeaderName>>,
    has_ended: AtomicBool,
}

impl Received {
    pub(crate) fn data(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    /// Notes the trailers, which end the request.
    pub(crate) fn trailers(&self, trailers: &HeaderMap) {
        self.trailers.get_or_init(|| trailers.keys().cloned().collect());
        self.ended();
    }

    /// Notes that the whole request has arrived.
    pub(crate) fn ended(&self) {
        self.has_ended.store(true, Release);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    pub(super) fn trailer_names(&self) -> &[HeaderName] {
        self.trailers.get().map_or(&[], Vec::as_slice)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Acquire)
    }
}
