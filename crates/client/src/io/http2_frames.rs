use crate::verdict::Cut;
use std::collections::BTreeMap;

/// Checks the HTTP/2 frames that arrive ([RFC 9113 §4.1](https://www.rfc-editor.org/rfc/rfc9113#section-4.1)) for what
/// hyper and h2 do not limit, or do not report.
#[derive(Debug)]
pub(super) struct Http2Frames {
    header: [u8; HEADER],
    /// The number of bytes of `header` that have arrived.
    arrived: usize,
    /// The rest of the payload in bytes.
    payload: usize,
    is_first: bool,
    /// The compressed size of the section that is arriving, in bytes.
    section: usize,
    /// For each stream, the sections that did not end it.
    sections: BTreeMap<u32, usize>,
}

/// The size of a frame's header in bytes.
const HEADER: usize = 9;

/// The maximum compressed size of a section in bytes.
pub(super) const MOST_COMPRESSED: usize = 64 * 1024;

/// The maximum number of informational responses to a request.
pub(crate) const MOST_INFORMATIONAL: usize = 32;

/// The maximum number of streams whose sections are counted.
const MOST_STREAMS: usize = 256;

struct Frame {
    length: usize,
    kind: u8,
    flags: u8,
    stream: u32,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;

impl Http2Frames {
    pub(super) fn new() -> Self {
        Self {
            header: [0; HEADER],
            arrived: 0,
            payload: 0,
            is_first: true,
            section: 0,
            sections: BTreeMap::new(),
        }
    }

    /// Checks the next bytes.
    pub(super) fn check(&mut self, mut bytes: &[u8]) -> Result<(), Cut> {
        while !bytes.is_empty() {
            let skipped = self.payload.min(bytes.len());
            self.payload -= skipped;
            bytes = &bytes[skipped..];
            let part = bytes.len().min(HEADER - self.arrived);
            self.header[self.arrived..self.arrived + part].copy_from_slice(&bytes[..part]);
            self.arrived += part;
            bytes = &bytes[part..];
            if self.arrived == HEADER {
                self.arrived = 0;
                let frame = Frame::read(&self.header);
                self.payload = frame.length;
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
        if self.section > MOST_COMPRESSED {
            return Err(Cut::TooLarge(format!(
                "a header or trailer section has more than {MOST_COMPRESSED} bytes"
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
