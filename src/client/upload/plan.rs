use axum_trailers::digest::Digest;
use http::HeaderMap;
use std::time::Duration;

/// How content is sent.
#[derive(Clone, Debug, Default)]
pub(in crate::client) struct Plan {
    pub(in crate::client) pieces: Pieces,
    pub(in crate::client) hashing: Hashing,
    /// Follow the content.
    pub(in crate::client) trailers: HeaderMap,
    /// Follow them, added by the connection.
    pub(in crate::client) unchecked_trailers: HeaderMap,
    /// Show all trailers when they are sent.
    pub(in crate::client) is_verbose: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub(in crate::client) struct Pieces {
    /// The size of each in bytes; the last may be shorter. `None`: as they are read.
    pub(in crate::client) size: Option<usize>,
    /// How long each further piece and the trailers wait.
    pub(in crate::client) delay: Option<Duration>,
}

/// Which digest of the content is computed and sent.
#[derive(Clone, Debug, Default)]
pub(in crate::client) enum Hashing {
    #[default]
    Off,
    /// For a comparison with what the server reports.
    Compare,
    /// Sent as a trailer.
    Trailer,
    /// Computed before. The content must be the same.
    Known { digest: Digest, length: u64 },
}

impl Plan {
    /// The length to announce for content of this length. Trailers and a pace need chunks over HTTP/1.1.
    pub(super) fn length(&self, of_source: Option<u64>) -> Option<u64> {
        let is_chunked = !self.trailers.is_empty()
            || !self.unchecked_trailers.is_empty()
            || self.pieces.size.is_some()
            || self.pieces.delay.is_some();
        match self.hashing {
            Hashing::Trailer => None,
            _ if is_chunked => None,
            Hashing::Known { length, .. } => Some(length),
            Hashing::Off | Hashing::Compare => of_source,
        }
    }

    pub(super) fn known_digest(&self) -> Option<&Digest> {
        match &self.hashing {
            Hashing::Known { digest, .. } => Some(digest),
            _ => None,
        }
    }
}
