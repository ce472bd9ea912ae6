//! Header and trailer sections without a dynamic table ([RFC 9204 §4.5](https://www.rfc-editor.org/rfc/rfc9204#section-4.5)).

use super::{super::Why, huffman, static_table::STATIC_TABLE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// A section: its pseudo-fields, and its fields.
pub(crate) struct Section {
    pub(crate) pseudo: Vec<(String, Vec<u8>)>,
    pub(crate) fields: HeaderMap,
}

pub(crate) fn decode(section: &[u8]) -> Result<Section, Why> {
    read(section).ok_or_else(|| Why::Malformed(format!("a section {section:?}")))
}

fn read(section: &[u8]) -> Option<Section> {
    let mut bytes = Bytes(section);
    // The client has no dynamic table.
    if bytes.integer(8)? != 0 || bytes.integer(7)? != 0 {
        return None;
    }
    let (mut pseudo, mut fields) = (Vec::new(), HeaderMap::new());
    while let Some(first) = bytes.0.first() {
        let (name, value) = match first {
            0xc0.. => {
                let (name, value) = STATIC_TABLE.get(bytes.integer(6)?)?;
                ((*name).to_owned(), value.as_bytes().to_vec())
            }
            0x50..=0x5f | 0x70..=0x7f => {
                let (name, _) = STATIC_TABLE.get(bytes.integer(4)?)?;
                ((*name).to_owned(), bytes.string(7)?)
            }
            0x20..=0x3f => {
                let name = String::from_utf8(bytes.string(3)?).ok()?;
                (name, bytes.string(7)?)
            }
            _ => return None,
        };
        if name.starts_with(':') {
            // They come before all fields (RFC 9114 §4.3).
            fields.is_empty().then(|| pseudo.push((name, value)))?;
        } else {
            let name = HeaderName::from_lowercase(name.as_bytes()).ok()?;
            fields.append(name, HeaderValue::from_bytes(&value).ok()?);
        }
    }
    Some(Section { pseudo, fields })
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    /// An integer behind the flags of its first byte, which leave so many bits.
    fn integer(&mut self, prefix: u8) -> Option<usize> {
        let most = u8::MAX >> (8 - prefix);
        let first = self.byte()? & most;
        if first < most {
            return Some(first.into());
        }
        let (mut value, mut shift) = (usize::from(most), 0);
        loop {
            let byte = self.byte()?;
            value += usize::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
    }

    /// A string whose length has so many bits in the first byte, behind the flag for Huffman code.
    fn string(&mut self, prefix: u8) -> Option<Vec<u8>> {
        let is_huffman = self.0.first()? >> prefix & 1 == 1;
        let length = self.integer(prefix)?;
        let (string, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        if is_huffman { huffman::decode(string) } else { Some(string.to_vec()) }
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }
}

#[test]
fn encoded_section_is_decoded() {
    use axum_trailers_testing::http3::section;

    let long = "a".repeat(1000);
    let misplaced = section([("x-a", "1"), (":status", "200")]);
    let encoded = section([(":status", "200"), ("x-a", ""), ("x-a", &long)]);
    let section = decode(&encoded).expect("a section");
    assert_eq!(section.pseudo, [(":status".to_owned(), b"200".to_vec())]);
    assert_eq!(section.fields.get_all("x-a").iter().collect::<Vec<_>>(), ["", &*long]);
    assert!(decode(&[1, 0]).is_err(), "the dynamic table");
    assert!(decode(&misplaced).is_err());
}
