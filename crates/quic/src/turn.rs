use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Whose turn it is to write on a connection whose window is full.
///
/// quinn (0.11) wakes all writers that wait for this window, the last one first, and the first one to write may take all of
/// it. Of three writers, two would then take turns, and one would get nothing. So a writer that has got something in a round lets
/// the others go first.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    round: AtomicU64,
    waiting: AtomicUsize,
}

/// The part of one writer in [`Turns`].
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// One more than the last round in which it has got something.
    served: u64,
    waits: bool,
    has_deferred: bool,
}

impl Turn {
    /// Whether the writer must let the others go first: once, after it was woken.
    pub(crate) fn defers(&mut self, turns: &Turns) -> bool {
        if self.has_deferred || !self.waits || turns.waiting.load(Relaxed) == 1 {
            return false;
        }
        self.has_deferred = self.served > turns.round.load(Relaxed);
        self.has_deferred
    }

    /// Notes whether the writer has written something, and whether it waits for more room. Returns whether it waits on although
    /// there was room: others have taken it.
    pub(crate) fn note(&mut self, turns: &Turns, has_written: bool, waits: bool) -> bool {
        if has_written && (self.waits || waits) {
            if self.has_deferred {
                // There was room for all who had waited longer.
                turns.round.fetch_add(1, Relaxed);
            }
            self.served = turns.round.load(Relaxed) + 1;
        }
        let is_passed_over = self.waits && waits && !has_written;
        match (self.waits, waits) {
            (false, true) => turns.waiting.fetch_add(1, Relaxed),
            (true, false) => turns.waiting.fetch_sub(1, Relaxed),
            _ => 0,
        };
        (self.waits, self.has_deferred) = (waits, false);
        is_passed_over
    }
}
