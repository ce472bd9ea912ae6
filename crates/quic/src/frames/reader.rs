use super::FrameHead;
use crate::Fault;
use bytes::{Bytes, BytesMut};

/// Divides what a peer sends into what h3 gets: the head of a `DATA` frame, a part of its content, or another frame as a whole.
///
/// h3 (0.0.8) reads once for each of these that it takes, so it never has more than one of them in memory.
#[derive(Debug)]
pub(crate) struct FrameReader<R> {
    rules: R,
    part: Part,
}

/// What a peer may send on a stream.
pub(crate) trait Rules {
    /// What becomes of a frame with this head.
    fn begin(&mut self, head: FrameHead) -> Result<Treatment, Fault>;
    /// Checks the payload of a frame that is there as a whole. Returns whether it is passed on.
    fn check(&mut self, kind: u64, payload: &[u8]) -> Result<bool, Fault>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// Its head and the parts of its payload are passed on as they come.
    Stream,
    /// It is checked, and passed on, once it is there as a whole.
    Whole,
    Skip,
}

#[derive(Debug)]
enum Part {
    /// The bytes of the next head that are there.
    Head {
        bytes: [u8; FrameHead::MAX_SIZE],
        size: u8,
    },
    Stream {
        left: u64,
    },
    /// It is in a box because most are there at once.
    Whole(Box<(FrameHead, BytesMut)>),
    Skip {
        left: u64,
    },
}

const BETWEEN: Part = Part::Head { bytes: [0; FrameHead::MAX_SIZE], size: 0 };

impl<R: Rules> FrameReader<R> {
    pub(crate) fn new(rules: R) -> Self {
        Self { rules, part: BETWEEN }
    }

    pub(crate) fn rules(&self) -> &R {
        &self.rules
    }

    /// Whether no frame has begun that has not ended.
    pub(crate) fn is_between(&self) -> bool {
        matches!(self.part, Part::Head { size: 0, .. } | Part::Stream { left: 0 } | Part::Skip { left: 0 })
    }

    /// Takes from the front of `chunk`. Returns what h3 gets, or `None` if the chunk is used up.
    pub(crate) fn next(&mut self, chunk: &mut Bytes) -> Result<Option<Bytes>, Fault> {
        while !chunk.is_empty() {
            let passed = match &mut self.part {
                Part::Head { .. } => self.head(chunk)?,
                Part::Stream { left: 0 } | Part::Skip { left: 0 } => {
                    self.part = BETWEEN;
                    None
                }
                Part::Stream { left } => Some(take(chunk, left)),
                Part::Skip { left } => {
                    let _skipped = take(chunk, left);
                    None
                }
                Part::Whole(_) => self.whole(chunk)?,
            };
            if passed.is_some() {
                return Ok(passed);
            }
        }
        Ok(None)
    }

    fn head(&mut self, chunk: &mut Bytes) -> Result<Option<Bytes>, Fault> {
        let Part::Head { bytes, size } = &mut self.part else {
            return Ok(None);
        };
        if *size == 0
            && let Some(head) = FrameHead::parse(chunk)
        {
            return self.begin(head, chunk);
        }
        // It is in several chunks.
        let before = usize::from(*size);
        for (place, byte) in bytes.iter_mut().skip(before).zip(chunk.iter()) {
            *place = *byte;
            *size += 1;
        }
        let there = bytes.get(..usize::from(*size)).unwrap_or_default();
        match FrameHead::parse(there) {
            None => {
                // A whole head would have been found, so this is all of it.
                chunk.clear();
                Ok(None)
            }
            Some(head) => {
                let mut whole = BytesMut::with_capacity(head.size + chunk.len());
                whole.extend_from_slice(there.get(..before).unwrap_or_default());
                whole.extend_from_slice(chunk);
                *chunk = whole.freeze();
                self.begin(head, chunk)
            }
        }
    }

    /// `chunk` begins with the head.
    fn begin(&mut self, head: FrameHead, chunk: &mut Bytes) -> Result<Option<Bytes>, Fault> {
        let treatment = self.rules.begin(head)?;
        match treatment {
            // An empty one would end the content for h3.
            Treatment::Stream if head.length > 0 => {
                self.part = Part::Stream { left: head.length };
                Ok(Some(chunk.split_to(head.size)))
            }
            Treatment::Stream | Treatment::Skip => {
                let _head = chunk.split_to(head.size);
                self.part = Part::Skip { left: head.length };
                Ok(None)
            }
            Treatment::Whole => match usize::try_from(head.length) {
                Ok(length) if chunk.len() - head.size >= length => {
                    let frame = chunk.split_to(head.size + length);
                    self.ended(head, frame)
                }
                _ => {
                    self.part = Part::Whole(Box::new((head, BytesMut::new())));
                    self.whole(chunk)
                }
            },
        }
    }

    fn whole(&mut self, chunk: &mut Bytes) -> Result<Option<Bytes>, Fault> {
        let Part::Whole(whole) = &mut self.part else {
            return Ok(None);
        };
        let (head, frame) = &mut **whole;
        let head = *head;
        let mut left = (head.size as u64 + head.length).saturating_sub(frame.len() as u64);
        frame.extend_from_slice(&take(chunk, &mut left));
        if left > 0 {
            return Ok(None);
        }
        let frame = std::mem::take(frame).freeze();
        self.ended(head, frame)
    }

    fn ended(&mut self, head: FrameHead, frame: Bytes) -> Result<Option<Bytes>, Fault> {
        self.part = BETWEEN;
        let is_passed = self.rules.check(head.kind, frame.get(head.size..).unwrap_or_default())?;
        Ok(is_passed.then_some(frame))
    }
}

/// Takes what is there of `left` bytes.
fn take(chunk: &mut Bytes, left: &mut u64) -> Bytes {
    let there = usize::try_from(*left).map_or(chunk.len(), |left| left.min(chunk.len()));
    *left -= there as u64;
    chunk.split_to(there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bounds, frames::Message};

    /// A request's header section, `GET https://localhost/`.
    const HEADERS: &[u8] = &[1, 5, 0, 0, 0xd1, 0xd7, 0xc1];

    fn request() -> FrameReader<Message> {
        FrameReader::new(Message::request(Bounds::new(100, 50)))
    }

    /// What h3 gets of these chunks, one part a line.
    fn parts(chunks: &[&[u8]]) -> Result<Vec<Vec<u8>>, Fault> {
        let mut frames = request();
        let mut parts = Vec::new();
        for chunk in chunks {
            let mut chunk = Bytes::copy_from_slice(chunk);
            while let Some(part) = frames.next(&mut chunk)? {
                parts.push(part.to_vec());
            }
        }
        Ok(parts)
    }

    #[test]
    fn head_of_content_and_its_parts_are_passed_on_one_by_one() {
        let parts = parts(&[HEADERS, b"\0\x05he", b"llo\0\x01", b"!"]);
        let expected: [&[u8]; 6] = [HEADERS, b"\0\x05", b"he", b"llo", b"\0\x01", b"!"];
        assert_eq!(parts, Ok(expected.map(<[u8]>::to_vec).to_vec()));
    }

    #[test]
    fn sections_are_passed_on_as_a_whole() {
        let (first, second) = HEADERS.split_at(4);
        assert_eq!(parts(&[first]), Ok(vec![]));
        assert_eq!(parts(&[first, second]), Ok(vec![HEADERS.to_vec()]));
        let bytes: Vec<_> = HEADERS.iter().map(std::slice::from_ref).collect();
        assert_eq!(parts(&bytes), Ok(vec![HEADERS.to_vec()]));
    }

    #[test]
    fn empty_content_and_unknown_frames_are_not_passed_on() {
        let unknown = &[&[0x21, 50], &[7; 50][..]].concat();
        let passed = parts(&[unknown, HEADERS, b"\0\0", unknown, b"\0\0\0\x01!", b"\0\0", unknown]);
        assert_eq!(passed, Ok(vec![HEADERS.to_vec(), b"\0\x01".to_vec(), b"!".to_vec()]));
    }

    #[test]
    fn frames_over_a_bound_are_refused_by_their_heads() {
        for (head, fault) in [
            (&[1, 0x40, 101][..], Fault::SectionTooLarge { bytes: 101, limit: 100 }),
            (&[1, 0xc0, 0, 0, 0, 0x40, 0, 0, 0], Fault::SectionTooLarge { bytes: 1 << 30, limit: 100 }),
            (&[0x21, 51], Fault::FrameTooLarge { kind: 0x21, bytes: 51, limit: 50 }),
            (&[0x40, 0x41, 51], Fault::FrameTooLarge { kind: 0x41, bytes: 51, limit: 50 }),
        ] {
            assert_eq!(parts(&[head]), Err(fault));
        }
        assert_eq!(parts(&[&[1, 0x40, 100]]), Ok(vec![]), "the bound itself");
    }

    #[test]
    fn end_is_allowed_between_frames_alone() {
        for (bytes, is_between) in [
            (&b""[..], true),
            (&[1], false),
            (&[0x40], false),
            (HEADERS, true),
            (&HEADERS[..5], false),
            (&[HEADERS, &[0]].concat(), false),
            (&[HEADERS, &[0, 2]].concat(), false),
            (&[HEADERS, &[0, 2, b'a']].concat(), false),
            (&[HEADERS, &[0, 2, b'a', b'b']].concat(), true),
            (&[HEADERS, &[0, 0]].concat(), true),
            (&[HEADERS, &[0x21, 2, 0]].concat(), false),
            (&[HEADERS, &[0x21, 2, 0, 0]].concat(), true),
        ] {
            let mut frames = request();
            let mut chunk = Bytes::copy_from_slice(bytes);
            while frames.next(&mut chunk).expect("no fault").is_some() {}
            assert_eq!(frames.is_between(), is_between, "{bytes:x?}");
        }
    }
}
