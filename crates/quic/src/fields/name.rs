/// What a field's name is, as far as the rules of pseudo-fields ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Authority,
    Path,
    Method,
    Scheme,
    Status,
    /// A pseudo-field of an extension, or of nothing.
    UndefinedPseudo,
    Regular,
}

/// The largest index of the static table.
const LAST: u64 = 98;

impl Name {
    /// That of an entry of the static table ([RFC 9204, appendix A](https://www.rfc-editor.org/rfc/rfc9204#appendix-A)).
    pub(super) fn of_index(index: u64) -> Option<Self> {
        match index {
            0 => Some(Self::Authority),
            1 => Some(Self::Path),
            15..=21 => Some(Self::Method),
            22..=23 => Some(Self::Scheme),
            24..=28 | 63..=71 => Some(Self::Status),
            _ if index <= LAST => Some(Self::Regular),
            _ => None,
        }
    }

    /// That of a literal.
    pub(super) fn of_literal(name: &[u8], is_huffman: bool) -> Self {
        let begins_with_colon = match name.first() {
            Some(first) if is_huffman => HUFFMAN_COLON.contains(first),
            first => first == Some(&b':'),
        };
        if !begins_with_colon {
            return Self::Regular;
        }
        let mut defined =
            PSEUDO.iter().filter(|(plain, huffman, _)| name == if is_huffman { *huffman } else { *plain });
        defined.next().map_or(Self::UndefinedPseudo, |(.., name)| *name)
    }
}

/// `:` in Huffman code: seven bits, 1011100 ([RFC 7541, appendix B](https://www.rfc-editor.org/rfc/rfc7541#appendix-B)).
const HUFFMAN_COLON: [u8; 2] = [0xb8, 0xb9];

/// Each with its only Huffman code.
const PSEUDO: [(&[u8], &[u8], Name); 5] = [
    (b":authority", &[0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7f], Name::Authority),
    (b":path", &[0xb9, 0x58, 0xd3, 0x3f], Name::Path),
    (b":method", &[0xb9, 0x49, 0x53, 0x39, 0xe4], Name::Method),
    (b":scheme", &[0xb8, 0x82, 0x4e, 0x5a, 0x4b], Name::Scheme),
    (b":status", &[0xb8, 0x84, 0x8d, 0x36, 0xa3], Name::Status),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The Huffman codes of what pseudo-fields consist of, and their lengths in bits.
    const CODES: [(u8, u32, u32); 16] = [
        (b':', 0x5c, 7),
        (b'a', 0x3, 5),
        (b'c', 0x4, 5),
        (b'e', 0x5, 5),
        (b'i', 0x6, 5),
        (b'o', 0x7, 5),
        (b's', 0x8, 5),
        (b't', 0x9, 5),
        (b'd', 0x24, 6),
        (b'h', 0x27, 6),
        (b'l', 0x28, 6),
        (b'm', 0x29, 6),
        (b'p', 0x2b, 6),
        (b'r', 0x2c, 6),
        (b'u', 0x2d, 6),
        (b'y', 0x7a, 7),
    ];

    fn huffman(name: &[u8]) -> Vec<u8> {
        let mut bits = String::new();
        for letter in name {
            let (_, code, length) = CODES.iter().find(|(known, ..)| known == letter).expect("a known letter");
            bits += &format!("{code:032b}")[32 - *length as usize..];
        }
        bits += &"1".repeat((8 - bits.len() % 8) % 8);
        let bytes = bits.as_bytes().chunks(8);
        bytes.map(|byte| byte.iter().fold(0, |value, bit| value << 1 | (bit - b'0'))).collect()
    }

    #[test]
    fn pseudo_fields_are_found_in_both_codes() {
        for (plain, code, name) in PSEUDO {
            assert_eq!(huffman(plain), code, "{name:?}");
            assert_eq!(Name::of_literal(plain, false), name);
            assert_eq!(Name::of_literal(code, true), name);
        }
        for undefined in [&b":protocol"[..], b":", b":paths", b":pat"] {
            assert_eq!(Name::of_literal(undefined, false), Name::UndefinedPseudo);
            assert_eq!(Name::of_literal(&huffman(undefined), true), Name::UndefinedPseudo);
        }
        for regular in [&b"path"[..], b"accept", b"", b"c"] {
            assert_eq!(Name::of_literal(regular, false), Name::Regular);
            assert_eq!(Name::of_literal(&huffman(regular), true), Name::Regular);
        }
        // The code of another name.
        assert_eq!(Name::of_literal(&[b':', 0xff], true), Name::Regular);
        assert_eq!(Name::of_literal(&[0xb9, 0x58], false), Name::Regular);
    }

    #[test]
    fn static_table_ends() {
        let names = (0..=LAST).map(|index| Name::of_index(index).expect("an entry"));
        assert_eq!(names.filter(|name| *name != Name::Regular).count(), 2 + 7 + 2 + 14);
        assert_eq!(Name::of_index(LAST + 1), None);
    }
}
