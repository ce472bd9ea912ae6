use super::name::Name;
use crate::Fault;

/// The fields of an encoded section, in their order.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    rest: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) name: Name,
    pub(super) value: Value<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// That of an entry of the static table.
    Indexed(u64),
    Literal {
        bytes: &'a [u8],
        is_huffman: bool,
    },
}

impl<'a> Scan<'a> {
    /// # Errors
    ///
    /// If the section needs the dynamic table, or ends too early. h3 (0.0.8) ignores the former.
    pub(super) fn new(section: &'a [u8]) -> Result<Self, Fault> {
        let mut rest = section;
        let required_insert_count = integer(&mut rest, 8)?;
        let _delta_base = integer(&mut rest, 7)?;
        if required_insert_count == 0 { Ok(Self { rest }) } else { Err(Fault::Compression) }
    }

    /// # Errors
    ///
    /// If the field cannot be decoded.
    pub(super) fn next(&mut self) -> Result<Option<Field<'a>>, Fault> {
        let Some(first) = self.rest.first() else {
            return Ok(None);
        };
        // (RFC 9204 §4.5.2, 4.5.4, 4.5.6). The other two are of the dynamic table.
        match *first {
            0xc0.. => {
                let index = integer(&mut self.rest, 6)?;
                Ok(Some(Field { name: indexed(index)?, value: Value::Indexed(index) }))
            }
            0x50..=0x5f | 0x70..=0x7f => {
                let name = indexed(integer(&mut self.rest, 4)?)?;
                Ok(Some(Field { name, value: self.value()? }))
            }
            0x20..=0x3f => {
                let (name, is_huffman) = string(&mut self.rest, 3)?;
                let name = Name::of_literal(name, is_huffman);
                Ok(Some(Field { name, value: self.value()? }))
            }
            _ => Err(Fault::Compression),
        }
    }

    fn value(&mut self) -> Result<Value<'a>, Fault> {
        let (bytes, is_huffman) = string(&mut self.rest, 7)?;
        Ok(Value::Literal { bytes, is_huffman })
    }
}

fn indexed(index: u64) -> Result<Name, Fault> {
    Name::of_index(index).ok_or(Fault::Compression)
}

/// A string whose length has a prefix of this many bits, with the bit for Huffman code before it.
fn string<'a>(rest: &mut &'a [u8], prefix: u32) -> Result<(&'a [u8], bool), Fault> {
    let is_huffman = rest.first().is_some_and(|first| first >> prefix & 1 == 1);
    let length = integer(rest, prefix)?;
    let length = usize::try_from(length).map_err(|_| Fault::Compression)?;
    let (string, behind) = rest.split_at_checked(length).ok_or(Fault::Compression)?;
    *rest = behind;
    Ok((string, is_huffman))
}

/// An integer with a prefix of this many bits in its first byte
/// ([RFC 7541 §5.1](https://www.rfc-editor.org/rfc/rfc7541#section-5.1)).
fn integer(rest: &mut &[u8], prefix: u32) -> Result<u64, Fault> {
    let (first, mut behind) = rest.split_first().ok_or(Fault::Compression)?;
    let most = (1_u64 << prefix) - 1;
    let mut value = u64::from(*first) & most;
    if value == most {
        let mut shift = 0;
        loop {
            let (byte, more) = behind.split_first().ok_or(Fault::Compression)?;
            behind = more;
            // Nothing that is in memory is so large.
            if shift > MAX_SHIFT {
                return Err(Fault::Compression);
            }
            value += u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    *rest = behind;
    Ok(value)
}

const MAX_SHIFT: u32 = 28;
