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
