//! The Huffman code of HPACK and QPACK ([RFC 7541, appendix B](https://www.rfc-editor.org/rfc/rfc7541#appendix-B)).

use std::{collections::HashMap, sync::LazyLock};

/// Decodes a string. `None` if it is malformed.
pub(super) fn decode(coded: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    let (mut code, mut length) = (0_u32, 0_u8);
    for bit in coded.iter().flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1)) {
        (code, length) = (code << 1 | u32::from(bit), length + 1);
        if let Some(symbol) = SYMBOLS.get(&(length, code)) {
            // The end of a string is not encoded.
            decoded.push(u8::try_from(*symbol).ok()?);
            (code, length) = (0, 0);
        } else if length == 30 {
            return None;
        }
    }
    // Less than a byte of ones fills the last byte.
    (length < 8 && code == (1 << length) - 1).then_some(decoded)
}

/// The symbol of each code, which has a length in bits. The code is canonical: those of the same length are in the order of
/// their symbols, behind all shorter ones.
static SYMBOLS: LazyLock<HashMap<(u8, u32), usize>> = LazyLock::new(|| {
    let mut symbols = HashMap::new();
    let mut code = 0;
    for length in 1..=30 {
        code <<= 1;
        for (symbol, _) in LENGTHS.iter().enumerate().filter(|(_, of)| **of == length) {
            symbols.insert((length, code), symbol);
            code += 1;
        }
    }
    symbols
});

/// The length of each symbol's code, in bits. The last symbol is the end of a string.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6,
    6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7,
    8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7,
    15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24,
    23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23,
    23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26,
    26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20,
    21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27,
    27, 27, 26, 30,
];

#[test]
fn examples_of_the_rfc_are_decoded() {
    // RFC 7541, appendix C.4 and C.6.
    for (coded, text) in [
        (&[0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff][..], "www.example.com"),
        (&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf], "no-cache"),
        (&[0x64, 0x02], "302"),
    ] {
        assert_eq!(decode(coded).as_deref(), Some(text.as_bytes()));
    }
    for malformed in [&[0x64][..], &[0xff, 0xff, 0xff, 0xff], &[0xff]] {
        assert_eq!(decode(malformed), None);
    }
}
