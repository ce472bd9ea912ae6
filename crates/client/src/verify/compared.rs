use super::{
    Comparison, Note, evidence::Evidence, extent::Whole, hashing::Digests, section_digests::SectionDigests,
};
use crate::verdict::{DigestSource, NoDigest, NotCompared, Place};
use axum_trailers::digest::{CONTENT_DIGEST, Digest};

/// The expected digests beside those of what arrived.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) comparisons: Vec<Comparison>,
    /// What the user requires and nothing provides.
    pub(super) lacking: Vec<NoDigest>,
    pub(super) notes: Vec<Note>,
}

impl Compared {
    pub(super) fn of(evidence: &Evidence, trailer: &SectionDigests, digests: &Digests) -> Self {
        let mut compared = Self::default();
        for expected in &evidence.verification.expected {
            compared.users(expected, evidence, digests);
        }
        for (place, section) in [(Place::Header, &evidence.header), (Place::Trailer, trailer)] {
            for (name, expected) in &section.digests {
                let got = match evidence.extent.whole {
                    Whole::Incomplete(NotCompared::NoContent) => Err(NotCompared::NoContent),
                    _ if *name == CONTENT_DIGEST => Ok(&digests.content),
                    whole => of_whole(whole, digests),
                };
                let by = DigestSource::Field { name: name.clone(), place };
                if let Err(reason) = got.and_then(|got| compared.add(&by, expected, got)) {
                    compared.notes.push(Note::NotCompared { by, algorithm: expected.algorithm(), reason });
                }
            }
        }
        if evidence.verification.requires_digest
            && compared.comparisons.is_empty()
            && compared.lacking.is_empty()
        {
            compared.lacking.push(NoDigest::Absent);
        }
        compared
    }

    fn users(&mut self, expected: &Digest, evidence: &Evidence, digests: &Digests) {
        let got = if evidence.status.is_success() {
            of_whole(evidence.extent.whole, digests)
        } else {
            Err(NotCompared::Status(evidence.status))
        };
        if let Err(reason) = got.and_then(|got| self.add(&DigestSource::User, expected, got)) {
            self.lacking.push(NoDigest::NotCompared { expected: expected.clone(), reason });
        }
    }

    fn add(&mut self, by: &DigestSource, expected: &Digest, got: &[Digest]) -> Result<(), NotCompared> {
        let got = got.iter().find(|got| got.algorithm() == expected.algorithm());
        let got = got.ok_or(NotCompared::NotComputed)?.clone();
        self.comparisons.push(Comparison::new(by.clone(), expected.clone(), got));
        Ok(())
    }
}

fn of_whole(whole: Whole, digests: &Digests) -> Result<&Vec<Digest>, NotCompared> {
    match whole {
        Whole::Incomplete(reason) => Err(reason),
        Whole::Content | Whole::PrefixAndContent => digests.whole.as_ref().ok_or(NotCompared::Part),
    }
}
