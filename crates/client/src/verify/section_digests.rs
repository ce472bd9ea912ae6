use super::Note;
use crate::verdict::{DigestSource, Place};
use axum_trailers::digest::{CONTENT_DIGEST, Digest, DigestField, REPR_DIGEST};
use http::{HeaderMap, HeaderName};

/// What the digest fields of a section contain.
#[derive(Debug, Default)]
pub(super) struct SectionDigests {
    pub(super) digests: Vec<(HeaderName, Digest)>,
    /// The fields that contain no digest.
    pub(super) malformed: Vec<HeaderName>,
    pub(super) notes: Vec<Note>,
}

impl SectionDigests {
    pub(super) fn read(section: &HeaderMap, place: Place) -> Self {
        let mut read = Self::default();
        for name in [CONTENT_DIGEST, REPR_DIGEST] {
            let by = DigestSource::Field { name: name.clone(), place };
            match DigestField::read(section, &name) {
                Ok(None) => {}
                Ok(Some(field)) if field.known.is_empty() && field.unknown.is_empty() => {
                    read.malformed.push(name);
                    read.notes.push(Note::MalformedDigest { by, reason: "it contains no digest".to_owned() });
                }
                Ok(Some(field)) => {
                    read.digests.extend(field.known.into_iter().map(|digest| (name.clone(), digest)));
                    if !field.unknown.is_empty() {
                        read.notes.push(Note::UnknownAlgorithms { by, keys: field.unknown });
                    }
                }
                Err(malformed) => {
                    read.malformed.push(name);
                    read.notes.push(Note::MalformedDigest { by, reason: malformed.to_string() });
                }
            }
        }
        read
    }
}
