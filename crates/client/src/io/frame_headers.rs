/// Finds the headers of HTTP/2 frames in a stream of bytes
/// ([RFC 9113 §4.1](https://www.rfc-editor.org/rfc/rfc9113#section-4.1)), through any splits.
#[derive(Debug, Default)]
pub(super) struct FrameHeaders {
    header: [u8; HEADER],
    /// The number of bytes of `header` that have passed.
    arrived: usize,
    /// The rest of the payload in bytes.
    payload: usize,
}

/// The size of a frame's header in bytes.
pub(super) const HEADER: usize = 9;

pub(super) const DATA: u8 = 0;

/// The header of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) length: usize,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

impl FrameHeaders {
    /// Passes these bytes until behind the next header.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Option<Frame> {
        let (_payload, rest) = bytes.split_at(self.payload.min(bytes.len()));
        self.payload -= bytes.len() - rest.len();
        let (part, rest) = rest.split_at(rest.len().min(HEADER - self.arrived));
        self.header[self.arrived..self.arrived + part.len()].copy_from_slice(part);
        self.arrived += part.len();
        *bytes = rest;
        if self.arrived < HEADER {
            return None;
        }
        self.arrived = 0;
        let frame = Frame::read(&self.header);
        self.payload = frame.length;
        Some(frame)
    }

    /// The rest of the frame in bytes.
    pub(super) fn payload(&self) -> usize {
        self.payload
    }

    /// Passes this number of bytes first.
    pub(super) fn behind(bytes: usize) -> Self {
        Self { payload: bytes, ..Self::default() }
    }
}

impl Frame {
    fn read(header: &[u8; HEADER]) -> Self {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = *header;
        Self {
            length: u32::from_be_bytes([0, l0, l1, l2]) as usize,
            kind,
            flags,
            stream: u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]),
        }
    }
}
