use crate::connection::ConnectionName;
use axum_trailers::syntax::is_tchar;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;

/// Identifies a request in the logs of its client, of proxies and of this server: a token
/// ([RFC 9110 §5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)).
#[derive(Clone)]
pub(crate) enum RequestId {
    Given(HeaderValue),
    Made(Made),
}

/// A connection's name, a hyphen and a number, at the end of the bytes.
#[derive(Clone)]
pub(crate) struct Made {
    bytes: [u8; 37],
    start: usize,
}

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_CHECK_ID: HeaderName = HeaderName::from_static("x-check-id");

/// In bytes. A UUID has 36.
const MAX_LENGTH: usize = 64;

impl RequestId {
    /// The id that the client or a proxy has sent, or else the connection's name and the request's number on it.
    pub(crate) fn of(headers: &HeaderMap, connection: &ConnectionName, number: usize) -> Self {
        let given = [&X_REQUEST_ID, &X_CHECK_ID].into_iter().find_map(|name| Self::read(headers, name));
        given.unwrap_or_else(|| Self::make(connection, number))
    }

    /// Each request gets an id, logged or not, so this avoids a formatter.
    fn make(connection: &ConnectionName, number: usize) -> Self {
        let mut bytes = [0; 37];
        let mut start = bytes.len();
        let mut put_before = |more: &[u8]| {
            start -= more.len();
            bytes[start..][..more.len()].copy_from_slice(more);
        };
        let mut rest = number;
        loop {
            put_before(&[b"0123456789"[rest % 10]]);
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        put_before(b"-");
        put_before(connection.as_bytes());
        Self::Made(Made { bytes, start })
    }

    fn read(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        headers.get(name).and_then(Self::given)
    }

    /// `None` if it is not a short token.
    pub(super) fn given(value: &HeaderValue) -> Option<Self> {
        is_short_token(value.as_bytes()).then(|| Self::Given(value.clone()))
    }

    /// The bytes that must be copied for a field value.
    pub(super) fn to_copy(&self) -> &[u8] {
        match self {
            Self::Given(_) => &[],
            Self::Made(_) => self.as_bytes(),
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Given(value) => value.as_bytes(),
            Self::Made(made) => &made.bytes[made.start..],
        }
    }

    /// `copy` must be a copy of [`to_copy`](Self::to_copy).
    pub(super) fn into_field_value(self, copy: Bytes) -> HeaderValue {
        let mut value = match self {
            Self::Given(value) => value,
            Self::Made(_) => HeaderValue::from_maybe_shared(copy).expect("digits and a hyphen"),
        };
        // No id repeats, and HPACK's table is for fields that do.
        value.set_sensitive(true);
        value
    }
}

fn is_short_token(value: &[u8]) -> bool {
    (1..=MAX_LENGTH).contains(&value.len()) && value.iter().copied().all(is_tchar)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(self.as_bytes()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(fields: &[(&'static str, &str)]) -> String {
        let field = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"))
        };
        let connection = ConnectionName::of(0xab);
        RequestId::of(&fields.iter().map(field).collect(), &connection, 7).to_string()
    }

    #[test]
    fn largest_number_has_room() {
        let made = RequestId::make(&ConnectionName::of(u64::MAX), usize::MAX);
        assert_eq!(made.to_string(), format!("ffffffffffffffff-{}", usize::MAX));
    }

    #[test]
    fn short_token_is_used_and_anything_else_is_replaced() {
        let (longest, made) = ("a".repeat(64), "00000000000000ab-7");
        for (fields, expected) in [
            (&[][..], made),
            (&[("x-request-id", "b4f2-1")], "b4f2-1"),
            (&[("x-check-id", "c1")], "c1"),
            (&[("x-check-id", "c1"), ("x-request-id", "r1")], "r1"),
            (&[("x-check-id", "c1"), ("x-request-id", "no token")], "c1"),
            (&[("x-request-id", &longest)], &longest),
            (&[("x-request-id", &"a".repeat(65))], made),
            (&[("x-request-id", "")], made),
            (&[("x-request-id", "a\"b")], made),
            (&[("x-request-id", "a\tb")], made),
            (&[("x-request-id", "\u{e9}")], made),
        ] {
            assert_eq!(id(fields), expected, "{fields:?}");
        }
    }
}
