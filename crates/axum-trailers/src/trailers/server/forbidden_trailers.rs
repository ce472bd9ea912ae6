use crate::trailers::why_forbidden;
use http::{HeaderMap, HeaderName};
use std::sync::{Arc, OnceLock};

/// The names of forbidden fields in a request's trailer section, for
/// [`ConnectionInfo::forbidden_trailers`](super::ConnectionInfo::forbidden_trailers). A server records them before it removes
/// the fields. Clones share the names, and their values are never kept.
#[derive(Clone, Debug, Default)]
pub struct ForbiddenTrailers(Arc<OnceLock<Vec<HeaderName>>>);

impl ForbiddenTrailers {
    /// Records which names in the trailer section [RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1)
    /// forbids. Only the first section counts.
    pub fn record(&self, section: &HeaderMap) {
        let forbidden = |name: &&HeaderName| why_forbidden(name).is_some();
        self.0.get_or_init(|| section.keys().filter(forbidden).cloned().collect());
    }

    /// The recorded names.
    #[must_use]
    pub fn names(&self) -> &[HeaderName] {
        self.0.get().map_or(&[], Vec::as_slice)
    }
}
