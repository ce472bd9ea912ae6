use super::Declared;
#[cfg(feature = "server")]
use http::HeaderMap;
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// Whether the trailers of a response say that it failed, and which of them do.
///
/// A body whose producer can say so leaves this in the extensions of its response. Layers and the server look at it
/// once the body's data has ended: such a body is well-formed, but must not be vouched for as whole. If no server
/// does, the body fails instead.
#[derive(Clone, Debug, Default)]
pub(crate) struct FailureMark(Arc<Mark>);

#[derive(Debug, Default)]
struct Mark {
    fields: OnceLock<Declared>,
    is_watched: AtomicBool,
}

impl FailureMark {
    /// The body fails, and these fields say so.
    pub(crate) fn set(&self, fields: Declared) {
        // The sender that sets it is gone then, so it is set once.
        let _first = self.0.fields.set(fields);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.fields.get().is_some()
    }

    /// Notes that a server looks at it.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn watch(&self) {
        self.0.is_watched.store(true, Relaxed);
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.0.is_watched.load(Relaxed)
    }

    /// Whether a trailer section says all that there is to say of a failure.
    #[cfg(feature = "server")]
    pub(crate) fn is_told_by(&self, section: &HeaderMap) -> bool {
        self.0.fields.get().is_none_or(|fields| are_in(section, fields))
    }
}

/// Whether a section has all of these fields.
#[cfg(feature = "server")]
pub(crate) fn are_in(section: &HeaderMap, fields: &Declared) -> bool {
    fields.iter().all(|name| section.contains_key(name))
}
