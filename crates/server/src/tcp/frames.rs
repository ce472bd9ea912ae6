/// Finds the heads of HTTP/2 frames in one direction of a connection
/// ([RFC 9113 §4.1](https://www.rfc-editor.org/rfc/rfc9113#section-4.1)), however its bytes are split.
#[derive(Clone, Debug)]
pub(super) struct FrameHeads {
    /// How many bytes of a payload, or of the preface, are missing.
    skip: usize,
    head: [u8; WINDOW_UPDATE_SIZE],
    filled: usize,
}

/// The header of a frame, and the increment of a `WINDOW_UPDATE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    /// Of the payload, in bytes.
    pub(super) length: usize,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) increment: u32,
}

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

const CLIENT_PREFACE: usize = 24;
const HEAD_SIZE: usize = 9;
const WINDOW_UPDATE_SIZE: usize = HEAD_SIZE + 4;

impl FrameHead {
    /// Whether the stream has no more frames from this side, except a reset.
    pub(super) fn ends_stream(&self) -> bool {
        match self.kind {
            DATA | HEADERS => self.flags & END_STREAM != 0,
            RST_STREAM => true,
            _ => false,
        }
    }
}

const END_STREAM: u8 = 1;

impl FrameHeads {
    pub(super) fn of_client() -> Self {
        Self { skip: CLIENT_PREFACE, ..Self::of_server() }
    }

    pub(super) fn of_server() -> Self {
        Self { skip: 0, head: [0; WINDOW_UPDATE_SIZE], filled: 0 }
    }

    /// Takes bytes up to the end of the next frame head, or all of them.
    pub(crate) fn next(&mut self, bytes: &mut &[u8]) -> Option<FrameHead> {
        loop {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            *bytes = bytes.get(skipped..).unwrap_or_default();
            if bytes.is_empty() {
                return None;
            }
            let wanted = if self.filled >= HEAD_SIZE { WINDOW_UPDATE_SIZE } else { HEAD_SIZE };
            let (taken, rest) = bytes.split_at((wanted - self.filled).min(bytes.len()));
            if let Some(place) = self.head.get_mut(self.filled..self.filled + taken.len()) {
                place.copy_from_slice(taken);
            }
            self.filled += taken.len();
            *bytes = rest;
            if self.filled == wanted
                && let Some(head) = self.whole()
            {
                return Some(head);
            }
        }
    }

    /// Takes the available part of the last frame's payload.
    pub(super) fn payload<'b>(&mut self, bytes: &mut &'b [u8]) -> &'b [u8] {
        let (payload, rest) = bytes.split_at(self.skip.min(bytes.len()));
        self.skip -= payload.len();
        *bytes = rest;
        payload
    }

    /// Whether the last frame is complete and no other has begun.
    pub(super) fn is_between_frames(&self) -> bool {
        self.skip == 0 && self.filled == 0
    }

    /// The head, unless the increment of a `WINDOW_UPDATE` is missing.
    fn whole(&mut self) -> Option<FrameHead> {
        let [a, b, c, kind, flags, s0, s1, s2, s3, increment @ ..] = self.head;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let has_increment = kind == WINDOW_UPDATE && length == WINDOW_UPDATE_SIZE - HEAD_SIZE;
        if has_increment && self.filled == HEAD_SIZE {
            return None;
        }
        self.skip = length - (self.filled - HEAD_SIZE);
        self.filled = 0;
        let stream = u32::from_be_bytes([s0, s1, s2, s3]) & RESERVED_BIT_OFF;
        let increment = if has_increment { u32::from_be_bytes(increment) & RESERVED_BIT_OFF } else { 0 };
        Some(FrameHead { length, kind, flags, stream, increment })
    }
}

const RESERVED_BIT_OFF: u32 = 0x7fff_ffff;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut frame = u32::try_from(payload.len()).expect("a short payload").to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        frame
    }

    fn heads(mut heads: FrameHeads, wire: &[u8], step: usize) -> Vec<FrameHead> {
        let mut found = Vec::new();
        for mut bytes in wire.chunks(step) {
            while let Some(head) = heads.next(&mut bytes) {
                found.push(head);
            }
        }
        found
    }

    #[test]
    fn heads_are_found_however_the_bytes_are_split() {
        // No payload may be taken for a head.
        let wire = [
            frame(DATA, 1, 3, &[WINDOW_UPDATE; 40]),
            frame(WINDOW_UPDATE, 0, 0, &[0x80, 0, 1, 2]),
            frame(HEADERS, 4, 5, &[]),
            frame(WINDOW_UPDATE, 0, 0, &[1]),
            frame(CONTINUATION, 4, 5, &[9; 13]),
        ]
        .concat();
        let head =
            |length, kind, flags, stream, increment| FrameHead { length, kind, flags, stream, increment };
        let expected = [
            head(40, DATA, 1, 3, 0),
            head(4, WINDOW_UPDATE, 0, 0, 258),
            head(0, HEADERS, 4, 5, 0),
            head(1, WINDOW_UPDATE, 0, 0, 0),
            head(13, CONTINUATION, 4, 5, 0),
        ];
        for step in [1, 2, 8, 9, 10, 13, 1000] {
            assert_eq!(heads(FrameHeads::of_server(), &wire, step), expected, "in steps of {step}");
            let wire = [PREFACE, &wire].concat();
            assert_eq!(heads(FrameHeads::of_client(), &wire, step), expected, "in steps of {step}");
        }
    }
}
