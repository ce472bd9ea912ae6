use axum_trailers::digest::Digest;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a request's body has sent so far. The body and the verb share it.
#[derive(Clone, Debug, Default)]
pub(in crate::client) struct Sending(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    bytes: u64,
    digest: Option<Digest>,
    ending: Ending,
}

#[derive(Debug, Default)]
enum Ending {
    /// There is more to send, or was when the connection dropped the body.
    #[default]
    Open,
    Whole,
    Failed(String),
}

impl Sending {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A body begins; after a redirect it is another one.
    pub(super) fn begin(&self) {
        *self.lock() = State::default();
    }

    pub(super) fn add(&self, bytes: usize) {
        self.lock().bytes += bytes as u64;
    }

    /// All content and trailers are sent.
    pub(super) fn complete(&self) {
        self.lock().ending = Ending::Whole;
    }

    pub(super) fn set_digest(&self, digest: Option<Digest>) {
        self.lock().digest = digest;
    }

    pub(super) fn fail(&self, reason: &str) {
        self.lock().ending = Ending::Failed(reason.to_owned());
    }

    /// The content that the connection has taken, in bytes.
    pub(in crate::client) fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    pub(in crate::client) fn is_whole(&self) -> bool {
        matches!(self.lock().ending, Ending::Whole)
    }

    /// The digest of all content, once it is computed.
    pub(in crate::client) fn digest(&self) -> Option<Digest> {
        self.lock().digest.clone()
    }

    /// Why the content could not be sent: the trouble is on this side.
    pub(in crate::client) fn failure(&self) -> Option<String> {
        match &self.lock().ending {
            Ending::Failed(reason) => Some(reason.clone()),
            Ending::Open | Ending::Whole => None,
        }
    }
}
