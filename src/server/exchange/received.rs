use http_1::{HeaderMap, HeaderName};
use std::sync::{
    OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

/// What has come of a request behind its header section, so far.
#[derive(Default)]
pub(in crate::server) struct Received {
    bytes: AtomicU64,
    trailers: OnceLock<Vec<HeaderName>>,
    has_ended: AtomicBool,
}

impl Received {
    pub(in crate::server) fn data(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    /// They are the last that comes.
    pub(in crate::server) fn trailers(&self, trailers: &HeaderMap) {
        self.trailers.get_or_init(|| trailers.keys().cloned().collect());
        self.ended();
    }

    /// All of it has come.
    pub(in crate::server) fn ended(&self) {
        self.has_ended.store(true, Relaxed);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    pub(super) fn trailer_names(&self) -> &[HeaderName] {
        self.trailers.get().map_or(&[], Vec::as_slice)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Relaxed)
    }
}
