use super::varint;
use crate::{load::Outcome, section::Section};
use anyhow::{Result, bail, ensure};

const DATA: u64 = 0x00;
const HEADERS: u64 = 0x01;

/// The frames of one response (RFC 9114 §4.1), which may be split anywhere.
#[derive(Default)]
pub(super) struct Response {
    stage: Stage,
    frame: Option<Frame>,
    /// What has come of a frame's head or of a field section, if it is not whole.
    part: Vec<u8>,
    outcome: Outcome,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Stage {
    #[default]
    Header,
    Content,
    End,
}

#[derive(Clone, Copy)]
struct Frame {
    kind: u64,
    left: u64,
}

impl Frame {
    /// Takes a frame's head from the front, or returns `None` if it is not whole.
    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let mut rest = *bytes;
        let (kind, left) = (varint::take(&mut rest)?, varint::take(&mut rest)?);
        *bytes = rest;
        Some(Self { kind, left })
    }
}

impl Response {
    /// Takes the next bytes of the stream, and passes on those of the content.
    pub(super) fn take(
        &mut self,
        mut bytes: &[u8],
        content: &mut impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        while !bytes.is_empty() {
            let Some(frame) = self.frame else {
                self.begin(&mut bytes)?;
                continue;
            };
            let taken = usize::try_from(frame.left).map_or(bytes.len(), |left| left.min(bytes.len()));
            let (payload, rest) = bytes.split_at(taken);
            bytes = rest;
            let left = frame.left - taken as u64;
            match frame.kind {
                DATA => {
                    self.outcome.bytes += taken as u64;
                    content(payload)?;
                }
                HEADERS => self.section(payload, left == 0)?,
                _ => {}
            }
            self.frame = (left > 0).then_some(Frame { left, ..frame });
        }
        Ok(())
    }

    fn begin(&mut self, bytes: &mut &[u8]) -> Result<()> {
        let frame = if self.part.is_empty()
            && let Some(frame) = Frame::take(bytes)
        {
            frame
        } else {
            let Some(frame) = self.begin_split(bytes) else { return Ok(()) };
            frame
        };
        match (frame.kind, self.stage) {
            (HEADERS, Stage::Header | Stage::Content) => ensure!(frame.left > 0, "an empty field section"),
            (DATA, Stage::Content) => {}
            // Types that are not known may come everywhere (RFC 9114 §9).
            (kind, _) if kind > 0x0d => {}
            (kind, _) => bail!("a frame of type {kind} in the wrong place"),
        }
        self.frame = (frame.left > 0).then_some(frame);
        Ok(())
    }

    fn begin_split(&mut self, bytes: &mut &[u8]) -> Option<Frame> {
        while let Some((first, rest)) = bytes.split_first() {
            self.part.push(*first);
            *bytes = rest;
            if let Some(frame) = Frame::take(&mut self.part.as_slice()) {
                self.part.clear();
                return Some(frame);
            }
        }
        None
    }

    fn section(&mut self, payload: &[u8], whole: bool) -> Result<()> {
        if !whole || !self.part.is_empty() {
            self.part.extend_from_slice(payload);
        }
        if !whole {
            return Ok(());
        }
        let section = Section::Qpack(if self.part.is_empty() { payload } else { &self.part });
        if self.stage == Stage::Header {
            section.check_status()?;
            self.stage = Stage::Content;
        } else {
            section.check_trailer()?;
            self.outcome.trailer = true;
            self.stage = Stage::End;
        }
        self.part.clear();
        Ok(())
    }

    /// The stream has ended.
    pub(super) fn end(self) -> Result<Outcome> {
        ensure!(
            self.stage != Stage::Header && self.frame.is_none() && self.part.is_empty(),
            "the response is not whole: {} bytes of content came",
            self.outcome.bytes
        );
        Ok(self.outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"\x01\x03\0\0\xd9";
    const TRAILER: &[u8] = b"\x01\x16\0\0\x27\x07chunky-trailer\x03foo";

    /// The content and the outcome of a stream that arrives in pieces of this size.
    fn parsed(stream: &[u8], piece: usize) -> Result<(Vec<u8>, Outcome)> {
        let (mut response, mut content) = (Response::default(), Vec::new());
        for bytes in stream.chunks(piece) {
            response.take(bytes, &mut |bytes| {
                content.extend_from_slice(bytes);
                Ok(())
            })?;
        }
        Ok((content, response.end()?))
    }

    #[test]
    fn frames_may_be_split_anywhere() {
        // An unknown frame, one without payload, and a length of two bytes.
        let stream =
            [HEAD, b"\0\x05hello", b"\x21\x02??", b"\0\0", b"\0\x40\x06 world", TRAILER, b"\x21\0"].concat();
        for piece in 1..=stream.len() {
            let (content, outcome) = parsed(&stream, piece).expect("the response is whole");
            assert_eq!(content, b"hello world");
            assert_eq!(outcome, Outcome { bytes: 11, trailer: true });
        }
    }

    #[test]
    fn response_without_a_trailer_is_whole() {
        let (_, outcome) = parsed(&[HEAD, b"\0\x01x"].concat(), 8).expect("the response is whole");
        assert_eq!(outcome, Outcome { bytes: 1, trailer: false });
    }

    #[test]
    fn parts_and_misplaced_frames_are_errors() {
        let wrong: [&[&[u8]]; 7] = [
            &[],
            &[&HEAD[..4]],
            &[HEAD, b"\0\x05hell"],
            &[HEAD, b"\0"],
            &[b"\0\x01x", HEAD],
            &[HEAD, TRAILER, b"\0\x01x"],
            &[HEAD, TRAILER, TRAILER],
        ];
        for frames in wrong {
            assert!(parsed(&frames.concat(), 3).is_err(), "{frames:02x?}");
        }
    }
}
