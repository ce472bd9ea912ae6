/// Follows the framing of the HTTP/1.1 requests that hyper writes, through any splits
/// ([RFC 9112 §7.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1)).
#[derive(Clone, Debug)]
pub(super) struct RequestFraming {
    state: State,
    line: Line,
    content: Content,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// In front of a request.
    Start,
    /// In a line of the header section.
    Head,
    /// In content with a length, of which this number of bytes remains.
    Length(u64),
    /// In the line in front of a chunk, with the digits until here.
    ChunkSize(u64),
    /// In a chunk, of which this number of bytes remains, including its CRLF.
    Chunk(u64),
    /// Behind the last chunk, in a line of the trailer section.
    Trailers,
}

/// How the header section delimits the content.
#[derive(Clone, Copy, Debug)]
enum Content {
    Length(u64),
    Chunked,
}

/// The beginning of a line. It is long enough for the fields that matter.
#[derive(Clone, Copy, Debug)]
struct Line {
    bytes: [u8; 48],
    length: usize,
}

/// What was found in some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The number of bytes in front of the first end that was not to be passed, or all.
    pub(super) length: usize,
    /// The number of ends that were passed.
    pub(super) passed: usize,
}

impl RequestFraming {
    pub(super) fn new() -> Self {
        Self { state: State::Start, line: Line::EMPTY, content: Content::Length(0) }
    }

    /// Follows these bytes. Stops in front of the empty line that ends a chunked request, after having passed `most` of them.
    pub(super) fn follow(&mut self, bytes: &[u8], most: usize) -> Found {
        let mut found = Found { length: 0, passed: 0 };
        while let Some(&next) = bytes.get(found.length) {
            if self.is_at_end(next) {
                if found.passed == most {
                    break;
                }
                found.passed += 1;
            }
            let rest = bytes.len() - found.length;
            found.length += self.step(next, rest);
        }
        found
    }

    /// Whether the next byte begins a request.
    pub(super) fn is_between_requests(&self) -> bool {
        matches!(self.state, State::Start)
    }

    /// Whether `next` begins the empty line that ends a chunked request.
    fn is_at_end(&self, next: u8) -> bool {
        matches!(self.state, State::Trailers) && self.line.length == 0 && next == b'\r'
    }

    /// Follows one byte, or more if they need not be read. Returns their number.
    fn step(&mut self, next: u8, available: usize) -> usize {
        if let State::Start = self.state {
            self.state = State::Head;
        }
        match &mut self.state {
            State::Length(remaining) | State::Chunk(remaining) => {
                let skipped = usize::try_from(*remaining).unwrap_or(usize::MAX).min(available);
                *remaining -= skipped as u64;
                if *remaining == 0 {
                    self.state = match self.state {
                        State::Chunk(_) => State::ChunkSize(0),
                        _ => State::Start,
                    };
                }
                return skipped;
            }
            State::ChunkSize(size) => match (char::from(next).to_digit(16), next) {
                (Some(digit), _) => *size = (*size << 4) | u64::from(digit),
                (None, b'\n') if *size == 0 => self.state = State::Trailers,
                (None, b'\n') => self.state = State::Chunk(size.saturating_add(2)),
                // hyper writes no extensions.
                (None, _) => {}
            },
            State::Head if next == b'\n' => self.end_head_line(),
            State::Trailers if next == b'\n' => {
                if self.line.is_empty() {
                    *self = Self::new();
                }
                self.line = Line::EMPTY;
            }
            State::Start | State::Head | State::Trailers => self.line.push(next),
        }
        1
    }

    fn end_head_line(&mut self) {
        if !self.line.is_empty() {
            if let Some(content) = self.line.content() {
                self.content = content;
            }
            self.line = Line::EMPTY;
            return;
        }
        self.state = match self.content {
            Content::Length(0) => State::Start,
            Content::Length(length) => State::Length(length),
            Content::Chunked => State::ChunkSize(0),
        };
        self.line = Line::EMPTY;
        self.content = Content::Length(0);
    }
}

impl Line {
    const EMPTY: Self = Self { bytes: [0; 48], length: 0 };

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// Without its end.
    fn text(&self) -> &[u8] {
        self.bytes[..self.length].trim_ascii_end()
    }

    fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    fn content(&self) -> Option<Content> {
        let text = str::from_utf8(self.text()).ok()?;
        let (name, value) = text.split_once(':')?;
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Some(Content::Chunked);
        }
        let length =
            value.trim_ascii().parse().ok().filter(|_| name.eq_ignore_ascii_case("content-length"))?;
        Some(Content::Length(length))
    }
}
