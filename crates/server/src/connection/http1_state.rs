use super::faults::HeadFault;
use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// State that the transport and the exchanges of an HTTP/1 connection share. Its requests have no streams, so the end
/// of the connection may be the end of a response.
#[derive(Default)]
pub(crate) struct Http1State {
    close_delimited: AtomicBool,
    breaks_off: AtomicBool,
    /// Whether the guard must check for the client although hyper does not read.
    look: AtomicBool,
    /// The number of the first request, from 1, that must be rejected for its head.
    head_fault: OnceLock<(usize, HeadFault)>,
}

impl Http1State {
    /// Notes whether a response is in progress that ends with the connection (HTTP/1.0). It would look complete
    /// wherever it is cut.
    pub(crate) fn set_close_delimited(&self, under_way: bool) {
        self.close_delimited.store(under_way, Relaxed);
    }

    pub(crate) fn is_close_delimited(&self) -> bool {
        self.close_delimited.load(Relaxed)
    }

    /// Notes that a response was not completed.
    pub(crate) fn response_breaks_off(&self) {
        self.breaks_off.store(true, Relaxed);
    }

    pub(crate) fn breaks_off(&self) -> bool {
        self.breaks_off.load(Relaxed)
    }

    /// Makes the guard check soon whether the client is there.
    pub(crate) fn look(&self) {
        self.look.store(true, Relaxed);
    }

    pub(crate) fn takes_look(&self) -> bool {
        self.look.load(Relaxed) && self.look.swap(false, Relaxed)
    }

    /// Notes which request must be rejected. The rejection ends the connection.
    pub(crate) fn note_head_fault(&self, refused: (usize, HeadFault)) {
        self.head_fault.get_or_init(|| refused);
    }

    /// The fault in the head of the request with this number.
    pub(super) fn head_fault(&self, number: usize) -> Option<HeadFault> {
        let (request, fault) = self.head_fault.get()?;
        (*request == number).then_some(*fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_fault_belongs_to_its_request_only() {
        let state = Http1State::default();
        assert_eq!(state.head_fault(2), None);
        state.note_head_fault((2, HeadFault::Fragment));
        state.note_head_fault((3, HeadFault::AmbiguousLength));
        assert_eq!([1, 2, 3].map(|number| state.head_fault(number)), [None, Some(HeadFault::Fragment), None]);
    }

    #[test]
    fn look_is_taken_once() {
        let state = Http1State::default();
        assert!(!state.takes_look());
        state.look();
        assert_eq!([(); 2].map(|()| state.takes_look()), [true, false]);
    }
}
