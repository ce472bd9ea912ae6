use super::{Algorithm, Digest};
use crate::compat::Fields;
use http::HeaderName;
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
    pub fn read(fields: &impl Fields, name: &HeaderName) -> Result<Option<Self>, MalformedDigest> {
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
pub(super) fn dictionary(fields: &impl Fields, name: &HeaderName) -> Option<Result<Dictionary, sfv::Error>> {
    let lines: Vec<_> = fields.values(name).collect();
    (!lines.is_empty()).then(|| Parser::new(&lines.join(&b", "[..])).parse())
}
