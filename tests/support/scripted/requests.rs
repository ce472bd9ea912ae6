//! Requests in the bytes that a client sent.

use crate::support::raw::http2_stream_frames;

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const END_STREAM: u8 = 1;

/// The number of header sections.
pub(crate) fn heads(bytes: &[u8]) -> usize {
    match bytes.strip_prefix(HTTP2_PREFACE) {
        Some(frames) => http2_streams(frames, |kind, _| kind == HEADERS),
        None => http1_requests(bytes).len(),
    }
}

/// The number of requests whose content has ended.
pub(crate) fn whole_requests(bytes: &[u8]) -> usize {
    match bytes.strip_prefix(HTTP2_PREFACE) {
        Some(frames) => {
            http2_streams(frames, |kind, flags| [DATA, HEADERS].contains(&kind) && flags & END_STREAM != 0)
        }
        None => http1_requests(bytes).iter().filter(|request| request.is_whole).count(),
    }
}

/// The number of streams that have such a frame, of a type and with flags.
fn http2_streams(frames: &[u8], is_counted: impl Fn(u8, u8) -> bool) -> usize {
    let mut streams: Vec<_> = http2_stream_frames(frames)
        .into_iter()
        .filter(|(_, kind, flags, _)| is_counted(*kind, *flags))
        .map(|(stream, ..)| stream)
        .collect();
    streams.sort_unstable();
    streams.dedup();
    streams.len()
}

/// A request over HTTP/1.1.
#[derive(Debug)]
pub(crate) struct Request<'b> {
    pub(crate) head: &'b str,
    /// With its framing.
    pub(crate) content: &'b [u8],
    pub(crate) is_whole: bool,
}

impl Request<'_> {
    /// The value of a field, without regard to the case of its name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// The requests whose header sections have ended.
pub(crate) fn http1_requests(mut bytes: &[u8]) -> Vec<Request<'_>> {
    let mut requests = Vec::new();
    while let Some(end) = find(bytes, b"\r\n\r\n") {
        let (head, rest) = bytes.split_at(end + 4);
        let mut request =
            Request { head: std::str::from_utf8(head).expect("text"), content: b"", is_whole: false };
        let length = match request.field("content-length") {
            Some(length) => Some(length.parse().expect("a length")).filter(|length| *length <= rest.len()),
            None if request.field("transfer-encoding").is_some() => chunked_end(rest),
            None => Some(0),
        };
        request.is_whole = length.is_some();
        request.content = &rest[..length.unwrap_or(rest.len())];
        bytes = &rest[length.unwrap_or(rest.len())..];
        requests.push(request);
    }
    requests
}

/// The length of chunked content with its trailer section, if it has ended.
fn chunked_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = find(&bytes[at..], b"\r\n")?;
        let size = std::str::from_utf8(&bytes[at..at + line]).expect("text");
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).expect("a size");
        if size == 0 {
            // Each trailer has a line, and an empty one is the end.
            let trailers = &bytes[at + line..];
            return Some(at + line + find(trailers, b"\r\n\r\n")? + 4);
        }
        at += line + 2 + size + 2;
        if at > bytes.len() {
            return None;
        }
    }
}

fn find(bytes: &[u8], searched: &[u8]) -> Option<usize> {
    bytes.windows(searched.len()).position(|window| window == searched)
}
