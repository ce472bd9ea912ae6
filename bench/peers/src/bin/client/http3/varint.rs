/// Takes a variable-length integer (RFC 9000 §16) from the front, or returns `None` if it is not whole.
pub(super) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let length = 1 << (bytes.first()? >> 6);
    let (integer, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    let value = integer.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    Some(value & (u64::MAX >> (64 - 8 * length + 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_rfc_9000() {
        let integers: [(&[u8], u64); 4] = [
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x25], 37),
        ];
        for (bytes, value) in integers {
            let (mut whole, mut part) = (bytes, &bytes[..bytes.len() - 1]);
            assert_eq!(take(&mut whole), Some(value));
            assert!(whole.is_empty());
            assert_eq!(take(&mut part), None);
            assert_eq!(part.len(), bytes.len() - 1, "nothing is taken of a part");
        }
    }
}
