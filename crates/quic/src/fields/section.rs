use super::{
    name::Name,
    scan::{Field, Scan, Value},
};
use crate::Fault;

/// The kinds of field sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Request,
    Response,
    Trailers,
}

/// How many fields are allowed, because [`http::HeaderMap::with_capacity`] panics beyond.
const MOST: usize = 24 * 1024;

/// Checks what h3 (0.0.8) does not: the place of pseudo-fields and their names
/// ([RFC 9114 §4.3](https://www.rfc-editor.org/rfc/rfc9114#section-4.3)). Returns whether it is that of an interim response.
pub(crate) fn check(section: Section, encoded: &[u8]) -> Result<bool, Fault> {
    let mut scan = Scan::new(encoded)?;
    let mut pseudo = PseudoFields::new(section);
    let mut fields = 0;
    while let Some(field) = scan.next()? {
        fields += 1;
        if fields > MOST {
            return Err(Fault::TooManyFields { limit: MOST });
        }
        pseudo.next(field)?;
    }
    Ok(pseudo.is_interim)
}

#[derive(Debug)]
struct PseudoFields {
    section: Section,
    /// One bit for each name that has occurred.
    seen: u8,
    /// Whether a field has followed.
    is_over: bool,
    is_interim: bool,
}

impl PseudoFields {
    fn new(section: Section) -> Self {
        Self { section, seen: 0, is_over: false, is_interim: false }
    }

    fn next(&mut self, field: Field<'_>) -> Result<(), Fault> {
        let is_defined = match (field.name, self.section) {
            (Name::Regular, _) => {
                self.is_over = true;
                return Ok(());
            }
            (_, Section::Trailers) => return Err(Fault::PseudoFieldInTrailers),
            (Name::Status, section) => section == Section::Response,
            (Name::UndefinedPseudo, _) => false,
            (_, section) => section == Section::Request,
        };
        let bit = 1 << field.name as u8;
        if !is_defined {
            Err(Fault::UndefinedPseudoField)
        } else if self.is_over {
            Err(Fault::MisplacedPseudoField)
        } else if self.seen & bit != 0 {
            Err(Fault::RepeatedPseudoField)
        } else {
            self.seen |= bit;
            self.is_interim |= field.name == Name::Status && is_informational(field.value);
            Ok(())
        }
    }
}

/// Whether a status is one of 1xx.
fn is_informational(status: Value<'_>) -> bool {
    match status {
        // The static table has 103 and 100.
        Value::Indexed(index) => matches!(index, 24 | 63),
        // `1` in Huffman code has five bits, 00001.
        Value::Literal { bytes, is_huffman: true } => bytes.first().is_some_and(|first| first >> 3 == 1),
        Value::Literal { bytes, is_huffman: false } => bytes.first() == Some(&b'1'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields of a section, behind its prefix.
    const METHOD: &[u8] = &[0xd1];
    const SCHEME: &[u8] = &[0xd7];
    const PATH: &[u8] = &[0xc1];
    /// A reference to the name, with a value.
    const AUTHORITY: &[u8] = &[0x50, 1, b'a'];
    const LITERAL_PATH: &[u8] = &[0x25, b':', b'p', b'a', b't', b'h', 1, b'/'];
    const HUFFMAN_PATH: &[u8] = &[0x2c, 0xb9, 0x58, 0xd3, 0x3f, 1, b'/'];
    const UNDEFINED: &[u8] = &[0x22, b':', b'p', 1, b'/'];
    const STATUS: &[u8] = &[0xd9];
    const FIELD: &[u8] = &[0x23, b'x', b'-', b'a', 0];
    /// `date` with a value of 200 bytes, which begins with what would be pseudo-fields.
    const LONG: &[u8] = &{
        let mut field = [0xd1; 203];
        (field[0], field[1], field[2]) = (0x56, 0x7f, 200 - 127);
        field
    };

    fn checked(section: Section, fields: &[&[u8]]) -> Result<bool, Fault> {
        check(section, &[&[0, 0], &fields.concat()[..]].concat())
    }

    #[test]
    fn pseudo_fields_come_first_and_once() {
        for (fields, expected) in [
            (&[METHOD, SCHEME, AUTHORITY, PATH, FIELD, FIELD][..], Ok(false)),
            (&[PATH, AUTHORITY, METHOD, SCHEME], Ok(false)),
            (&[METHOD, SCHEME, AUTHORITY, LITERAL_PATH], Ok(false)),
            (&[METHOD, FIELD, PATH], Err(Fault::MisplacedPseudoField)),
            (&[FIELD, HUFFMAN_PATH], Err(Fault::MisplacedPseudoField)),
            (&[METHOD, LONG, LITERAL_PATH], Err(Fault::MisplacedPseudoField)),
            (&[METHOD, METHOD], Err(Fault::RepeatedPseudoField)),
            (&[PATH, LITERAL_PATH], Err(Fault::RepeatedPseudoField)),
            (&[PATH, HUFFMAN_PATH], Err(Fault::RepeatedPseudoField)),
            (&[METHOD, UNDEFINED], Err(Fault::UndefinedPseudoField)),
            (&[METHOD, STATUS], Err(Fault::UndefinedPseudoField)),
            (&[], Ok(false)),
        ] {
            assert_eq!(checked(Section::Request, fields), expected, "{fields:x?}");
        }
        assert_eq!(checked(Section::Response, &[STATUS, FIELD]), Ok(false));
        assert_eq!(checked(Section::Response, &[STATUS, STATUS]), Err(Fault::RepeatedPseudoField));
        assert_eq!(checked(Section::Response, &[FIELD, STATUS]), Err(Fault::MisplacedPseudoField));
        assert_eq!(checked(Section::Response, &[PATH]), Err(Fault::UndefinedPseudoField));
    }

    #[test]
    fn trailers_have_no_pseudo_fields() {
        assert_eq!(checked(Section::Trailers, &[FIELD, LONG, FIELD]), Ok(false));
        for pseudo in [METHOD, SCHEME, PATH, AUTHORITY, LITERAL_PATH, HUFFMAN_PATH, UNDEFINED, STATUS] {
            for fields in [&[pseudo][..], &[FIELD, pseudo], &[LONG, pseudo, FIELD]] {
                let found = checked(Section::Trailers, fields);
                assert_eq!(found, Err(Fault::PseudoFieldInTrailers), "{fields:x?}");
            }
        }
    }

    #[test]
    fn interim_responses_have_a_status_of_1xx() {
        let status = |value: &[u8]| [&[0x5f, 9][..], value].concat();
        for (encoded, is_interim) in [
            (vec![0xd8], true),
            (vec![0xff, 0], true),
            (vec![0xd9], false),
            (vec![0xff, 1], false),
            (status(b"\x03103"), true),
            (status(b"\x03204"), false),
            // `103` and `204` in Huffman code.
            (status(&[0x83, 0x08, 0x06, 0x5f]), true),
            (status(&[0x83, 0x10, 0x06, 0x9f]), false),
        ] {
            assert_eq!(checked(Section::Response, &[&encoded]), Ok(is_interim), "{encoded:x?}");
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        for encoded in [
            &[][..],
            &[0],
            // The dynamic table.
            &[1, 0],
            &[2, 0, 0x80],
            &[0, 0, 0x80],
            &[0, 0, 0x10],
            &[0, 0, 0x00, 0],
            &[0, 0, 0x40, 0],
            &[0, 0, 0x60, 0],
            // The static table ends at 98.
            &[0, 0, 0xff, 36],
            &[0, 0, 0x5f, 84, 0],
            // Cut.
            &[0, 0, 0xff],
            &[0, 0, 0x50],
            &[0, 0, 0x50, 1],
            &[0, 0, 0x21],
            &[0, 0, 0x21, b'a'],
            &[0, 0, 0x21, b'a', 1],
            &[0, 0, 0x27, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        ] {
            for section in [Section::Request, Section::Response, Section::Trailers] {
                assert_eq!(check(section, encoded), Err(Fault::Compression), "{encoded:x?}");
            }
        }
        assert_eq!(check(Section::Trailers, &[0, 0, 0xff, 35]), Ok(false));
        // A base means nothing without the dynamic table.
        assert_eq!(check(Section::Trailers, &[0, 0x85, 0xdd]), Ok(false));
    }

    #[test]
    fn number_of_fields_is_bounded() {
        let fields = |count| [&[0, 0][..], &vec![0xdd; count]].concat();
        assert_eq!(check(Section::Trailers, &fields(MOST)), Ok(false));
        assert_eq!(check(Section::Trailers, &fields(MOST + 1)), Err(Fault::TooManyFields { limit: MOST }));
        let _no_panic = http::HeaderMap::<()>::with_capacity(MOST);
        assert!(std::panic::catch_unwind(|| http::HeaderMap::<()>::with_capacity(MOST + 1)).is_err());
    }
}
