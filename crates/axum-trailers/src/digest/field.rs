use super::{Algorithm, Digest};
use http::{HeaderMap, HeaderName};
use sfv::{BareItem, Dictionary, ListEntry, Parser};

/// Digests of a message's content ([RFC 9530 §2](https://www.rfc-editor.org/rfc/rfc9530#section-2)).
pub const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
/// Digests of the whole representation ([RFC 9530 §3](https://www.rfc-editor.org/rfc/rfc9530#section-3)).
pub const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
/// Asks for [`CONTENT_DIGEST`] ([RFC 9530 §4](https://www.rfc-editor.org/rfc/rfc9530#section-4)).
pub const WANT_CONTENT_DIGEST: HeaderName = HeaderName::from_static("want-content-digest");
/// Asks for [`REPR_DIGEST`] ([RFC 9530 §4](https://www.rfc-editor.org/rfc/rfc9530#section-4)).
pub const WANT_REPR_DIGEST: HeaderName = HeaderName::from_static("want-repr-digest");

/// The value of a digest field: a dictionary from algorithms to digests
/// ([RFC 9530 §2](https://www.rfc-editor.org/rfc/rfc9530#section-2)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DigestField {
    /// Digests with a supported algorithm.
    pub known: Vec<Digest>,
    /// The keys of the other algorithms.
    pub unknown: Vec<String>,
}

/// Why a digest field is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedDigest {
    /// It is not a dictionary of byte sequences.
    #[error("expected a dictionary of byte sequences, such as `sha-256=:…base64…:` (RFC 9530 section 2)")]
    Syntax,
    /// A digest has the wrong length for its algorithm.
    #[error("a {algorithm} digest has {} bytes, not {length}", algorithm.length())]
    Length {
        /// The algorithm.
        algorithm: Algorithm,
        /// The length of the digest in bytes.
        length: usize,
    },
}

impl DigestField {
    /// Reads all lines of the field with this name. Returns `None` if there are none.
    ///
    /// # Errors
    ///
    /// [`MalformedDigest`] if the field is not a dictionary of byte sequences, or a digest has the wrong length.
    pub fn read(fields: &HeaderMap, name: &HeaderName) -> Result<Option<Self>, MalformedDigest> {
        let Some(dictionary) = dictionary(fields, name) else {
            return Ok(None);
        };
        let mut field = Self::default();
        for (key, value) in dictionary.map_err(|_| MalformedDigest::Syntax)? {
            let ListEntry::Item(sfv::Item { bare_item: BareItem::ByteSequence(bytes), .. }) = value else {
                return Err(MalformedDigest::Syntax);
            };
            match Algorithm::from_key(key.as_str()) {
                Some(algorithm) => field.known.push(Digest::new(algorithm, bytes)?),
                None => field.unknown.push(key.as_str().to_owned()),
            }
        }
        Ok(Some(field))
    }
}

/// Parses the lines of a field as one dictionary (RFC 9651 §4.2), or returns `None` if there are none.
pub(super) fn dictionary(fields: &HeaderMap, name: &HeaderName) -> Option<Result<Dictionary, sfv::Error>> {
    let lines: Vec<_> = fields.get_all(name).iter().map(http::HeaderValue::as_bytes).collect();
    (!lines.is_empty()).then(|| Parser::new(&lines.join(&b", "[..])).parse())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::{collection::vec, prelude::*};

    fn fields(lines: &[&str]) -> HeaderMap {
        let mut fields = HeaderMap::new();
        for line in lines {
            fields.append(CONTENT_DIGEST, HeaderValue::from_str(line).expect("a field value"));
        }
        fields
    }

    fn read(lines: &[&str]) -> Result<Option<DigestField>, MalformedDigest> {
        DigestField::read(&fields(lines), &CONTENT_DIGEST)
    }

    const SHA_256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";

    #[test]
    fn lines_make_one_dictionary_of_known_and_unknown_algorithms() {
        let field =
            read(&["md5=:Sd/dVLAcvNLSq16eXua5uQ==:", SHA_256]).expect("well-formed").expect("a field");
        assert_eq!(field.unknown, ["md5"]);
        assert_eq!(field.known.iter().map(Digest::to_string).collect::<Vec<_>>(), [SHA_256]);
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[""]), Ok(Some(DigestField::default())));
    }

    #[test]
    fn malformed_fields_are_refused_with_the_reason() {
        for line in
            ["sha-256", "sha-256=1", "sha-256=:*:", "sha-256=(:AA==:)", "SHA-256=:AA==:", "md5=\"x\"", "é"]
        {
            assert_eq!(read(&[line]), Err(MalformedDigest::Syntax), "{line}");
        }
        let short = MalformedDigest::Length { algorithm: Algorithm::Sha512, length: 32 };
        assert_eq!(read(&[&SHA_256.replace("256", "512")]), Err(short.clone()));
        assert_eq!(short.to_string(), "a sha-512 digest has 64 bytes, not 32");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(bytes in vec(any::<u8>(), 64), is_short: bool) {
            let algorithm = if is_short { Algorithm::Sha256 } else { Algorithm::Sha512 };
            let digest = Digest::new(algorithm, bytes[..algorithm.length()].to_vec()).expect("long enough");
            let mut fields = HeaderMap::new();
            fields.insert(CONTENT_DIGEST, digest.to_field_value());
            let field = DigestField { known: vec![digest], unknown: vec![] };
            prop_assert_eq!(DigestField::read(&fields, &CONTENT_DIGEST), Ok(Some(field)));
        }
    }
}
