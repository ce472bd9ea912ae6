//! What is to be seen in a header block without decoding it
//! ([RFC 7541 §6](https://www.rfc-editor.org/rfc/rfc7541#section-6)).

/// The first entries of the static table are pseudo-header fields (appendix A).
const PSEUDO: std::ops::RangeInclusive<u64> = 1..=14;

/// `:` as Huffman code has seven bits, 1011100 (appendix B).
const HUFFMAN_COLON: [u8; 2] = [0xb8, 0xb9];

/// Whether a block has a field whose name begins with a colon, as far as that can be told without the dynamic table: names
/// of its own, and those of the static table. A block that is malformed is h2's to refuse.
pub(super) fn has_pseudo_header(block: &[u8]) -> bool {
    let mut rest = block;
    while let Some(found) = field(&mut rest) {
        if found {
            return true;
        }
    }
    false
}

/// Takes a field, or a change of the table's size. `None` at the end, or if it is malformed.
fn field(rest: &mut &[u8]) -> Option<bool> {
    let (indexed, prefix) = match rest.first()? {
        0x80.. => (true, 7),
        0x40..=0x7f => (false, 6),
        0x20..=0x3f => return integer(rest, 5).map(|_size| false),
        0..=0x1f => (false, 4),
    };
    let index = integer(rest, prefix)?;
    let mut is_pseudo = PSEUDO.contains(&index);
    if indexed {
        return Some(is_pseudo);
    }
    if index == 0 {
        let (is_huffman, name) = string(rest)?;
        let first = name.first();
        is_pseudo =
            first.is_some_and(|byte| if is_huffman { HUFFMAN_COLON.contains(byte) } else { *byte == b':' });
    }
    string(rest)?;
    Some(is_pseudo)
}

/// An integer whose first byte has so many bits of it (section 5.1).
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

/// A string, and whether it is Huffman-encoded (section 5.2).
fn string<'b>(rest: &mut &'b [u8]) -> Option<(bool, &'b [u8])> {
    let is_huffman = rest.first()? & 0x80 != 0;
    let length = usize::try_from(integer(rest, 7)?).ok()?;
    let (string, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some((is_huffman, string))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn literal(first: u8, name: &[u8], value: &[u8]) -> Vec<u8> {
        let text = |text: &[u8]| [&[u8::try_from(text.len()).expect("short")], text].concat();
        [vec![first], text(name), text(value)].concat()
    }

    #[test]
    fn pseudo_headers_are_found_in_each_representation() {
        let field = literal(0, b"x-a", b":path");
        let huffman_path = [0x84, 0xb9, 0x58, 0xd3, 0x3f];
        for (block, expected) in [
            (Vec::new(), false),
            (field.clone(), false),
            ([field.clone(), literal(0x10, b":status", b"200")].concat(), true),
            ([field.clone(), literal(0x40, b":path", b"/")].concat(), true),
            ([&field[..], &[0x00], &huffman_path, &[1, b'/']].concat(), true),
            // `x-a` as Huffman code.
            ([&[0x40, 0x83][..], &[0xf2, 0xb0, 0xff], &[1, b'1']].concat(), false),
            ([&field[..], &[0x82]].concat(), true),
            // `content-type` is the static table's 31st entry, `accept-charset` its 15th.
            ([&field[..], &[0x9f]].concat(), false),
            ([&field[..], &[0x44, 1, b'/']].concat(), true),
            ([&field[..], &[0x0f, 0x10, 1, b'a']].concat(), false),
            ([&[0x3f, 0xe1, 0x1f][..], &field].concat(), false),
            ([&[0x20][..], &literal(0, b":path", b"/")].concat(), true),
            // An entry of the dynamic table may be anything.
            (vec![0xbe], false),
            (vec![0x00, 0x7f], false),
            (vec![0x40, 5, b':'], false),
        ] {
            assert_eq!(has_pseudo_header(&block), expected, "{block:02x?}");
        }
        let long = literal(0, &[b'x'; 100], &[b'y'; 100]);
        assert!(!has_pseudo_header(&long) && has_pseudo_header(&[long, vec![0x81]].concat()));
    }

    proptest! {
        #[test]
        fn any_block_is_no_panic(block in vec(any::<u8>(), 0..60)) {
            let _any = has_pseudo_header(&block);
        }
    }
}
