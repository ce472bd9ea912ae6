/// The size of a full TLS 1.3 record, in bytes: 16 KiB of content, its type, a tag of 16 bytes and a header of 5
/// ([RFC 8446 §5.2](https://www.rfc-editor.org/rfc/rfc8446#section-5.2)).
pub(crate) const FULL_RECORD: usize = 16 * 1024 + 1 + 16 + 5;

/// How many full records make one write, if they are ready in time.
pub(crate) const RECORDS_TOGETHER: usize = 3;

/// Holds full records back, since the next one usually follows: three of them in one write cost little more than one.
#[derive(Debug, Default)]
pub(super) struct Cork {
    /// Bytes that have waited or could not be written.
    seen: usize,
    is_holding: bool,
}

impl Cork {
    /// Whether this many bytes must wait. If they have waited before, they wait on only if another record was added.
    pub(super) fn holds(&mut self, bytes: usize) -> bool {
        let are_full = bytes.is_multiple_of(FULL_RECORD) && bytes < RECORDS_TOGETHER * FULL_RECORD;
        self.is_holding = are_full && bytes > self.seen;
        self.seen = bytes;
        self.is_holding
    }

    /// Whether the bytes that were offered last are waiting.
    pub(super) fn is_holding(&self) -> bool {
        self.is_holding
    }

    /// Notes that some of them were written.
    pub(super) fn moved(&mut self) {
        self.seen = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: usize = FULL_RECORD;

    #[test]
    fn up_to_three_full_records_go_together() {
        let mut cork = Cork::default();
        assert_eq!([ONE, 2 * ONE, 3 * ONE].map(|bytes| cork.holds(bytes)), [true, true, false]);
        cork.moved();
        assert!(cork.holds(ONE), "the next ones, too");
    }

    #[test]
    fn record_without_a_successor_waits_once() {
        for bytes in [ONE, 2 * ONE] {
            let mut cork = Cork::default();
            for holds in [true, false] {
                assert_eq!(cork.holds(bytes), holds);
                assert_eq!(cork.is_holding(), holds);
            }
        }
    }

    #[test]
    fn partial_record_is_written_at_once() {
        for bytes in [0, 1, ONE - 1, ONE + 1, 2 * ONE + 1, 4 * ONE] {
            assert!(!Cork::default().holds(bytes), "{bytes}");
        }
    }

    #[test]
    fn rest_of_a_write_waits_only_for_the_socket() {
        let mut cork = Cork::default();
        assert!(cork.holds(ONE));
        // It is offered to the socket, again and again.
        assert_eq!([ONE; 3].map(|bytes| cork.holds(bytes)), [false; 3]);
        assert_eq!([2 * ONE; 2].map(|bytes| cork.holds(bytes)), [true, false]);
    }
}
