use http::HeaderName;
use std::fmt;

/// Where an expected digest comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DigestSource {
    /// A digest field of the response: `content-digest` or `repr-digest`
    /// ([RFC 9530](https://www.rfc-editor.org/rfc/rfc9530)).
    Field {
        /// The name of the field.
        name: HeaderName,
        /// The section that contains it.
        place: Place,
    },
    /// The content of the request, in a comparison with what the server reports as stored.
    Sent,
    /// The user, with [`Verification::expect`](crate::Verification::expect).
    User,
}

/// A section of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The header section, before the content.
    Header,
    /// The trailer section, after it.
    Trailer,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Trailer => "trailer",
        })
    }
}

impl fmt::Display for DigestSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field { name, place } => write!(f, "{place} field {name}"),
            Self::Sent => f.write_str("what was sent"),
            Self::User => f.write_str("the given digest"),
        }
    }
}
