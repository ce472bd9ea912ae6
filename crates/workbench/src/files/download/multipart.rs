//! Several ranges in one response
//! ([RFC 9110 §14.6](https://www.rfc-editor.org/rfc/rfc9110#section-14.6)).

use super::content::Piece;
use axum::body::Bytes;
use http_02::HeaderValue;
use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

/// A `multipart/byteranges` content.
pub(super) struct Multipart {
    pub(super) media_type: HeaderValue,
    pub(super) pieces: Vec<Piece>,
}

impl Multipart {
    /// Creates the parts of a file with this media type and length.
    pub(super) fn new(parts: Vec<Range<u64>>, media_type: &str, length: u64) -> Self {
        let boundary = boundary();
        let mut pieces = Vec::with_capacity(2 * parts.len() + 1);
        for part in parts {
            let range = content_range(&part, length);
            let head =
                format!("\r\n--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: {range}\r\n\r\n");
            pieces.extend([Piece::Text(head.into()), Piece::Bytes(part)]);
        }
        pieces.push(Piece::Text(Bytes::from(format!("\r\n--{boundary}--\r\n"))));
        let media_type = format!("multipart/byteranges; boundary={boundary}");
        Self { media_type: media_type.try_into().expect("a token is a field value"), pieces }
    }
}

/// The value of a `Content-Range` field ([§14.4](https://www.rfc-editor.org/rfc/rfc9110#section-14.4)).
pub(super) fn content_range(part: &Range<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", part.start, part.end - 1)
}

/// 128 unpredictable bits, so no file contains the boundary.
fn boundary() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let half = || RandomState::new().hash_one(number);
    format!("{:016x}{:016x}", half(), half())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_multipart_response_has_a_new_boundary() {
        let text = |multipart: &Multipart| -> String {
            let piece = |piece: &Piece| match piece {
                Piece::Text(text) => String::from_utf8(text.to_vec()).expect("text"),
                Piece::Bytes(part) => format!("<{part:?}>"),
            };
            multipart.pieces.iter().map(piece).collect()
        };
        let one = Multipart::new(vec![7..9, 0..1], "text/plain", 10);
        let media_type = one.media_type.to_str().expect("text");
        let boundary = media_type.strip_prefix("multipart/byteranges; boundary=").expect("a boundary");
        let expected = format!(
            "\r\n--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 7-8/10\r\n\r\n<7..9>\
             \r\n--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-0/10\r\n\r\n<0..1>\
             \r\n--{boundary}--\r\n"
        );
        assert_eq!(text(&one), expected);
        assert_eq!(boundary.len(), 32);
        assert_ne!(one.media_type, Multipart::new(vec![7..9, 0..1], "text/plain", 10).media_type);
    }
}
