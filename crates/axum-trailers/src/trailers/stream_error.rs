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

impl Sealed for StreamError {}

impl FieldValue for StreamError {
    fn into_value(self) -> Option<HeaderValue> {
        Some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trailers::Trailers;
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

    proptest! {
        #[test]
        fn any_text_makes_a_permitted_trailer(text: String) {
            let mut trailers = Trailers::new();
            prop_assert_eq!(trailers.insert(STREAM_ERROR, StreamError::new(&text)), Ok(None));
            prop_assert!(!trailers.as_map()[STREAM_ERROR].is_empty());
        }
    }
}
