use super::Declared;
use http::HeaderMap;
use std::sync::{Arc, OnceLock};

/// Whether the trailers of a response say that it failed, and which of them do.
///
/// A body whose producer can say so leaves this in the extensions of its response. Layers and the server look at it
/// once the body's data has ended: such a body is well-formed, but must not be vouched for as whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct FailureMark(Arc<OnceLock<Declared>>);

impl FailureMark {
    /// The body fails, and these fields say so.
    pub(crate) fn set(&self, fields: Declared) {
        // The sender that sets it is gone then, so it is set once.
        let _first = self.0.set(fields);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.get().is_some()
    }

    /// Whether a trailer section says all that there is to say of a failure.
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "the server alone must know"))]
    pub(crate) fn is_told_by(&self, section: &HeaderMap) -> bool {
        self.0.get().is_none_or(|fields| fields.iter().all(|name| section.contains_key(name)))
    }
}
