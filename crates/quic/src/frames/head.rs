/// The head of a frame: its type and the length of its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHead {
    pub(crate) kind: u64,
    /// In bytes.
    pub(crate) length: u64,
    /// The head's own size, in bytes.
    pub(crate) size: usize,
}

impl FrameHead {
    /// The largest head, in bytes.
    pub(crate) const MAX_SIZE: usize = 16;

    /// Returns `None` if bytes are missing.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let (kind, first) = varint(bytes)?;
        let (length, second) = varint(bytes.get(first..)?)?;
        Some(Self { kind, length, size: first + second })
    }
}

/// An integer of QUIC ([RFC 9000 §16](https://www.rfc-editor.org/rfc/rfc9000#section-16)) and its size in bytes, or `None` if
/// bytes are missing.
pub(crate) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let size = 1_usize << (first >> 6);
    let value =
        bytes.get(1..size)?.iter().fold(u64::from(first & 0x3f), |value, byte| value << 8 | u64::from(*byte));
    Some((value, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_four_sizes() {
        // Those of RFC 9000, appendix A.1.
        for (bytes, value) in [
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c][..], 151_288_809_941_952_652),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x25], 37),
            (&[0x40, 0x25], 37),
        ] {
            assert_eq!(varint(bytes), Some((value, bytes.len())));
            assert_eq!(varint(&[bytes, &[7]].concat()), Some((value, bytes.len())));
            for missing in 0..bytes.len() {
                assert_eq!(varint(&bytes[..missing]), None, "{missing} of {bytes:x?}");
            }
        }
    }

    #[test]
    fn head_is_two_integers() {
        let head = FrameHead { kind: 1, length: 15_293, size: 3 };
        assert_eq!(FrameHead::parse(&[1, 0x7b, 0xbd, 9]), Some(head));
        assert_eq!(FrameHead::parse(&[1, 0x7b]), None);
        assert_eq!(FrameHead::parse(&[0x40]), None);
        let largest = FrameHead { kind: (1 << 62) - 1, length: (1 << 62) - 1, size: FrameHead::MAX_SIZE };
        assert_eq!(FrameHead::parse(&[0xff; 16]), Some(largest));
    }
}
