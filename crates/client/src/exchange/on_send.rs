use http::request;
use std::{fmt, sync::Arc};

/// A callback for the moment at which a request is sent, with its head as it is sent: only then its protocol is known.
/// Insert it into the request's extensions.
///
/// It is called again if the request is sent again, because an idle connection turned out to be closed.
#[derive(Clone)]
pub struct OnSend(Arc<Receive>);

type Receive = dyn Fn(&request::Parts) + Send + Sync;

impl OnSend {
    /// Calls `callback` when the request is sent.
    pub fn new(callback: impl Fn(&request::Parts) + Send + Sync + 'static) -> Self {
        Self(Arc::new(callback))
    }

    pub(crate) fn call(&self, head: &request::Parts) {
        (self.0)(head);
    }
}

impl fmt::Debug for OnSend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnSend").finish_non_exhaustive()
    }
}
