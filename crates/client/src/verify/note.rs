use crate::verdict::{DigestSource, NotCompared, Printable};
use axum_trailers::digest::Algorithm;

/// Something about a response that does not change its verdict, but explains it.
///
/// `Display` makes one line of text for people without control characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Note {
    /// A digest field contains digests with unsupported algorithms. They are ignored
    /// ([RFC 9530 §2](https://www.rfc-editor.org/rfc/rfc9530#section-2)).
    #[error("{by}: unsupported algorithms: {}", Printable(.keys.join(", ")))]
    #[non_exhaustive]
    UnknownAlgorithms {
        /// The field.
        by: DigestSource,
        /// The keys of the algorithms, such as `md5`.
        keys: Vec<String>,
    },
    /// A digest field is malformed. It is ignored
    /// ([RFC 9651 §4.2](https://www.rfc-editor.org/rfc/rfc9651#section-4.2)).
    #[error("{by} is malformed: {}", Printable(.reason))]
    #[non_exhaustive]
    MalformedDigest {
        /// The field.
        by: DigestSource,
        /// What is wrong with it.
        reason: String,
    },
    /// A digest is not compared.
    #[error("{by}: its {algorithm} digest was not compared: {reason}")]
    #[non_exhaustive]
    NotCompared {
        /// Where the digest comes from.
        by: DigestSource,
        /// Its algorithm.
        algorithm: Algorithm,
        /// The reason.
        reason: NotCompared,
    },
    /// The content has a coding, such as `gzip`. It arrived, and was verified, in its coded form
    /// ([RFC 9110 §8.4](https://www.rfc-editor.org/rfc/rfc9110#section-8.4)).
    #[error("the content is coded: {}", Printable(.codings))]
    #[non_exhaustive]
    Coded {
        /// The value of `Content-Encoding`, which may contain control characters.
        codings: String,
    },
}
