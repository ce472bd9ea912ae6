use super::frames::{FrameHead, SETTINGS};

/// Reads the setting that limits the header and trailer sections that the peer accepts
/// ([RFC 9113 §6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2)), however the payload is split. h2 (0.4)
/// ignores it.
#[derive(Debug)]
pub(super) struct Settings {
    entry: [u8; ENTRY],
    filled: usize,
}

/// Two bytes for the identifier, four for the value.
const ENTRY: usize = 6;
const MAX_HEADER_LIST_SIZE: u16 = 6;
const ACK: u8 = 1;

impl Settings {
    /// `None` if the frame has no settings.
    pub(crate) fn of(frame: &FrameHead) -> Option<Self> {
        let has_some = frame.kind == SETTINGS && frame.flags & ACK == 0;
        has_some.then_some(Self { entry: [0; ENTRY], filled: 0 })
    }

    /// Takes the next part of the payload, and returns the limit, in bytes, if it is complete.
    pub(super) fn max_header_list_size(&mut self, payload: &[u8]) -> Option<u32> {
        let mut found = None;
        for byte in payload {
            if let Some(place) = self.entry.get_mut(self.filled) {
                *place = *byte;
            }
            self.filled += 1;
            if self.filled == ENTRY {
                self.filled = 0;
                let [a, b, value @ ..] = self.entry;
                if u16::from_be_bytes([a, b]) == MAX_HEADER_LIST_SIZE {
                    found = Some(u32::from_be_bytes(value));
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, length: usize) -> FrameHead {
        FrameHead { length, kind, flags, stream: 0, increment: 0 }
    }

    #[test]
    fn last_limit_counts_however_the_payload_is_split() {
        let entry = |name: u8, value: u32| [&[0, name], &value.to_be_bytes()[..]].concat();
        for (entries, expected) in [
            (vec![], None),
            (vec![entry(4, 6)], None),
            (vec![entry(6, 0)], Some(0)),
            (vec![entry(1, 6), entry(6, 300), entry(3, 100)], Some(300)),
            (vec![entry(6, 300), entry(6, 200)], Some(200)),
            (vec![entry(6, 300), vec![0, 6, 0]], Some(300)),
        ] {
            let payload = entries.concat();
            for step in 1..14 {
                let mut settings = Settings::of(&frame(SETTINGS, 0, payload.len())).expect("some");
                let bounds = payload.chunks(step).filter_map(|part| settings.max_header_list_size(part));
                assert_eq!(bounds.last(), expected, "{payload:?} in steps of {step}");
            }
        }
        assert!(Settings::of(&frame(SETTINGS, ACK, 0)).is_none());
        assert!(Settings::of(&frame(6, 0, 8)).is_none());
    }
}
