use crate::{
    digest::{Algorithm, WANT_CONTENT_DIGEST},
    problem::Problem,
};
use http::{HeaderName, HeaderValue, StatusCode};

/// Why a request's body does not match its `Content-Digest`.
///
/// As a response it is 400 with `Want-Content-Digest` and a problem document
/// ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) whose members `expected` and `got` describe the difference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentDigestError {
    /// The announced digest is not that of the received content.
    #[error("the content does not match its `Content-Digest`")]
    Mismatch {
        /// The announced digest, as in the field.
        expected: String,
        /// The digest of the received content.
        got: String,
    },
    /// Neither the header section nor the trailer section contains a digest.
    #[error("`Content-Digest` is missing: send it as a header field or as a trailer field")]
    Missing,
    /// An announced trailer field did not arrive: an intermediary may have cut the content or dropped trailers.
    #[error("the trailer field `{name}` was announced but not sent")]
    TrailerNeverCame {
        /// The field's name.
        name: HeaderName,
    },
    /// None of the algorithms is supported.
    #[error("`Content-Digest` contains no supported algorithm")]
    UnknownAlgorithm {
        /// Their keys.
        got: Vec<String>,
    },
    /// The field is malformed.
    #[error("`Content-Digest` is malformed: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
        /// The value of the field.
        got: String,
    },
}

impl From<ContentDigestError> for Problem {
    fn from(error: ContentDigestError) -> Self {
        error.problem().field(WANT_CONTENT_DIGEST, WANTED)
    }
}

impl ContentDigestError {
    fn problem(&self) -> Problem {
        let problem = Problem::new(StatusCode::BAD_REQUEST, self.to_string());
        let algorithms =
            || Algorithm::ALL.iter().map(|algorithm| algorithm.key()).collect::<Vec<_>>().join(" or ");
        let a_digest = || format!("Content-Digest with {}", algorithms());
        match self {
            Self::Mismatch { expected, got } => problem
                .of_type(MISMATCHED, "Mismatched digest values")
                .with("expected", expected.as_str())
                .with("got", got.as_str()),
            Self::Missing => problem.with("expected", a_digest()).with("got", "none"),
            Self::TrailerNeverCame { name } => {
                problem.with("expected", format!("trailer field {name}")).with("got", "none")
            }
            Self::UnknownAlgorithm { got } => problem
                .of_type(UNSUPPORTED, "Unsupported hashing algorithms")
                .with("expected", algorithms())
                .with("got", got.join(", ")),
            Self::Malformed { got, .. } => problem.with("expected", a_digest()).with("got", got.as_str()),
        }
    }
}

/// Either algorithm will do (RFC 9530 §4).
const WANTED: HeaderValue = HeaderValue::from_static("sha-256=10, sha-512=10");

// Problem types for digest fields (draft-ietf-httpapi-digest-fields-problem-types, approved as an RFC).
const MISMATCHED: &str = "https://iana.org/assignments/http-problem-types#digest-mismatched-values";
const UNSUPPORTED: &str = "https://iana.org/assignments/http-problem-types#digest-unsupported-algorithms";
