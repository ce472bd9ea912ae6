use crate::query::probe;
use http_02::{HeaderMap, HeaderName, Request};
use std::ops::RangeInclusive;

const X_CHECK_ID: HeaderName = HeaderName::from_static("x-check-id");

/// In characters. The shortest has 128 bits as base64.
const LENGTH: RangeInclusive<usize> = 22..=64;

/// Identifies a probe: a request whose record can be read by each client that has the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token(String);

impl Token {
    /// The token in `X-Check-Id`, or else in the parameter `probe`.
    pub(super) fn of<B>(request: &Request<B>) -> Option<Self> {
        Self::of_field(request.headers()).or_else(|| Self::new(&probe(request.uri())?))
    }

    fn of_field(headers: &HeaderMap) -> Option<Self> {
        Self::new(headers.get(X_CHECK_ID)?.to_str().ok()?)
    }

    /// `None` if it is too short or too long, or has other characters than letters, digits, `-` and `_`.
    pub(super) fn new(text: &str) -> Option<Self> {
        let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (LENGTH.contains(&text.len()) && text.bytes().all(is_of_token)).then(|| Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(field: &str, query: &str) -> Option<String> {
        let request = Request::get(format!("/te{query}")).header("x-check-id", field);
        Token::of(&request.body(()).expect("a request")).map(|token| token.0)
    }

    #[test]
    fn field_comes_before_the_parameter_and_others_are_ignored() {
        let (one, other) = ("AZaz09-_AZaz09-_AZaz09", "1234567890123456789012");
        for (field, query, expected) in [
            (one, format!("?probe={other}"), Some(one)),
            ("short", format!("?probe={other}"), Some(other)),
            ("", format!("?a=b&probe={other}&probe={one}"), Some(other)),
            ("", format!("?probe=short&probe={other}"), None),
            ("", format!("?probe&a={other}"), None),
            ("", format!("?%70robe=%31{}", &other[1..]), Some(other)),
            ("", String::new(), None),
            (&other[1..], String::new(), None),
            ("1234567890 12345678901", String::new(), None),
            ("1234567890.12345678901", String::new(), None),
        ] {
            assert_eq!(of(field, &query).as_deref(), expected, "{field} {query}");
        }
        let longest = "x".repeat(64);
        assert_eq!(of(&longest, "").as_ref(), Some(&longest));
        assert_eq!(of(&format!("{longest}x"), ""), None);
    }
}
