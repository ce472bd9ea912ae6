use super::{Identity, Pending, Remember, ReprDigests};
use axum_trailers::{
    compat::Fields,
    digest::{Algorithm, Preferences, REPR_DIGEST, WANT_REPR_DIGEST},
    trailers::Acceptance,
};
use http_02::{HeaderMap, Request};
use std::fs::{File, Metadata};

/// Which digest of the whole file a request wants.
pub(crate) struct WantedDigest {
    digests: ReprDigests,
    algorithm: Option<Algorithm>,
    acceptance: Acceptance,
}

impl WantedDigest {
    pub(crate) fn of<B>(request: &Request<B>, digests: ReprDigests) -> Self {
        let preferences = Preferences::read(request.headers(), &WANT_REPR_DIGEST);
        let algorithm = preferences.and_then(|preferences| preferences.choose(Algorithm::default()));
        Self { digests, algorithm, acceptance: Acceptance::from_request(request) }
    }

    /// Adds the digest to a header section. Returns whether it is wanted and known.
    pub(crate) fn write_if_known(&self, file: Option<Identity>, headers: &mut HeaderMap) -> bool {
        let known = file.zip(self.algorithm).and_then(|(file, algorithm)| self.digests.get(file, algorithm));
        let Some(digest) = known else { return false };
        headers.set(&REPR_DIGEST, &digest.to_field_value()).is_ok()
    }

    /// Starts to compute the digest if it is wanted and its trailer can be sent.
    pub(crate) fn begin(&self, file: &File, metadata: &Metadata) -> Option<Pending> {
        let algorithm = self.algorithm.filter(|_| self.acceptance.is_accepted())?;
        self.digests.begin(file, metadata, algorithm).unwrap_or_else(|error| {
            tracing::warn!(%error, "can't hash a file");
            None
        })
    }

    /// For a response that sends the whole file.
    pub(crate) fn remember(self, file: Identity) -> Remember {
        Remember { digests: self.digests, file }
    }
}
