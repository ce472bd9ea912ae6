//! Finds where an HTTP/1.1 client's requests end, before hyper reads them.
//!
//! hyper accepts malformed chunked framing and loses what follows it: `0\r\nx: y\n\n` swallows the next request
//! ([RFC 9112 §7.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1) and
//! [§11.2](https://www.rfc-editor.org/rfc/rfc9112#section-11.2), request smuggling). So chunked content is checked
//! strictly here. hyper checks the heads: here only the target and the fields that determine where the content ends are
//! read.

use crate::connection::{FramingError, HeadFault, MOST_EXTENSIONS};
use axum_trailers::syntax::is_tchar;
use memchr::{memchr, memchr_iter, memchr2};

/// Follows the requests of one connection, however their bytes are split.
#[derive(Debug, Default)]
pub(super) struct Http1Framing {
    state: State,
    /// The beginning of an incomplete head.
    head: Vec<u8>,
    requests: usize,
    refused: Option<(usize, HeadFault)>,
    /// The size of the chunk extensions in the content so far, in bytes.
    extensions: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before a request, where empty lines are ignored.
    #[default]
    Start,
    Head,
    /// Content of known length.
    Length(u64),
    Chunked(Chunked),
    /// Nothing is checked any more: hyper rejects the request, or has stopped reading.
    Unchecked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chunked {
    /// With this many digits so far.
    Size {
        size: u64,
        digits: u8,
    },
    /// Whitespace, which a semicolon must follow.
    SizeSpace {
        size: u64,
    },
    Extension {
        size: u64,
    },
    SizeLf {
        size: u64,
    },
    Data {
        left: u64,
    },
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    LastLf,
}

impl Http1Framing {
    /// Takes the next bytes. If they are malformed, returns how many of them precede the fault.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Result<(), (usize, FramingError)> {
        let mut rest = bytes;
        while let [first, behind @ ..] = rest {
            rest = match self.state {
                State::Start if matches!(first, b'\r' | b'\n') => behind,
                State::Start => {
                    self.state = State::Head;
                    rest
                }
                State::Head => self.head(rest),
                State::Length(left) => {
                    let taken = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    self.state = match left - taken as u64 {
                        0 => State::Start,
                        left => State::Length(left),
                    };
                    rest.get(taken..).unwrap_or_default()
                }
                State::Chunked(chunked) => {
                    let (state, taken) = chunked.next(*first, rest.len());
                    match state.and_then(|state| self.bounded(state)) {
                        Ok(state) => self.state = state,
                        Err(error) => {
                            self.state = State::Unchecked;
                            return Err((bytes.len() - rest.len(), error));
                        }
                    }
                    rest.get(taken..).unwrap_or_default()
                }
                State::Unchecked => return Ok(()),
            };
        }
        Ok(())
    }

    /// The number of the first request, from 1, that must be rejected for its head.
    pub(super) fn refused(&self) -> Option<(usize, HeadFault)> {
        self.refused
    }

    /// Counts chunk extensions. hyper also limits them, but reports a different error.
    fn bounded(&mut self, state: State) -> Result<State, FramingError> {
        if let State::Chunked(Chunked::Extension { .. }) = state {
            self.extensions += 1;
        }
        if self.extensions > MOST_EXTENSIONS { Err(FramingError::TooManyExtensions) } else { Ok(state) }
    }

    /// Takes bytes up to the end of the head, or all of them.
    fn head<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        // The empty line may have begun in the previous part: a line feed, and perhaps a carriage return.
        let before = self.head.len().min(2);
        let from = self.head.len() - before;
        if self.head.is_empty() {
            return match end_of_head(bytes) {
                Some(end) => {
                    let (head, rest) = bytes.split_at(end);
                    self.ended(head);
                    rest
                }
                None => self.keep(bytes),
            };
        }
        let old = self.head.len();
        self.head.extend_from_slice(bytes);
        match self.head.get(from..).and_then(end_of_head) {
            Some(end) => {
                let head = std::mem::take(&mut self.head);
                let end = from + end;
                self.ended(head.get(..end).unwrap_or_default());
                bytes.get(end - old..).unwrap_or_default()
            }
            None => self.keep(&[]),
        }
    }

    fn keep<'b>(&mut self, bytes: &[u8]) -> &'b [u8] {
        self.head.extend_from_slice(bytes);
        if self.head.len() > LONGEST_HEAD {
            // hyper has rejected it by now.
            (self.state, self.head) = (State::Unchecked, Vec::new());
        }
        &[]
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn requests(&self) -> usize {
        self.requests
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn is_between_requests(&self) -> bool {
        self.state == State::Start
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn is_in_content(&self) -> bool {
        matches!(self.state, State::Length(_) | State::Chunked(Chunked::Data { .. }))
    }

    fn ended(&mut self, head: &[u8]) {
        self.requests += 1;
        let (coding, length) = framing_fields(head);
        let fault = match (coding, length) {
            (Some(_), Some(_)) => Some(HeadFault::AmbiguousLength),
            _ => has_fragment(head).then_some(HeadFault::Fragment),
        };
        self.refused = self.refused.or(fault.map(|fault| (self.requests, fault)));
        self.extensions = 0;
        self.state = content(coding, length);
    }
}

/// Whether the target of a request has a fragment. No form of a target allows one
/// ([RFC 9112 §3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)). A method may contain `#`.
fn has_fragment(head: &[u8]) -> bool {
    let target = memchr(b' ', head).and_then(|method| head.get(method..)).unwrap_or_default();
    memchr2(b'#', b'\n', target).is_some_and(|end| target.get(end) == Some(&b'#'))
}

/// More than the largest limit of a header section.
const LONGEST_HEAD: usize = 4 * 1024 * 1024;

/// The length of a head: it ends with the first empty line. As in hyper, lines may end with LF alone
/// ([RFC 9112 §2.2](https://www.rfc-editor.org/rfc/rfc9112#section-2.2)).
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    memchr_iter(b'\n', bytes).map(|line_feed| line_feed + 1).find_map(|from| match bytes.get(from..)? {
        [b'\n', ..] => Some(from + 1),
        [b'\r', b'\n', ..] => Some(from + 2),
        _ => None,
    })
}

/// The last `Transfer-Encoding` and the last `Content-Length` of a head.
fn framing_fields(head: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let (mut coding, mut length) = (None, None);
    for from in memchr_iter(b'\n', head) {
        let line = head.get(from + 1..).unwrap_or_default();
        // Skips all other names.
        if let [b't' | b'T', ..] = line {
            coding = value(line, b"transfer-encoding:").or(coding);
        } else if let [b'c' | b'C', ..] = line {
            length = value(line, b"content-length:").or(length);
        }
    }
    (coding, length)
}

/// The value of the line's field, if the line begins with this name and colon.
fn value<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    let (start, rest) = line.split_at_checked(name.len())?;
    let value = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    start.eq_ignore_ascii_case(name).then_some(value.trim_ascii())
}

/// What follows a head. hyper rejects malformed values.
fn content(coding: Option<&[u8]>, length: Option<&[u8]>) -> State {
    match (coding, length) {
        (Some(coding), _) => {
            let last = coding.rsplit(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
            if last.eq_ignore_ascii_case(b"chunked") { Chunked::START } else { State::Unchecked }
        }
        (None, Some(length)) => match std::str::from_utf8(length).ok().and_then(|text| text.parse().ok()) {
            Some(0) => State::Start,
            Some(length) => State::Length(length),
            None => State::Unchecked,
        },
        (None, None) => State::Start,
    }
}

impl Chunked {
    const START: State = State::Chunked(Self::Size { size: 0, digits: 0 });

    /// Takes one byte, or more of the available ones: returns the next state, and how many were taken.
    fn next(self, byte: u8, here: usize) -> (Result<State, FramingError>, usize) {
        if let Self::Data { left } = self {
            let taken = usize::try_from(left).unwrap_or(usize::MAX).min(here);
            let left = left - taken as u64;
            let state = if left == 0 { Self::DataCr } else { Self::Data { left } };
            return (Ok(State::Chunked(state)), taken);
        }
        (self.step(byte), 1)
    }

    #[expect(
        clippy::match_same_arms,
        reason = "a row for each state and the bytes that it may see, in their order"
    )]
    fn step(self, byte: u8) -> Result<State, FramingError> {
        use FramingError as Error;
        Ok(State::Chunked(match (self, byte) {
            (Self::Size { size, digits: digits @ 0..16 }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                Self::Size { size: size << 4 | u64::from(digit), digits: digits + 1 }
            }
            (Self::Size { size, digits: 1.. }, b'\r') => Self::SizeLf { size },
            (Self::Size { size, digits: 1.. } | Self::SizeSpace { size }, b';') => Self::Extension { size },
            (Self::Size { size, digits: 1.. } | Self::SizeSpace { size }, b' ' | b'\t') => {
                Self::SizeSpace { size }
            }
            (Self::Size { digits: 1.., .. } | Self::SizeSpace { .. }, b'\n') => return Err(Error::LineEnd),
            (Self::Size { .. } | Self::SizeSpace { .. }, _) => return Err(Error::Size),
            (Self::Extension { size }, b'\r') => Self::SizeLf { size },
            (Self::Extension { .. }, b'\n') => return Err(Error::LineEnd),
            (Self::Extension { size }, b'\t' | b' '..=b'~' | 0x80..) => Self::Extension { size },
            (Self::Extension { .. }, _) => return Err(Error::Extension),
            (Self::SizeLf { size: 0 }, b'\n') => Self::TrailerStart,
            (Self::SizeLf { size }, b'\n') => Self::Data { left: size },
            (Self::DataCr, b'\r') => Self::DataLf,
            (Self::DataLf, b'\n') => return Ok(Self::START),
            (Self::DataCr, _) => return Err(Error::ChunkEnd),
            (Self::TrailerStart, b'\r') => Self::LastLf,
            (Self::TrailerStart | Self::TrailerName, byte) if is_tchar(byte) => Self::TrailerName,
            (Self::TrailerName, b':') => Self::TrailerValue,
            (Self::TrailerStart | Self::TrailerValue, b'\n') => return Err(Error::LineEnd),
            (Self::TrailerValue, b'\r') => Self::TrailerLf,
            (Self::TrailerValue, b'\t' | b' '..=b'~' | 0x80..) => Self::TrailerValue,
            (Self::TrailerStart | Self::TrailerName | Self::TrailerValue, _) => return Err(Error::Trailer),
            (Self::TrailerLf, b'\n') => Self::TrailerStart,
            (Self::LastLf, b'\n') => return Ok(State::Start),
            (Self::SizeLf { .. } | Self::DataLf | Self::TrailerLf | Self::LastLf, _) => {
                return Err(Error::LineEnd);
            }
            (Self::Data { .. }, _) => return Ok(State::Chunked(self)),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::fuzzing::{Checked, check, chunked_framing},
        *,
    };
    use proptest::{collection::vec, prelude::*, sample::select};

    const HEAD: &[u8] = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    const NEXT: &[u8] = b"GET /next HTTP/1.1\r\nhost: a\r\n\r\n";

    fn between_requests(requests: usize) -> Checked {
        Checked { fault: None, is_between_requests: true, requests }
    }

    #[test]
    fn well_formed_content_ends_where_the_next_request_begins() {
        for content in [
            &b"0\r\n\r\n"[..],
            b"5\r\nhello\r\n0\r\n\r\n",
            b"005\r\nhello\r\n000\r\n\r\n",
            b"a\r\n0\r\n\r\n12345\r\n0\r\n\r\n",
            b"A;name=value;other=\"a b\"\r\n0123456789\r\n0;last\r\n\r\n",
            b"1 ;a\r\nx\r\n0\r\n\r\n",
            b"1\r\nx\r\n0\r\nx-a: 1\r\nx-b:\r\nx-c: a\tb \xe9\r\n\r\n",
        ] {
            let wire = [HEAD, content, NEXT, HEAD, content].concat();
            for step in [1, 2, 3, 7, 1000] {
                assert_eq!(check(&wire, step), between_requests(3), "{}", content.escape_ascii());
            }
        }
    }

    #[test]
    fn first_fault_is_found_however_the_bytes_are_split() {
        use FramingError::{ChunkEnd, Extension, LineEnd, Size, Trailer};
        for (content, valid, error) in [
            (&b"x"[..], 0, Size),
            (b"\r\n", 0, Size),
            (b"5\nhello", 1, LineEnd),
            (b"5 \r\nhello", 2, Size),
            (b"+5\r\n", 0, Size),
            (b"0x5\r\n", 1, Size),
            (b"10000000000000000\r\n", 16, Size),
            (b"5;a\0b\r\n", 3, Extension),
            (b"5;a\x7f\r\n", 3, Extension),
            (b"5;a\nhello", 3, LineEnd),
            (b"5\r\rhello", 2, LineEnd),
            (b"5\r\nhello0\r\n", 8, ChunkEnd),
            (b"5\r\nhello\n0\r\n", 8, ChunkEnd),
            (b"5\r\nhello\r0", 9, LineEnd),
            (b"0\r\n\n", 3, LineEnd),
            (b"0\r\nx: y\n\n", 7, LineEnd),
            (b"0\r\nx: 1\r\n\n", 9, LineEnd),
            (b"0\r\nx: 1\n\r\n", 7, LineEnd),
            (b"0\r\nx\r\n", 4, Trailer),
            (b"0\r\n: 1\r\n", 3, Trailer),
            (b"0\r\nx : 1\r\n", 4, Trailer),
            (b"0\r\nx\": 1\r\n", 4, Trailer),
            (b"0\r\nx: 1\r\n folded\r\n", 9, Trailer),
            (b"0\r\nx: a\0\r\n", 7, Trailer),
            (b"0\r\n\rx", 4, LineEnd),
        ] {
            let wire = [HEAD, content, NEXT].concat();
            for step in [1, 2, 3, 7, 1000] {
                let fault = Some((HEAD.len() + valid, error));
                let expected = Checked { fault, is_between_requests: false, requests: 1 };
                assert_eq!(check(&wire, step), expected, "{}", content.escape_ascii());
            }
        }
    }

    #[test]
    fn other_content_is_skipped() {
        for (wire, requests) in [
            (&b"GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n"[..], 2),
            (b"\r\n\r\nGET / HTTP/1.1\nhost: a\n\nGET / HTTP/1.1\r\nhost: a\r\n\n", 2),
            (b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\n5\nhello\r\nGET / HTTP/1.1\r\n\r\n", 2),
            (b"POST / HTTP/1.1\r\nContent-Length:0\r\n\r\nGET / HTTP/1.1\r\n\r\n", 2),
        ] {
            for step in [1, 2, 3, 7, 1000] {
                assert_eq!(check(wire, step), between_requests(requests), "{}", wire.escape_ascii());
            }
        }
    }

    #[test]
    fn length_beside_a_coding_is_ambiguous() {
        let both = b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        for (wire, ambiguous) in [
            ([HEAD, b"0\r\n\r\n"].concat(), None),
            ([NEXT, both].concat(), Some(2)),
            (both.to_vec(), Some(1)),
        ] {
            let mut framing = Http1Framing::default();
            framing.next(&wire).expect("well-formed");
            let ambiguous = ambiguous.map(|request| (request, HeadFault::AmbiguousLength));
            assert_eq!(framing.refused(), ambiguous);
        }
    }

    #[test]
    fn fragment_is_found_only_in_a_target() {
        for (line, expected) in [
            ("GET /a#b HTTP/1.1", true),
            ("GET http://a#b HTTP/1.1", true),
            ("GET /a%23b HTTP/1.1", false),
            ("G#T / HTTP/1.1", false),
            ("GET / HTTP/1.1\r\nx: #", false),
        ] {
            let mut framing = Http1Framing::default();
            framing.next(format!("{line}\r\nhost: a\r\n\r\n").as_bytes()).expect("well-formed");
            assert_eq!(framing.refused(), expected.then_some((1, HeadFault::Fragment)), "{line}");
        }
    }

    #[test]
    fn chunk_extensions_are_limited_per_content() {
        let extended = |bytes: usize| format!("1;{}\r\nx\r\n", "e".repeat(bytes - 1));
        let half = extended(MOST_EXTENSIONS / 2);
        let whole = [HEAD, half.as_bytes(), half.as_bytes(), b"0\r\n\r\n"].concat();
        assert_eq!(check(&[&whole[..], &whole].concat(), usize::MAX), between_requests(2));
        let more = [HEAD, half.as_bytes(), half.as_bytes(), b"0;"].concat();
        let fault = check(&more, usize::MAX).fault.map(|(_, error)| error);
        assert_eq!(fault, Some(FramingError::TooManyExtensions));
    }

    /// A piece of chunked framing, well-formed or not.
    fn piece() -> impl Strategy<Value = &'static str> {
        select(vec![
            "0",
            "1",
            "3",
            "5",
            "a",
            "00",
            "x",
            ";",
            ";a=b",
            " ",
            "\t",
            "\r\n",
            "\r\n",
            "\r\n",
            "\n",
            "\r",
            "\0",
            "abc",
            "hello",
            "x-a: 1",
            "x-b:",
            ":",
            "\"",
            "0\r\n\r\n",
            "5\r\nhello\r\n",
            "1\r\nx\r\n",
            "0\r\nx-a: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
        ])
    }

    /// Well-formed chunked content, in which a piece may replace up to 3 bytes.
    fn flawed_content() -> impl Strategy<Value = Vec<u8>> {
        let chunk = select(vec![
            "1\r\nx\r\n",
            "005\r\nhello\r\n",
            "A\r\n0\r\n\r\n01234\r\n",
            "3;a=b\r\nabc\r\n",
            "3;a=\"b;c\";d\r\nabc\r\n",
        ]);
        let last = select(vec!["0\r\n", "000\r\n", "0;a\r\n"]);
        let trailer = select(vec!["x-a: 1\r\n", "x-b:\r\n", "x-c:\t2 3 \r\n"]);
        let flaw =
            prop::option::of((any::<prop::sample::Index>(), prop_oneof![Just(""), piece()], 0..4_usize));
        (vec(chunk, 0..4), last, vec(trailer, 0..3), flaw).prop_map(|(chunks, last, trailers, flaw)| {
            let mut content =
                [chunks.concat(), last.to_owned(), trailers.concat(), "\r\n".to_owned()].concat();
            if let Some((at, piece, replaced)) = flaw {
                let at = at.index(content.len());
                content.replace_range(at..content.len().min(at + replaced), piece);
            }
            content.into_bytes()
        })
    }

    fn content() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![flawed_content(), vec(piece(), 0..12).prop_map(|pieces| pieces.concat().into_bytes())]
    }

    proptest! {
        #[test]
        fn hyper_agrees_on_what_passes(content in content(), step in 1..40_usize) {
            chunked_framing(&content, step);
        }

        #[test]
        fn no_bytes_cause_a_panic(wire in vec(any::<u8>(), 0..200), step in 1..40_usize) {
            prop_assert_eq!(check(&wire, step), check(&wire, usize::MAX));
        }
    }
}
