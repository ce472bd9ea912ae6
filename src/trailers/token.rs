/// Whether a byte is a `tchar`, of which tokens are made
/// ([RFC 9110 §5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)).
pub(crate) const fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.')
        || matches!(byte, b'^' | b'_' | b'`' | b'|' | b'~')
}

/// Whether a name is a token in lower case, as [`HeaderName`](http::HeaderName) stores it. `http` 0.2 also accepts names
/// with a `"`, which are no tokens, and which `http` 1 refuses.
pub(crate) fn is_lowercase_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| LOWERCASE[usize::from(byte)])
}

const LOWERCASE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte as usize] = is_tchar(byte) && !byte.is_ascii_uppercase();
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    #[test]
    fn token_is_a_name_for_http_which_takes_one_byte_more() {
        for byte in 0..=u8::MAX {
            let accepted = HeaderName::from_lowercase(&[byte]).is_ok();
            let is_token = std::str::from_utf8(&[byte]).is_ok_and(is_lowercase_token);
            assert_eq!(accepted, is_token || byte == b'"', "{byte:#x}");
            assert_eq!(is_token, is_tchar(byte) && !byte.is_ascii_uppercase(), "{byte:#x}");
        }
        assert!(!is_lowercase_token("") && !is_lowercase_token("ä") && !is_lowercase_token("x-A"));
    }
}
