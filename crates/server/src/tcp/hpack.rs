//! What a field block reveals without decoding ([RFC 7541 §6](https://www.rfc-editor.org/rfc/rfc7541#section-6)).

/// The first entries of the static table are pseudo-header fields (appendix A).
const PSEUDO: std::ops::RangeInclusive<u64> = 1..=14;

/// `:` in Huffman code: seven bits, 1011100 (appendix B).
const HUFFMAN_COLON: [u8; 2] = [0xb8, 0xb9];

/// Whether the first field of a block is a pseudo-header field, as far as that is known without the dynamic table: one
/// from the static table, or one with a literal name. h2 (0.4) silently drops it from a trailer section. It resets the
/// stream if such a field follows another one, and rejects a malformed block.
pub(super) fn begins_with_pseudo_header(block: &[u8]) -> bool {
    is_pseudo_header(block).unwrap_or(false)
}

/// `None` if there is no field, or it is malformed.
fn is_pseudo_header(block: &[u8]) -> Option<bool> {
    let mut rest = block;
    let prefix = loop {
        match rest.first()? {
            0x80.. => break 7,
            0x40..=0x7f => break 6,
            // A change of the dynamic table's size.
            0x20..=0x3f => drop(integer(&mut rest, 5)?),
            0..=0x1f => break 4,
        }
    };
    let index = integer(&mut rest, prefix)?;
    if index > 0 {
        return Some(PSEUDO.contains(&index));
    }
    let is_huffman = rest.first()? & 0x80 != 0;
    if integer(&mut rest, 7)? == 0 {
        return None;
    }
    let first = rest.first()?;
    Some(if is_huffman { HUFFMAN_COLON.contains(first) } else { *first == b':' })
}

/// An integer with a prefix of this many bits in its first byte (section 5.1).
fn integer(rest: &mut &[u8], prefix: u32) -> Option<u64> {
    let (first, mut behind) = rest.split_first()?;
    let most = (1_u64 << prefix) - 1;
    let mut value = u64::from(*first) & most;
    if value == most {
        let mut shift = 0;
        loop {
            let (byte, more) = behind.split_first()?;
            behind = more;
            value = value.checked_add(u64::from(byte & 0x7f).checked_shl(shift)?)?;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
            if shift > 28 {
                return None;
            }
        }
    }
    *rest = behind;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(first: u8, name: &[u8]) -> Vec<u8> {
        let text = |text: &[u8]| [&[u8::try_from(text.len()).expect("short")], text].concat();
        [vec![first], text(name), text(b"/")].concat()
    }

    #[test]
    fn pseudo_header_is_found_in_each_representation() {
        let field = literal(0, b"x-a");
        for (block, expected) in [
            (Vec::new(), false),
            (field.clone(), false),
            (literal(0, b":path"), true),
            (literal(0x10, b":status"), true),
            (literal(0x40, b":"), true),
            (literal(0x40, b""), false),
            // An empty name, and a value of 58 bytes.
            (vec![0x00, 0x00, b':'], false),
            // `:path` and `x-a` in Huffman code.
            (vec![0x00, 0x84, 0xb9, 0x58, 0xd3, 0x3f, 1, b'/'], true),
            (vec![0x40, 0x83, 0xf2, 0xb0, 0xff, 1, b'1'], false),
            // `content-type` is the static table's 31st entry, `accept-charset` its 15th.
            (vec![0x82], true),
            (vec![0x8e], true),
            (vec![0x8f], false),
            (vec![0x9f], false),
            (vec![0x44, 1, b'/'], true),
            (vec![0x0e, 1, b'/'], true),
            (vec![0x0f, 0x00, 1, b'/'], false),
            (vec![0x0f, 0x10, 1, b'/'], false),
            ([&[0x3f, 0xe1, 0x1f][..], &field].concat(), false),
            ([&[0x20, 0x3f, 0xe1, 0x1f][..], &[0x84]].concat(), true),
            // h2 detects these.
            ([&field[..], &[0x84]].concat(), false),
            // An entry of the dynamic table may be anything.
            (vec![0xbe], false),
            (vec![0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], false),
            (vec![0x00], false),
            (vec![0x40, 5], false),
        ] {
            assert_eq!(begins_with_pseudo_header(&block), expected, "{block:02x?}");
        }
    }
}
