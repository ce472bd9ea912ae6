use std::{
    fmt::{self, Display},
    sync::Arc,
};

/// A callback for an alternative that has failed: with its host and port, and the reason.
#[derive(Clone)]
pub(super) struct OnFallback(Arc<Receive>);

type Receive = dyn Fn(&str, &dyn Display) + Send + Sync;

impl OnFallback {
    pub(super) fn new(callback: impl Fn(&str, &dyn Display) + Send + Sync + 'static) -> Self {
        Self(Arc::new(callback))
    }

    pub(super) fn call(&self, alternative: &str, reason: &dyn Display) {
        (self.0)(alternative, reason);
    }
}

impl fmt::Debug for OnFallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnFallback").finish_non_exhaustive()
    }
}
