/// Whether a byte is a `tchar`, the characters of tokens
/// ([RFC 9110 §5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)).
#[must_use]
pub const fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.')
        || matches!(byte, b'^' | b'_' | b'`' | b'|' | b'~')
}

/// Whether a name is a lower-case token, as [`HeaderName`](http::HeaderName) stores it. `http` 0.2 also accepts names
/// that contain `"`, which are not tokens and which `http` 1 refuses.
#[must_use]
pub fn is_lowercase_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| LOWERCASE[usize::from(byte)])
}

/// Whether a byte is a `tchar` and not an upper-case letter.
pub(crate) const fn is_lowercase_tchar(byte: u8) -> bool {
    is_tchar(byte) && !byte.is_ascii_uppercase()
}

const LOWERCASE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte as usize] = is_lowercase_tchar(byte);
        byte += 1;
    }
    table
};

/// Whether a field value begins or ends with whitespace. It is not part of the value
/// ([RFC 9110 §5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)), and malformed over HTTP/2
/// ([RFC 9113 §8.2.1](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.1)).
#[must_use]
pub fn has_outer_whitespace(value: &[u8]) -> bool {
    [value.first(), value.last()].into_iter().flatten().any(|byte| is_whitespace(*byte))
}

/// The value without leading and trailing spaces and tabs.
#[must_use]
pub fn without_outer_whitespace(mut value: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = value
        && is_whitespace(*first)
    {
        value = rest;
    }
    while let [rest @ .., last] = value
        && is_whitespace(*last)
    {
        value = rest;
    }
    value
}

const fn is_whitespace(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    #[test]
    fn header_name_accepts_one_byte_more_than_a_token() {
        for byte in 0..=u8::MAX {
            let accepted = HeaderName::from_lowercase(&[byte]).is_ok();
            let is_token = std::str::from_utf8(&[byte]).is_ok_and(is_lowercase_token);
            assert_eq!(accepted, is_token || byte == b'"', "{byte:#x}");
            assert_eq!(is_token, is_tchar(byte) && !byte.is_ascii_uppercase(), "{byte:#x}");
        }
        assert!(!is_lowercase_token("") && !is_lowercase_token("ä") && !is_lowercase_token("x-A"));
    }

    #[test]
    fn whitespace_around_a_value_is_found_and_removed() {
        for (value, inner) in [
            (&b""[..], &b""[..]),
            (b"a", b"a"),
            (b"a b", b"a b"),
            (b" a", b"a"),
            (b"a\t", b"a"),
            (b"\t a b \t", b"a b"),
            (b" ", b""),
            (b"\t\t", b""),
        ] {
            assert_eq!(without_outer_whitespace(value), inner, "{}", value.escape_ascii());
            assert_eq!(has_outer_whitespace(value), value != inner, "{}", value.escape_ascii());
        }
    }
}
