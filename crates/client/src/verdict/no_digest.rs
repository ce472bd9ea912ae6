use axum_trailers::digest::Digest;
use http::StatusCode;

/// Why a response is not verified although a digest is required.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoDigest {
    /// The response contains no digest that can be compared.
    #[error("the response contains none")]
    Absent,
    /// The user's digest can't be compared with this response.
    #[error("the given {} digest can't be compared: {reason}", .expected.algorithm())]
    #[non_exhaustive]
    NotCompared {
        /// The user's digest.
        expected: Digest,
        /// The reason.
        reason: NotCompared,
    },
}

/// Why a digest is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotCompared {
    /// The response has no content, because of its status or the method HEAD.
    #[error("the response has no content")]
    NoContent,
    /// The status says that the content is not what was requested.
    #[error("the status of the response is {0}")]
    Status(StatusCode),
    /// The digest is that of the whole representation, and the response is a part that does not complete a beginning.
    #[error("only a part of the whole arrived")]
    Part,
    /// What arrived was not hashed with this algorithm: another digest verifies it, and the header section did not contain
    /// this algorithm. Or the beginning that arrived earlier was not hashed with it.
    #[error("nothing announced this algorithm before the content")]
    NotComputed,
}
