use super::content_range::{ContentRange, number};
use crate::verdict::NotCompared;
use http::{HeaderMap, HeaderValue, StatusCode, Version, header, response};

/// What the head of a response says about the extent of its content.
#[derive(Debug)]
pub(super) struct Extent {
    pub(super) has_content: bool,
    /// The announced length in bytes: 0 if there is no content.
    pub(super) length: Option<u64>,
    /// What is wrong with it.
    pub(super) malformed: Option<&'static str>,
    /// Whether a trailer section can follow.
    pub(super) permits_trailers: bool,
    /// Whether only the end of the connection delimits the content.
    pub(super) ends_with_connection: bool,
    pub(super) whole: Whole,
}

/// How the content relates to the whole representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    Content,
    /// The earlier beginning, then the content.
    PrefixAndContent,
    Incomplete(NotCompared),
}

impl Extent {
    /// `prefix` is the length of the beginning that arrived earlier, in bytes.
    pub(super) fn of_response(head: &response::Parts, is_head: bool, prefix: Option<u64>) -> Self {
        if is_head || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
            return Self::none();
        }
        let (mut length, mut malformed) = match content_length(&head.headers) {
            Ok(length) => (length, None),
            Err(_) => (None, Some("Content-Length is contradictory")),
        };
        let has_coding =
            head.version <= Version::HTTP_11 && head.headers.contains_key(header::TRANSFER_ENCODING);
        let is_chunked = has_coding && is_chunked(&head.headers);
        if has_coding {
            // It overrides Content-Length (RFC 9112 §6.3).
            length = None;
            malformed = (!is_chunked).then_some("Transfer-Encoding is not `chunked`");
        }
        let mut whole = Whole::Content;
        if head.status == StatusCode::PARTIAL_CONTENT {
            let range = ContentRange::read(&head.headers);
            let announced = range.map(|range| range.length());
            if length.is_some() && announced.is_some() && length != announced {
                malformed = Some("Content-Range is contradictory");
            }
            length = length.or(announced);
            whole = whole_with(range, prefix);
        }
        let is_delimited = head.version >= Version::HTTP_2 || length.is_some() || is_chunked;
        Self {
            has_content: true,
            length,
            malformed,
            permits_trailers: head.version >= Version::HTTP_2 || is_chunked,
            ends_with_connection: !is_delimited,
            whole,
        }
    }

    fn none() -> Self {
        Self {
            has_content: false,
            length: Some(0),
            malformed: None,
            permits_trailers: false,
            ends_with_connection: false,
            whole: Whole::Incomplete(NotCompared::NoContent),
        }
    }
}

fn whole_with(range: Option<ContentRange>, prefix: Option<u64>) -> Whole {
    match range {
        Some(range) if !range.is_last() => Whole::Incomplete(NotCompared::Part),
        Some(ContentRange { first: 0, .. }) => Whole::Content,
        Some(range) if prefix == Some(range.first) => Whole::PrefixAndContent,
        _ => Whole::Incomplete(NotCompared::Part),
    }
}

/// Whether the only coding is `chunked`. No other was requested ([RFC 9112 §7.4](https://www.rfc-editor.org/rfc/rfc9112#section-7.4)),
/// and recipients read other forms of the field in different ways: some see chunks where others see content.
fn is_chunked(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::TRANSFER_ENCODING).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return false };
    line.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked")
}

/// Reads the `Content-Length` of a header section.
///
/// # Errors
///
/// If it is malformed, or contradicts itself.
pub(crate) fn content_length(headers: &HeaderMap) -> Result<Option<u64>, &HeaderValue> {
    let mut length = None;
    for line in headers.get_all(header::CONTENT_LENGTH) {
        // A list of equal lengths is permitted (RFC 9110 §8.6).
        for element in line.to_str().map_err(|_| line)?.split(',') {
            let element = number(element.trim_matches([' ', '\t'])).ok_or(line)?;
            if length.replace(element).is_some_and(|before| before != element) {
                return Err(line);
            }
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum_trailers_testing::fields;

    #[test]
    fn content_length_is_read_or_refused() {
        for (lines, expected) in [
            (&[][..], Ok(None)),
            (&["0"], Ok(Some(0))),
            (&["18446744073709551615"], Ok(Some(u64::MAX))),
            (&["5, 5", "5"], Ok(Some(5))),
            (&["5, 6"], Err("5, 6")),
            (&["5", "6"], Err("6")),
            (&["+5"], Err("+5")),
            (&[""], Err("")),
            (&["5,"], Err("5,")),
            (&["18446744073709551616"], Err("18446744073709551616")),
        ] {
            let lines: Vec<_> = lines.iter().map(|line| ("content-length", *line)).collect();
            let headers = fields(&lines);
            let read = content_length(&headers).map_err(|line| line.to_str().expect("ASCII"));
            assert_eq!(read, expected, "{lines:?}");
        }
    }
}
