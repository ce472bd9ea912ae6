use crate::verdict::Cut;
use std::sync::{Arc, OnceLock};

/// Why a connection was ended on this side. The errors of hyper and h2 do not pass that on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<OnceLock<Cut>>);

impl Faults {
    /// Reports a fault of the server. The first one counts.
    pub(crate) fn report(&self, cut: Cut) {
        // There was one already.
        let _ = self.0.set(cut);
    }

    pub(crate) fn first(&self) -> Option<&Cut> {
        self.0.get()
    }
}
