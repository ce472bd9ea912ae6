use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Held by a handler that waits for an answer. Sets a flag if it is dropped before the answer arrives.
pub(super) struct AbandonGuard(Option<Arc<AtomicBool>>);

impl AbandonGuard {
    /// Returns a guard and the flag that it sets.
    pub(super) fn begin() -> (Self, Arc<AtomicBool>) {
        let is_abandoned = Arc::new(AtomicBool::new(false));
        (Self(Some(is_abandoned.clone())), is_abandoned)
    }

    pub(super) fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for AbandonGuard {
    fn drop(&mut self) {
        if let Some(is_abandoned) = &self.0 {
            is_abandoned.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flag_is_set_only_if_the_guard_is_dropped_before_the_answer() {
        for is_answered in [true, false] {
            let (waiting, is_abandoned) = AbandonGuard::begin();
            if is_answered {
                waiting.answered();
            } else {
                drop(waiting);
            }
            assert_eq!(is_abandoned.load(Ordering::Relaxed), !is_answered);
        }
    }
}
