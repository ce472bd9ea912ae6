use crate::support::raw::http2_frame;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// Bytes of HTTP/2 frames, in their order ([RFC 9113 §6](https://www.rfc-editor.org/rfc/rfc9113#section-6)).
#[derive(Clone, Debug, Default)]
pub(crate) struct Frames(Vec<u8>);

impl Frames {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// What a server sends first.
    pub(crate) fn preface() -> Self {
        Self::new().frame(SETTINGS, 0, 0, &[])
    }

    /// Acknowledges the client's settings.
    pub(crate) fn acknowledged() -> Self {
        Self::new().frame(SETTINGS, ACK, 0, &[])
    }

    pub(crate) fn frame(mut self, kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Self {
        self.0.extend(http2_frame(kind, flags, stream, payload));
        self
    }

    /// A header or trailer section, in as many frames as it needs.
    pub(crate) fn section<'a>(
        self,
        stream: u8,
        flags: u8,
        fields: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Self {
        let block = hpack(fields);
        let mut pieces = block.chunks(MAX_FRAME).peekable();
        let mut kind = HEADERS;
        let mut flags = flags & !END_HEADERS;
        let mut frames = self;
        loop {
            let piece = pieces.next().unwrap_or_default();
            if pieces.peek().is_none() {
                return frames.frame(kind, flags | END_HEADERS, stream, piece);
            }
            frames = frames.frame(kind, flags, stream, piece);
            (kind, flags) = (CONTINUATION, 0);
        }
    }

    pub(crate) fn data(self, stream: u8, flags: u8, content: &[u8]) -> Self {
        let mut pieces = content.chunks(MAX_FRAME).peekable();
        let mut frames = self;
        loop {
            let piece = pieces.next().unwrap_or_default();
            if pieces.peek().is_none() {
                return frames.frame(DATA, flags, stream, piece);
            }
            frames = frames.frame(DATA, 0, stream, piece);
        }
    }

    pub(crate) fn reset(self, stream: u8, code: u32) -> Self {
        self.frame(RST_STREAM, 0, stream, &code.to_be_bytes())
    }

    /// The last stream that the server has accepted, and why it ends the connection.
    pub(crate) fn goaway(self, last: u8, code: u32) -> Self {
        let payload = [&[0, 0, 0, last], &code.to_be_bytes()[..]].concat();
        self.frame(GOAWAY, 0, 0, &payload)
    }

    pub(crate) fn then(mut self, next: Self) -> Self {
        self.0.extend(next.0);
        self
    }

    /// The length of all frames in bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl From<Frames> for Vec<u8> {
    fn from(frames: Frames) -> Self {
        frames.0
    }
}

/// The default of `SETTINGS_MAX_FRAME_SIZE`, in bytes.
const MAX_FRAME: usize = 16 * 1024;

/// Literals that are not indexed, with new names and without Huffman coding
/// ([RFC 7541 §6.2.2](https://www.rfc-editor.org/rfc/rfc7541#section-6.2.2)).
pub(crate) fn hpack<'a>(fields: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name.as_bytes(), value] {
            push_length(&mut block, text.len());
            block.extend_from_slice(text);
        }
    }
    block
}

/// An integer with a prefix of seven bits ([RFC 7541 §5.1](https://www.rfc-editor.org/rfc/rfc7541#section-5.1)).
fn push_length(block: &mut Vec<u8>, length: usize) {
    const PREFIX: usize = 127;
    let low = |n: usize| u8::try_from(n).expect("one byte");
    let Some(mut rest) = length.checked_sub(PREFIX) else { return block.push(low(length)) };
    block.push(low(PREFIX));
    while rest >= 128 {
        block.push(low(rest % 128) | 128);
        rest /= 128;
    }
    block.push(low(rest));
}
