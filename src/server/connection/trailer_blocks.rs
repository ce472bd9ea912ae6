use super::frames::{CONTINUATION, FrameHead, HEADERS};

/// Sees how large the trailer sections are that come on an HTTP/2 connection, as they stand on the wire.
///
/// h2 (0.4) leaves out what of a section is past its own bound, and says nothing. A section of which it leaves
/// something out is either large in what it keeps, which the bridge sees, or has a field that is large by itself. That
/// one is a literal, since it has no place in the table of 4 KiB, and so it is large on the wire, too: a Huffman code has
/// five bits at least ([RFC 7541, appendix B](https://www.rfc-editor.org/rfc/rfc7541#appendix-B)).
#[derive(Debug)]
pub(in crate::server) struct TrailerBlocks {
    limit: usize,
    last_stream: u32,
    /// The size so far of a trailer section whose end has not come.
    block: Option<usize>,
}

/// What a frame of the client's begins or is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    NewStream,
    /// It belongs to a trailer section that is too large.
    LargeTrailers,
    Other,
}

const END_HEADERS: u8 = 4;

/// The most that a section of this size takes on the wire, in bytes. A Huffman code has 30 bits at most, and h2's own
/// client uses it even where it makes the value larger.
fn on_the_wire(section: u32) -> u32 {
    (section.saturating_add(3) / 4).saturating_mul(15).saturating_add(SLACK)
}

/// What a section may take on the wire besides the bytes that are counted of it: padding and priority.
const SLACK: u32 = 1024;

impl TrailerBlocks {
    /// `section` is the size that a trailer section may have, in bytes, as RFC 9113 §6.5.2 counts it.
    pub(super) fn new(section: u32) -> Self {
        let limit = on_the_wire(section) as usize;
        Self { limit, last_stream: 0, block: None }
    }

    /// The bound that h2 needs so that it leaves nothing out that is not seen here or by the bridge, in bytes.
    pub(in crate::server) fn bound_of_h2(section: u32) -> u32 {
        const TABLE_AND_FIELD: u32 = 4096 + 64;
        section
            .saturating_add((on_the_wire(section) / 5).saturating_mul(8))
            .saturating_add(8 + TABLE_AND_FIELD)
    }

    /// Takes the head of the client's next frame.
    pub(super) fn next(&mut self, frame: &FrameHead) -> Seen {
        let FrameHead { length, kind, flags, stream, .. } = *frame;
        let opens_stream = kind == HEADERS && stream > self.last_stream;
        match kind {
            // A client opens streams in rising order (RFC 9113 §5.1.1): on an older one the section is a trailer section.
            HEADERS if opens_stream => {
                self.last_stream = stream;
                self.block = None;
            }
            HEADERS => self.block = Some(length),
            CONTINUATION => self.block = self.block.map(|size| size.saturating_add(length)),
            _ => return Seen::Other,
        }
        let too_large = self.block.is_some_and(|size| size > self.limit);
        if flags & END_HEADERS != 0 {
            self.block = None;
        }
        match (opens_stream, too_large) {
            (true, _) => Seen::NewStream,
            (false, true) => Seen::LargeTrailers,
            (false, false) => Seen::Other,
        }
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
        frames.iter().fold(false, |before, frame| before | (blocks.next(frame) == Seen::LargeTrailers))
    }

    #[test]
    fn trailer_sections_alone_are_measured() {
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
    fn what_h2_leaves_out_unseen_is_large_on_the_wire() {
        for section in [0, 1, 1000, 8192, 1024 * 1024, u32::MAX] {
            let bound = u64::from(TrailerBlocks::bound_of_h2(section));
            // One field past h2's bound, behind others that are just not too large themselves.
            let literal = bound.saturating_sub(u64::from(section) + 32 + 4064);
            let seen = literal * 5 / 8 > u64::from(on_the_wire(section));
            assert_eq!(seen, section != u32::MAX, "{section}");
        }
    }
}
