use super::frame_headers::{DATA, Frame, FrameHeaders};
use crate::{bounds::MOST_SECTION, verdict::Cut};
use std::collections::BTreeMap;

/// Checks the HTTP/2 frames that arrive for what hyper and h2 do not limit, or do not report.
#[derive(Debug)]
pub(super) struct Http2Frames {
    headers: FrameHeaders,
    is_first: bool,
    /// The compressed size of the section that is arriving, in bytes.
    section: usize,
    /// For each stream, the sections that did not end it.
    sections: BTreeMap<u32, usize>,
}

/// The maximum number of informational responses to a request.
pub(crate) const MOST_INFORMATIONAL: usize = 32;

/// The maximum number of streams whose sections are counted.
const MOST_STREAMS: usize = 256;

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;

impl Http2Frames {
    pub(super) fn new() -> Self {
        Self { headers: FrameHeaders::default(), is_first: true, section: 0, sections: BTreeMap::new() }
    }

    /// Checks the next bytes.
    pub(super) fn check(&mut self, mut bytes: &[u8]) -> Result<(), Cut> {
        while !bytes.is_empty() {
            if let Some(frame) = self.headers.next(&mut bytes) {
                self.check_frame(&frame)?;
            }
        }
        Ok(())
    }

    fn check_frame(&mut self, frame: &Frame) -> Result<(), Cut> {
        if std::mem::take(&mut self.is_first) && frame.kind != SETTINGS {
            return Err(Cut::Malformed("the server does not respond with HTTP/2".to_owned()));
        }
        match frame.kind {
            HEADERS => {
                self.section = frame.length;
                self.count_section(frame)?;
            }
            CONTINUATION => self.section = self.section.saturating_add(frame.length),
            DATA | RST_STREAM if frame.kind == RST_STREAM || frame.flags & END_STREAM != 0 => {
                self.sections.remove(&frame.stream);
            }
            _ => {}
        }
        if self.section > MOST_SECTION {
            return Err(Cut::TooLarge(format!(
                "a header or trailer section has more than {MOST_SECTION} bytes"
            )));
        }
        Ok(())
    }

    /// Only informational responses and the header section of the final one do not end a stream.
    fn count_section(&mut self, frame: &Frame) -> Result<(), Cut> {
        if frame.flags & END_STREAM != 0 {
            self.sections.remove(&frame.stream);
            return Ok(());
        }
        let sections = self.sections.entry(frame.stream).or_default();
        *sections += 1;
        if *sections > MOST_INFORMATIONAL + 1 {
            return Err(too_many_informational());
        }
        if self.sections.len() > MOST_STREAMS {
            // The oldest, which this side has probably reset.
            self.sections.pop_first();
        }
        Ok(())
    }
}

pub(crate) fn too_many_informational() -> Cut {
    Cut::TooLarge(format!("there are more than {MOST_INFORMATIONAL} informational (1xx) responses"))
}

#[cfg(test)]
mod tests {
    use super::{super::frame_headers::HEADER, *};
    use proptest::prelude::*;

    fn frame(kind: u8, flags: u8, stream: u32, length: usize) -> Vec<u8> {
        let size = u32::try_from(length).expect("small").to_be_bytes();
        let mut frame = vec![size[1], size[2], size[3], kind, flags];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.resize(HEADER + length, 0);
        frame
    }

    fn check(frames: &[Vec<u8>], part: usize) -> Result<(), Cut> {
        let mut checked = Http2Frames::new();
        let bytes = [&[frame(SETTINGS, 0, 0, 0)], frames].concat().concat();
        bytes.chunks(part).try_for_each(|part| checked.check(part))
    }

    #[test]
    fn sections_are_bounded_in_any_splits() {
        for (sizes, is_accepted) in [
            (vec![MOST_SECTION], true),
            (vec![MOST_SECTION + 1], false),
            (vec![16_384; 4], true),
            (vec![16_384, 16_384, 16_384, 16_384, 1], false),
        ] {
            let kinds = std::iter::once(HEADERS).chain(std::iter::repeat(CONTINUATION));
            let frames: Vec<_> =
                sizes.iter().zip(kinds).map(|(size, kind)| frame(kind, 0, 1, *size)).collect();
            // The next section counts from the beginning.
            let frames = [frames, vec![frame(HEADERS, 0, 1, 100)]].concat();
            for part in [1, 7, 9, 1000, 1_000_000] {
                assert_eq!(check(&frames, part).is_ok(), is_accepted, "{sizes:?} in parts of {part}");
            }
        }
    }

    #[test]
    fn informational_responses_are_bounded_for_each_stream() {
        let hints = |stream: u32, number: usize| vec![frame(HEADERS, 0, stream, 1); number];
        let most = MOST_INFORMATIONAL + 1;
        assert!(check(&hints(1, most), 9).is_ok());
        assert!(check(&hints(1, most + 1), 9).is_err());
        assert!(check(&[hints(1, most), hints(3, most)].concat(), 9).is_ok());
        let with_trailers = [hints(1, most), vec![frame(HEADERS, END_STREAM, 1, 1)]].concat();
        assert!(check(&with_trailers, 9).is_ok());
    }

    #[test]
    fn streams_that_ended_are_forgotten() {
        for end in
            [frame(HEADERS, END_STREAM, 1, 1), frame(DATA, END_STREAM, 1, 5), frame(RST_STREAM, 0, 1, 4)]
        {
            let mut frames = Http2Frames::new();
            frames.check(&frame(SETTINGS, 0, 0, 0)).expect("no fault");
            frames.check(&frame(HEADERS, 0, 1, 1)).expect("no fault");
            frames.check(&frame(DATA, 0, 1, 5)).expect("no fault");
            assert_eq!(frames.sections.len(), 1);
            frames.check(&end).expect("no fault");
            assert_eq!(frames.sections.len(), 0);
        }
        let mut frames = Http2Frames::new();
        frames.check(&frame(SETTINGS, 0, 0, 0)).expect("no fault");
        for stream in 0..1000 {
            frames.check(&frame(HEADERS, 0, 2 * stream + 1, 1)).expect("no fault");
        }
        assert_eq!(frames.sections.len(), MOST_STREAMS, "those that never end are bounded");
    }

    #[test]
    fn first_frame_is_that_of_the_settings() {
        assert!(Http2Frames::new().check(&frame(HEADERS, 0, 1, 1)).is_err());
        assert!(Http2Frames::new().check(b"HTTP/1.1 400 Bad Request\r\n\r\n").is_err());
        assert!(Http2Frames::new().check(&frame(SETTINGS, 0, 0, 6)).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_splits_have_one_result(bytes in prop::collection::vec(any::<u8>(), 0..400), part in 1..50_usize) {
            let whole = Http2Frames::new().check(&bytes);
            let mut frames = Http2Frames::new();
            let parts = bytes.chunks(part).try_for_each(|part| frames.check(part));
            prop_assert_eq!(whole, parts);
        }
    }
}
