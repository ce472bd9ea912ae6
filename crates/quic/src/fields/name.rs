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
