use super::{Algorithm, Digest};
use http::{HeaderMap, HeaderName};
use sfv::{BareItem, Dictionary, ListEntry, Parser};

pub(crate) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
pub(crate) const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
pub(crate) const WANT_CONTENT_DIGEST: HeaderName = HeaderName::from_static("want-content-digest");
pub(crate) const WANT_REPR_DIGEST: HeaderName = HeaderName::from_static("want-repr-digest");

/// What a digest field says: a dictionary from algorithms to digests (RFC 9530 §2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DigestField {
    /// Digests by algorithms that are known here.
    pub(crate) known: Vec<Digest>,
    /// The keys of the other algorithms.
    pub(crate) unknown: Vec<String>,
}

/// Why a digest field can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MalformedDigest {
    #[error("it is not a dictionary of byte sequences, as in `sha-256=:…base64…:` (RFC 9530 section 2)")]
    Syntax,
    #[error("a {algorithm} digest has {} bytes, this one has {length}", algorithm.length())]
    Length { algorithm: Algorithm, length: usize },
}

impl DigestField {
    /// Reads a digest field, or `None` where there is none.
    pub(crate) fn read(fields: &HeaderMap, name: &HeaderName) -> Result<Option<Self>, MalformedDigest> {
        let Some(dictionary) = dictionary(fields, name) else {
            return Ok(None);
        };
        let mut field = Self::default();
        for (key, value) in dictionary.map_err(|_| MalformedDigest::Syntax)? {
            let ListEntry::Item(sfv::Item { bare_item: BareItem::ByteSequence(bytes), .. }) = value else {
                return Err(MalformedDigest::Syntax);
            };
            match Algorithm::from_key(key.as_str()) {
                Some(algorithm) if bytes.len() != algorithm.length() => {
                    return Err(MalformedDigest::Length { algorithm, length: bytes.len() });
                }
                Some(algorithm) => field.known.push(Digest { algorithm, bytes }),
                None => field.unknown.push(key.as_str().to_owned()),
            }
        }
        Ok(Some(field))
    }
}

/// The dictionary that the lines of a field make together (RFC 9651 §4.2), or `None` where there is no line.
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
    fn lines_make_one_dictionary_with_what_is_known_and_what_is_not() {
        let field =
            read(&["md5=:Sd/dVLAcvNLSq16eXua5uQ==:", SHA_256]).expect("well-formed").expect("a field");
        assert_eq!(field.unknown, ["md5"]);
        assert_eq!(field.known.iter().map(Digest::to_string).collect::<Vec<_>>(), [SHA_256]);
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[""]), Ok(Some(DigestField::default())));
    }

    #[test]
    fn what_is_malformed_is_refused_with_the_reason() {
        for line in
            ["sha-256", "sha-256=1", "sha-256=:*:", "sha-256=(:AA==:)", "SHA-256=:AA==:", "md5=\"x\"", "é"]
        {
            assert_eq!(read(&[line]), Err(MalformedDigest::Syntax), "{line}");
        }
        let short = MalformedDigest::Length { algorithm: Algorithm::Sha512, length: 32 };
        assert_eq!(read(&[&SHA_256.replace("256", "512")]), Err(short.clone()));
        assert_eq!(short.to_string(), "a sha-512 digest has 64 bytes, this one has 32");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(bytes in vec(any::<u8>(), 64), is_short: bool) {
            let algorithm = if is_short { Algorithm::Sha256 } else { Algorithm::Sha512 };
            let digest = Digest { algorithm, bytes: bytes[..algorithm.length()].to_vec() };
            let mut fields = HeaderMap::new();
            fields.insert(CONTENT_DIGEST, digest.to_field_value());
            let field = DigestField { known: vec![digest], unknown: vec![] };
            prop_assert_eq!(DigestField::read(&fields, &CONTENT_DIGEST), Ok(Some(field)));
        }
    }
}
