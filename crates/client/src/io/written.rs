use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Whether the connection has accepted the last byte of each HTTP/1.1 request. hyper lets go of a request body before.
#[derive(Clone, Debug)]
pub(crate) struct Written(Arc<AtomicBool>);

impl Written {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    pub(super) fn set(&self, is_written: bool) {
        self.0.store(is_written, Ordering::Relaxed);
    }

    pub(crate) fn is_all(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
