use crate::verdict::{DigestSource, Verdict};
use axum_trailers::digest::Digest;

/// An expected digest beside that of what arrived. Both have the same algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Comparison {
    /// Where the expected digest comes from.
    pub by: DigestSource,
    /// The expected digest.
    pub expected: Digest,
    /// The digest of what arrived.
    pub got: Digest,
}

impl Comparison {
    /// Compares these digests, which must have the same algorithm to match.
    #[must_use]
    pub fn new(by: DigestSource, expected: Digest, got: Digest) -> Self {
        Self { by, expected, got }
    }

    /// Whether both digests are the same.
    #[must_use]
    pub fn matches(&self) -> bool {
        self.expected == self.got
    }

    /// [`Verdict::Verified`] or [`Verdict::DigestDiffers`].
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let by = self.by.clone();
        if self.matches() {
            Verdict::Verified { by, algorithm: self.expected.algorithm() }
        } else {
            Verdict::DigestDiffers { by, expected: self.expected.clone(), got: self.got.clone() }
        }
    }
}
