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
    /// Checks the payload of a frame that is passed on as a whole.
    fn check(&mut self, kind: u64, payload: &[u8]) -> Result<(), Fault>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// Its head and the parts of its payload are passed on as they come.
    Stream,
    /// It is passed on once it is there as a whole.
    Whole,
    Skip,
}

#[derive(Debug)]
enum Part {
    /// The bytes of the next head that are there.
    Head {
        bytes: [u8; FrameHead::MAX_SIZE],
        size: usize,
    },
    Stream {
        left: u64,
    },
    Whole {
        head: FrameHead,
        frame: BytesMut,
    },
    Skip {
        left: u64,
    },
}

const BETWEEN: Part = Part::Head { bytes: [0; FrameHead::MAX_SIZE], size: 0 };

impl<R: Rules> FrameReader<R> {
    pub(crate) fn new(rules: R) -> Self {
        Self { rules, part: BETWEEN }
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
                Part::Whole { .. } => self.whole(chunk)?,
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
        let before = *size;
        for (place, byte) in bytes.iter_mut().skip(before).zip(chunk.iter()) {
            *place = *byte;
            *size += 1;
        }
        let there = bytes.get(..*size).unwrap_or_default();
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
                    self.ended(head, &frame)?;
                    Ok(Some(frame))
                }
                _ => {
                    self.part = Part::Whole { head, frame: BytesMut::new() };
                    self.whole(chunk)
                }
            },
        }
    }

    fn whole(&mut self, chunk: &mut Bytes) -> Result<Option<Bytes>, Fault> {
        let Part::Whole { head, frame } = &mut self.part else {
            return Ok(None);
        };
        let head = *head;
        let mut left = (head.size as u64 + head.length).saturating_sub(frame.len() as u64);
        frame.extend_from_slice(&take(chunk, &mut left));
        if left > 0 {
            return Ok(None);
        }
        let frame = std::mem::take(frame).freeze();
        self.ended(head, &frame)?;
        Ok(Some(frame))
    }

    fn ended(&mut self, head: FrameHead, frame: &Bytes) -> Result<(), Fault> {
        self.part = BETWEEN;
        self.rules.check(head.kind, frame.get(head.size..).unwrap_or_default())
    }
}

/// Takes what is there of `left` bytes.
fn take(chunk: &mut Bytes, left: &mut u64) -> Bytes {
    let there = usize::try_from(*left).map_or(chunk.len(), |left| left.min(chunk.len()));
    *left -= there as u64;
    chunk.split_to(there)
}
