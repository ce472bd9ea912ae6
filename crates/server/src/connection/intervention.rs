use axum_trailers::trailers::server::BreakKind;
use std::sync::{
    Mutex, PoisonError,
    atomic::{
        AtomicBool, AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
};

/// What the transport does to the bytes that hyper writes, because a handler has asked for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Intervention {
    /// The connection is broken.
    Break { kind: BreakKind, cut: Cut },
    /// HTTP/1.1: these bytes replace the last chunk.
    LastChunk(Vec<u8>),
}

/// How much is written before the connection is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// This many bytes.
    After(usize),
    /// Up to the middle of the next `DATA` frame.
    WithinData,
}

/// Passes an [`Intervention`] to the transport.
#[derive(Debug, Default)]
pub(crate) struct Interventions {
    is_wanted: AtomicBool,
    writes: AtomicUsize,
    next: Mutex<Option<Intervention>>,
}

impl Interventions {
    /// Of several, the first one counts until it is taken.
    pub(crate) fn want(&self, intervention: Intervention) {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(intervention);
        self.is_wanted.store(true, Release);
    }

    /// Notes that hyper has written all it had.
    pub(crate) fn note_written(&self) {
        // Only the connection's task does this.
        self.writes.store(self.writes.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// How often hyper has written all it had.
    pub(crate) fn writes(&self) -> usize {
        self.writes.load(Relaxed)
    }

    /// Takes what is wanted. Without it, this costs no lock.
    pub(crate) fn take(&self) -> Option<Intervention> {
        let is_wanted = self.is_wanted.load(Relaxed) && self.is_wanted.swap(false, Acquire);
        if is_wanted { self.next.lock().unwrap_or_else(PoisonError::into_inner).take() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_intervention_is_taken_once() {
        let interventions = Interventions::default();
        assert_eq!(interventions.take(), None);
        interventions.want(Intervention::LastChunk(b"0\r\n\r\n".to_vec()));
        interventions.want(Intervention::LastChunk(Vec::new()));
        let taken = [(); 2].map(|()| interventions.take());
        assert_eq!(taken, [Some(Intervention::LastChunk(b"0\r\n\r\n".to_vec())), None]);
    }
}
