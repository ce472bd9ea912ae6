//! Digests in hexadecimal digits, as `sha256sum` prints them.

/// Parses a digest of `N` bytes.
pub(super) fn digest<const N: usize>(text: &str) -> Result<[u8; N], String> {
    let wrong = || format!("expected {} hexadecimal digits, as sha{}sum prints them", 2 * N, 8 * N);
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()))
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    if digits.len() != 2 * N {
        return Err(format!("{}; got {}", wrong(), digits.len()));
    }
    Ok(std::array::from_fn(|index| digits[2 * index] << 4 | digits[2 * index + 1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_has_two_digits_for_each_byte_in_either_case() {
        assert_eq!(digest("00ff1A"), Ok([0, 0xff, 0x1a]));
        for (wrong, says) in
            [("", "got 0"), ("00", "got 2"), ("00ff1a0", "got 7"), ("00ff1g", "expected 6"), ("é0ff1", "")]
        {
            let error = digest::<3>(wrong).expect_err(wrong);
            assert!(error.contains(says), "{wrong}: {error}");
        }
        assert!(digest::<32>("").expect_err("short").contains("as sha256sum prints"));
    }
}
