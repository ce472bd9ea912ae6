use super::frame_headers::{DATA, FrameHeaders};

/// Counts the content in the HTTP/2 frames that this side sends. Answers to the server's PING and SETTINGS frames are none.
#[derive(Debug)]
pub(super) struct SentContent {
    frames: FrameHeaders,
    is_content: bool,
}

/// The size of the preface in bytes ([RFC 9113 §3.4](https://www.rfc-editor.org/rfc/rfc9113#section-3.4)).
const PREFACE: usize = 24;

impl SentContent {
    pub(super) fn new() -> Self {
        Self { frames: FrameHeaders::behind(PREFACE), is_content: false }
    }

    /// The number of bytes of content in the next bytes.
    pub(super) fn count(&mut self, mut bytes: &[u8]) -> u64 {
        let mut count = 0;
        while !bytes.is_empty() {
            if self.is_content {
                count += self.frames.payload().min(bytes.len()) as u64;
            }
            if let Some(frame) = self.frames.next(&mut bytes) {
                self.is_content = frame.kind == DATA;
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, length: u8) -> Vec<u8> {
        let header = [0, 0, length, kind, 0, 0, 0, 0, 1];
        [&header[..], &vec![0; usize::from(length)]].concat()
    }

    /// The content in each of these writes.
    fn counts<const N: usize>(writes: [&[u8]; N]) -> [u64; N] {
        let mut content = SentContent::new();
        assert_eq!(content.count(b"PRI * HTTP/2.0\r\n\r\n"), 0);
        assert_eq!(content.count(b"SM\r\n\r\n"), 0);
        writes.map(|write| content.count(write))
    }

    #[test]
    fn only_data_is_content_in_any_splits() {
        const PING: u8 = 6;
        let (data, ping) = (frame(DATA, 20), frame(PING, 8));
        assert_eq!(counts([&data, &ping, &data]), [20, 0, 20]);
        assert_eq!(counts([&data[..9], &data[9..15], &data[15..], &ping]), [0, 6, 14, 0]);
        assert_eq!(counts([&ping[..3], &ping[3..], &data[..3], &data[3..]]), [0, 0, 0, 20]);
        assert_eq!(counts([&[&ping[..], &data, &ping, &data].concat(), &ping]), [40, 0]);
        assert_eq!(counts([&frame(DATA, 0), &ping]), [0, 0]);
    }
}
