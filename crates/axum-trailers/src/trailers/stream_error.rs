use crate::compat::{FieldValue, sealed::Sealed};
use http::{HeaderName, HeaderValue};
use std::fmt::Write;

/// The name that this project recommends for a trailer field that reports a failure in the middle of a body:
/// `x-stream-error`. IPFS gateways use the same. Its value is a [`StreamError`].
///
/// Declare it [`on_failure`](super::Declaration::on_failure), and pass it to
/// [`fail_with_trailers`](crate::body::Sender::fail_with_trailers). A client that finds it with a value knows that the
/// content before it is incomplete; with an empty value (over HTTP/1.1, see [`Declaration`](super::Declaration)) there
/// was no failure.
pub const STREAM_ERROR: HeaderName = HeaderName::from_static("x-stream-error");

/// The value of [`STREAM_ERROR`]: what went wrong, as text for people.
///
/// Everything except printable ASCII, and `%`, is percent-encoded as UTF-8, as in gRPC's `grpc-message`
/// ([gRPC over HTTP/2](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses)). Text whose encoding
/// has more than 1,024 bytes is cut off there; an empty one becomes `unknown`, because an empty value means that there was
/// no failure.
///
/// ```
/// use axum_trailers::{body::{FinishError, Sender}, trailers::{STREAM_ERROR, StreamError, Trailers}};
///
/// fn lost_at(sender: Sender, row: u64) -> Result<(), FinishError> {
///     let mut trailers = Trailers::new();
///     trailers.insert(STREAM_ERROR, StreamError::new(&format!("database connection lost at row {row}")))?;
///     sender.fail_with_trailers(trailers)
/// }
/// # let _ = lost_at;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamError(HeaderValue);

const LONGEST: usize = 1024;

impl StreamError {
    /// Encodes the text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut encoded = String::new();
        for character in text.trim().chars() {
            let whole = encoded.len();
            push_encoded(&mut encoded, character);
            if encoded.len() > LONGEST {
                encoded.truncate(whole);
                break;
            }
        }
        // Whitespace may have become the last character.
        let encoded = encoded.trim_end();
        let text = if encoded.is_empty() { "unknown" } else { encoded };
        Self(HeaderValue::try_from(text).expect("printable ASCII makes a field value"))
    }

    /// Decodes the value of a received [`STREAM_ERROR`], or of a `grpc-message`, whose encoding is the same.
    ///
    /// A `%` without two hexadecimal digits stays as it is, and bytes that are not UTF-8 become `\u{fffd}`. The text can
    /// contain any character, such as the control characters of a terminal: escape it before you print it.
    ///
    /// ```
    /// use axum_trailers::trailers::StreamError;
    ///
    /// assert_eq!(StreamError::decode(b"100 %25 of disk %C3%A4"), "100 % of disk ä");
    /// assert_eq!(StreamError::decode(b"50 % of %zz"), "50 % of %zz");
    /// ```
    #[must_use]
    pub fn decode(value: &[u8]) -> String {
        let mut decoded = Vec::with_capacity(value.len());
        let mut rest = value;
        while let [first, after @ ..] = rest {
            let (byte, after) = encoded_byte(rest).unwrap_or((*first, after));
            decoded.push(byte);
            rest = after;
        }
        String::from_utf8_lossy(&decoded).into_owned()
    }
}

fn push_encoded(encoded: &mut String, character: char) {
    if matches!(character, ' '..='~' if character != '%') {
        encoded.push(character);
        return;
    }
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        write!(encoded, "%{byte:02X}").expect("memory");
    }
}

/// The byte that `%` and two hexadecimal digits at the beginning stand for, and what follows them.
fn encoded_byte(value: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', high, low, after @ ..] = value else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some((digit(high)? << 4 | digit(low)?, after))
}

impl Sealed for StreamError {}

impl FieldValue for StreamError {
    fn into_value(self) -> Option<HeaderValue> {
        Some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trailers::{Trailers, fuzzing};
    use proptest::prelude::*;

    #[test]
    fn text_is_encoded_like_a_grpc_message() {
        for (text, value) in [
            ("disk full", "disk full"),
            ("100 % ~ at\nrow ä", "100 %25 ~ at%0Arow %C3%A4"),
            (" \t ", "unknown"),
            ("", "unknown"),
            (" lost ", "lost"),
        ] {
            assert_eq!(StreamError::new(text).0, value, "{text:?}");
        }
    }

    #[test]
    fn long_text_is_cut_at_a_whole_character() {
        assert_eq!(StreamError::new(&"a".repeat(2000)).0.len(), LONGEST);
        let umlauts = StreamError::new(&"ä".repeat(500));
        assert_eq!(umlauts.0.len(), LONGEST / 6 * 6);
        assert_eq!(StreamError::new(&format!("{} {}", "a".repeat(LONGEST - 1), "b")).0.len(), LONGEST - 1);
    }

    #[test]
    fn broken_encodings_stay_as_they_are() {
        for (value, text) in [
            (&b""[..], ""),
            (b"disk full", "disk full"),
            (b"100 %25 ~ at%0Arow %c3%A4", "100 % ~ at\nrow \u{e4}"),
            (b"%", "%"),
            (b"%4", "%4"),
            (b"%%34", "%4"),
            (b"%g1%1g% 1%+1", "%g1%1g% 1%+1"),
            (b"%2525", "%25"),
            (b"%ff%C3", "\u{fffd}\u{fffd}"),
            (b"\xc3\xa4\xff", "\u{e4}\u{fffd}"),
            (b"%1B[2J", "\x1b[2J"),
        ] {
            assert_eq!(StreamError::decode(value), text, "{}", value.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn encoded_text_is_decoded(text: String) {
            fuzzing::stream_error(&text, text.as_bytes());
        }

        #[test]
        fn any_value_is_decoded(value in "(%[0-9a-fA-F]{0,2}|.){0,20}") {
            fuzzing::stream_error("", value.as_bytes());
        }

        #[test]
        fn any_text_makes_a_permitted_trailer(text: String) {
            let mut trailers = Trailers::new();
            prop_assert_eq!(trailers.insert(STREAM_ERROR, StreamError::new(&text)), Ok(None));
            prop_assert!(!trailers.as_map()[STREAM_ERROR].is_empty());
        }
    }
}
