use super::{
    frames::{CONTINUATION, FrameHead, HEADERS},
    hpack::begins_with_pseudo_header,
    priority::{PADDED, PRIORITY},
};

/// Measures the trailer sections that arrive on an HTTP/2 connection, as encoded on the wire.
///
/// h2 (0.4) silently drops the part of a section that exceeds its own limit. If it drops something, the section is
/// either large in what h2 keeps, which the exchange detects, or has a field that is large by itself. That one is a
/// literal, since it does not fit into the table of 4 KiB, so it is also large on the wire: a Huffman code has at least
/// five bits ([RFC 7541, appendix B](https://www.rfc-editor.org/rfc/rfc7541#appendix-B)).
#[derive(Debug)]
pub(crate) struct TrailerBlocks {
    limit: usize,
    last_stream: u32,
    /// The size so far of an incomplete trailer section.
    block: Option<usize>,
}

/// What a frame from the client is, or begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    NewStream,
    /// A part of a trailer section.
    Trailers {
        is_too_large: bool,
        is_last: bool,
    },
    Other,
}

const END_HEADERS: u8 = 4;

/// The most that a section of this size takes on the wire, in bytes. A Huffman code has at most 30 bits, and h2's own
/// client uses it even if it makes the value larger.
fn on_the_wire(section: u32) -> u32 {
    (section.saturating_add(3) / 4).saturating_mul(15).saturating_add(SLACK)
}

/// What a section may take on the wire in addition to the counted bytes: padding and priority.
const SLACK: u32 = 1024;

impl TrailerBlocks {
    /// `section` is the limit of a trailer section, in bytes, counted as in RFC 9113 §6.5.2.
    pub(crate) fn new(section: u32) -> Self {
        let limit = on_the_wire(section) as usize;
        Self { limit, last_stream: 0, block: None }
    }

    /// The limit that h2 needs, in bytes, so that everything it drops is detected here or by the exchange.
    pub(crate) fn bound_of_h2(section: u32) -> u32 {
        const TABLE_AND_FIELD: u32 = 4096 + 64;
        section
            .saturating_add((on_the_wire(section) / 5).saturating_mul(8))
            .saturating_add(8 + TABLE_AND_FIELD)
    }

    /// The last stream that the client has opened.
    pub(super) fn last_stream(&self) -> u32 {
        self.last_stream
    }

    /// Takes the head of the client's next frame.
    pub(crate) fn next(&mut self, frame: &FrameHead) -> Seen {
        let FrameHead { length, kind, flags, stream, .. } = *frame;
        let opens_stream = kind == HEADERS && stream > self.last_stream;
        match kind {
            // A client opens streams in rising order (RFC 9113 §5.1.1): on an older one, this is a trailer section.
            HEADERS if opens_stream => {
                self.last_stream = stream;
                self.block = None;
            }
            HEADERS => self.block = Some(length),
            CONTINUATION => self.block = self.block.map(|size| size.saturating_add(length)),
            _ => return Seen::Other,
        }
        let is_last = flags & END_HEADERS != 0;
        let block = if is_last { self.block.take() } else { self.block };
        match block {
            _ if opens_stream => Seen::NewStream,
            Some(size) => Seen::Trailers { is_too_large: size > self.limit, is_last },
            None => Seen::Other,
        }
    }
}

/// The beginning of a trailer section's field block, collected from its frames
/// ([RFC 9113 §6.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.2)).
#[derive(Debug, Default)]
pub(super) struct TrailerSection {
    block: Vec<u8>,
    /// What is missing of the frame: the padding length, bytes of the priority, bytes of the block.
    is_padded: bool,
    priority: usize,
    left: usize,
    is_last: bool,
}

const PRIORITY_SIZE: usize = 5;

/// How much of a block is kept, in bytes: its first field begins within it, after changes of the table's size.
const BEGINNING: usize = 64;

impl TrailerSection {
    /// Adds a frame, whose payload follows.
    pub(super) fn with(mut self, frame: &FrameHead, is_last: bool) -> Self {
        // Only `HEADERS` has these flags: in `CONTINUATION` they mean nothing.
        let flags = if frame.kind == HEADERS { frame.flags } else { 0 };
        self.is_padded = flags & PADDED != 0;
        self.priority = if flags & PRIORITY != 0 { PRIORITY_SIZE } else { 0 };
        self.left = frame.length;
        self.is_last = is_last;
        self
    }

    /// Takes the next part of the payload.
    pub(super) fn add(&mut self, payload: &[u8]) {
        let mut rest = payload;
        if self.is_padded
            && let [padding, behind @ ..] = rest
        {
            self.is_padded = false;
            self.left = self.left.saturating_sub(1 + usize::from(*padding));
            rest = behind;
        }
        let (priority, behind) = rest.split_at(self.priority.min(rest.len()));
        self.priority -= priority.len();
        self.left = self.left.saturating_sub(priority.len());
        let fragment = behind.get(..self.left.min(behind.len())).unwrap_or_default();
        self.left -= fragment.len();
        let kept = fragment.len().min(BEGINNING - self.block.len());
        self.block.extend_from_slice(fragment.get(..kept).unwrap_or_default());
    }

    /// Ends a frame. After the last one, returns whether the section begins with a pseudo-header field.
    pub(super) fn ends(&self) -> Option<bool> {
        // No client changes the size so often.
        let has_no_field =
            self.block.len() == BEGINNING && self.block.iter().all(|byte| matches!(byte, 0x20..=0x3f));
        self.is_last.then(|| has_no_field || begins_with_pseudo_header(&self.block))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: u8 = 0;

    fn frame(kind: u8, flags: u8, stream: u32, length: usize) -> FrameHead {
        FrameHead { length, kind, flags, stream, increment: 0 }
    }

    fn too_large(section: u32, frames: &[FrameHead]) -> bool {
        let mut blocks = TrailerBlocks::new(section);
        let is_too_large = |seen| matches!(seen, Seen::Trailers { is_too_large: true, .. });
        frames.iter().fold(false, |before, frame| before | is_too_large(blocks.next(frame)))
    }

    #[test]
    fn only_trailer_sections_are_measured() {
        let limit = 100 / 4 * 15 + 1024;
        let cases = [
            (vec![frame(HEADERS, 4, 1, 5000), frame(DATA, 0, 1, 5000), frame(HEADERS, 5, 3, 5000)], false),
            (vec![frame(HEADERS, 4, 1, 10), frame(DATA, 0, 1, 7), frame(HEADERS, 5, 1, limit)], false),
            (vec![frame(HEADERS, 4, 1, 10), frame(DATA, 0, 1, 7), frame(HEADERS, 5, 1, limit + 1)], true),
            (vec![frame(HEADERS, 4, 1, 10), frame(HEADERS, 4, 3, 10), frame(HEADERS, 5, 1, limit + 1)], true),
            (vec![frame(HEADERS, 4, 1, 10), frame(HEADERS, 1, 1, limit), frame(CONTINUATION, 4, 1, 1)], true),
            (
                vec![frame(HEADERS, 0, 1, limit), frame(CONTINUATION, 4, 1, 1000), frame(HEADERS, 5, 1, 10)],
                false,
            ),
            (vec![frame(HEADERS, 4, 1, 10), frame(HEADERS, 5, 1, limit), frame(HEADERS, 5, 1, limit)], false),
        ];
        for (n, (frames, expected)) in cases.iter().enumerate() {
            assert_eq!(too_large(100, frames), *expected, "case {n}");
        }
    }

    #[test]
    fn what_h2_drops_silently_is_large_on_the_wire() {
        for section in [0, 1, 1000, 8192, 1024 * 1024, u32::MAX] {
            let bound = u64::from(TrailerBlocks::bound_of_h2(section));
            // One field over h2's limit, after others that are just small enough.
            let literal = bound.saturating_sub(u64::from(section) + 32 + 4064);
            let seen = literal * 5 / 8 > u64::from(on_the_wire(section));
            assert_eq!(seen, section != u32::MAX, "{section}");
        }
    }

    #[test]
    fn block_excludes_padding_and_priority() {
        let section = |parts: &[(FrameHead, &[u8])]| {
            let mut section = TrailerSection::default();
            let mut malformed = None;
            for (n, (frame, payload)) in parts.iter().enumerate() {
                section = section.with(frame, n + 1 == parts.len());
                payload.chunks(2).for_each(|part| section.add(part));
                malformed = section.ends();
            }
            malformed
        };
        // `:path: /` of the static table, and `x: 1` as a literal.
        let (pseudo, field) = (&[0x84][..], &[0, 1, b'x', 1, b'1'][..]);
        let headers = |flags, length| frame(HEADERS, flags, 1, length);
        let continuation = |length| frame(CONTINUATION, 4, 1, length);
        for (block, expected) in [([pseudo, field].concat(), true), ([field, pseudo].concat(), false)] {
            let whole = headers(4, block.len());
            assert_eq!(section(&[(whole, &block)]), Some(expected));
            let padded = [&[3], &block[..], &[0x84; 3]].concat();
            assert_eq!(section(&[(headers(4 | PADDED, padded.len()), &padded)]), Some(expected));
            let both = [&[3, 0, 0, 0, 0, 16], &block[..], &[0x84; 3]].concat();
            assert_eq!(section(&[(headers(4 | PADDED | PRIORITY, both.len()), &both)]), Some(expected));
            for at in 0..=block.len() {
                let (first, second) = block.split_at(at);
                let parts = [(headers(0, first.len()), first), (continuation(second.len()), second)];
                assert_eq!(section(&parts), Some(expected));
                // Padding is not a field.
                let first = [&[2], first, &[0x84; 2]].concat();
                let parts =
                    [(headers(PADDED, first.len()), &first[..]), (continuation(second.len()), second)];
                assert_eq!(section(&parts), Some(expected));
            }
        }
        assert_eq!(section(&[(headers(4, 0), &[])]), Some(false));
        assert_eq!(section(&[(headers(4 | PADDED, 2), &[9, 0])]), Some(false), "h2 refuses it");
        let sizes = [0x20; 100];
        assert_eq!(section(&[(headers(4, 100), &sizes)]), Some(true));
        assert_eq!(section(&[(headers(4, 40), &sizes[..40])]), Some(false));
    }
}
