use h3::error::Code;

/// A rule of HTTP/3 that a peer has broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The stream ended inside a frame ([RFC 9114 §7.1](https://www.rfc-editor.org/rfc/rfc9114#section-7.1)).
    #[error("the stream ended inside a frame")]
    Truncated,
    /// A `HEADERS` frame over the bound.
    #[error("a field section of {bytes} bytes, of which {limit} are allowed")]
    SectionTooLarge {
        /// The size that the frame announces, in bytes.
        bytes: u64,
        /// The bound, in bytes.
        limit: u64,
    },
    /// A frame of another type over the bound.
    #[error("a frame of type {kind:#x} with {bytes} bytes, of which {limit} are allowed")]
    FrameTooLarge {
        /// The frame's type.
        kind: u64,
        /// The size that the frame announces, in bytes.
        bytes: u64,
        /// The bound, in bytes.
        limit: u64,
    },
    /// A pseudo-field in a trailer section ([RFC 9114 §4.3](https://www.rfc-editor.org/rfc/rfc9114#section-4.3)).
    #[error("a pseudo-field in a trailer section")]
    PseudoFieldInTrailers,
}

impl Fault {
    /// The error code that the peer gets.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Truncated => Code::H3_FRAME_ERROR,
            Self::SectionTooLarge { .. } | Self::FrameTooLarge { .. } => Code::H3_EXCESSIVE_LOAD,
            Self::PseudoFieldInTrailers => Code::H3_MESSAGE_ERROR,
        }
    }

    /// Whether it ends the connection, instead of the stream alone.
    #[must_use]
    pub fn ends_connection(&self) -> bool {
        matches!(self, Self::Truncated)
    }
}
