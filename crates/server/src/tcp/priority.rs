use super::frames::{FrameHead, HEADERS};

/// Reads which stream a `HEADERS` frame depends on
/// ([RFC 9113 §6.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.2)), however its payload is split.
///
/// A stream that depends on itself is malformed
/// ([RFC 7540 §5.3.1](https://www.rfc-editor.org/rfc/rfc7540#section-5.3.1)). h2 (0.4) resets it without decoding the
/// block, whose entries are then missing in its table: it decodes later requests of the connection wrongly.
#[derive(Debug)]
pub(super) struct Priority {
    stream: u32,
    /// The padding length comes first.
    skip: usize,
    bytes: [u8; 4],
    filled: usize,
}

pub(super) const PADDED: u8 = 8;
pub(super) const PRIORITY: u8 = 32;

impl Priority {
    /// `None` if the frame has no priority.
    pub(crate) fn of(frame: &FrameHead) -> Option<Self> {
        let has_one = frame.kind == HEADERS && frame.flags & PRIORITY != 0;
        let skip = usize::from(frame.flags & PADDED != 0);
        has_one.then_some(Self { stream: frame.stream, skip, bytes: [0; 4], filled: 0 })
    }

    /// Takes the next part of the payload, and returns whether the stream depends on itself.
    pub(super) fn depends_on_itself(&mut self, payload: &[u8]) -> bool {
        let rest = payload.get(self.skip.min(payload.len())..).unwrap_or_default();
        self.skip -= self.skip.min(payload.len());
        for (place, byte) in self.bytes.iter_mut().skip(self.filled).zip(rest) {
            *place = *byte;
        }
        self.filled = self.bytes.len().min(self.filled + rest.len());
        // The first bit is the exclusive flag.
        self.filled == self.bytes.len() && u32::from_be_bytes(self.bytes) & 0x7fff_ffff == self.stream
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_stream_is_detected_however_the_payload_is_split() {
        let (own, exclusive, other) = ([0, 0, 1, 3, 16], [0x80, 0, 1, 3, 16], [0, 0, 3, 1, 16]);
        for (flags, payload, expected) in [
            (PRIORITY, [&own[..], &[0x82]].concat(), true),
            (PRIORITY, [&exclusive[..], &[0x82]].concat(), true),
            (PRIORITY, [&other[..], &own].concat(), false),
            (PRIORITY | PADDED, [&[0][..], &own].concat(), true),
            (PRIORITY | PADDED, [&[3][..], &other].concat(), false),
            (PRIORITY, vec![0, 0, 1], false),
        ] {
            let frame = FrameHead { length: payload.len(), kind: HEADERS, flags, stream: 259, increment: 0 };
            for step in 1..8 {
                let mut priority = Priority::of(&frame).expect("one");
                let seen = payload.chunks(step).any(|part| priority.depends_on_itself(part));
                assert_eq!(seen, expected, "{payload:?} in steps of {step}");
            }
        }
        let none = FrameHead { length: 5, kind: HEADERS, flags: 4, stream: 1, increment: 0 };
        assert!(Priority::of(&none).is_none());
    }
}
