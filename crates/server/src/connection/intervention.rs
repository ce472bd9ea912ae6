use axum_trailers::trailers::server::BreakKind;
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering::Relaxed},
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
    next: Mutex<Option<Intervention>>,
}

impl Interventions {
    pub(crate) fn want(&self, intervention: Intervention) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(intervention);
        self.is_wanted.store(true, Relaxed);
    }

    /// Takes what is wanted. Without it, this costs no lock.
    pub(crate) fn take(&self) -> Option<Intervention> {
        let is_wanted = self.is_wanted.load(Relaxed) && self.is_wanted.swap(false, Relaxed);
        if is_wanted { self.next.lock().unwrap_or_else(PoisonError::into_inner).take() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervention_is_taken_once() {
        let interventions = Interventions::default();
        assert_eq!(interventions.take(), None);
        interventions.want(Intervention::LastChunk(b"0\r\n\r\n".to_vec()));
        let taken = [(); 2].map(|()| interventions.take());
        assert_eq!(taken, [Some(Intervention::LastChunk(b"0\r\n\r\n".to_vec())), None]);
    }
}
