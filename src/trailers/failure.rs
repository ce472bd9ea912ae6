use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Whether the trailers of a response say that it failed.
///
/// A body whose producer can say so leaves this in the extensions of its response. Layers and the server look at it
/// once the body's data has ended: such a body is well-formed, but must not be vouched for as whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct FailureMark(Arc<AtomicBool>);

impl FailureMark {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
