use h3::error::Code;
use quinn::Side;

/// A rule of HTTP/3 that a peer has broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The stream ended inside a frame ([RFC 9114 §7.1](https://www.rfc-editor.org/rfc/rfc9114#section-7.1)).
    #[error("the stream ended inside a frame")]
    Truncated,
    /// The stream ended before the header section of a response
    /// ([RFC 9114 §4.1](https://www.rfc-editor.org/rfc/rfc9114#section-4.1)).
    #[error("the stream ended without a response")]
    NoResponse,
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
    /// The same on the control stream.
    #[error(
        "a frame of type {kind:#x} with {bytes} bytes on the control stream, of which {limit} are allowed"
    )]
    ControlFrameTooLarge {
        /// The frame's type.
        kind: u64,
        /// The size that the frame announces, in bytes.
        bytes: u64,
        /// The bound, in bytes.
        limit: u64,
    },
    /// A frame that is not allowed here: `DATA` before the header section, anything after the trailer section, or a frame of
    /// another stream ([RFC 9114 §4.1](https://www.rfc-editor.org/rfc/rfc9114#section-4.1)).
    #[error("an unexpected frame of type {kind:#x}")]
    UnexpectedFrame {
        /// The frame's type.
        kind: u64,
    },
    /// A frame whose payload is not what its type requires.
    #[error("a malformed frame of type {kind:#x}")]
    MalformedFrame {
        /// The frame's type.
        kind: u64,
    },
    /// A control stream that begins with another frame
    /// ([RFC 9114 §6.2.1](https://www.rfc-editor.org/rfc/rfc9114#section-6.2.1)).
    #[error("a control stream that does not begin with SETTINGS")]
    MissingSettings,
    /// A client's `GOAWAY` with a larger id than the one before
    /// ([RFC 9114 §5.2](https://www.rfc-editor.org/rfc/rfc9114#section-5.2)).
    #[error("a GOAWAY with a larger id than the one before")]
    LargerGoaway,
    /// A server push, which this side has not allowed
    /// ([RFC 9114 §7.2.5](https://www.rfc-editor.org/rfc/rfc9114#section-7.2.5)).
    #[error("a push promise without permission")]
    PushPromise,
    /// A push stream that this side has received, which a client has not allowed and a server never gets
    /// ([RFC 9114 §6.2.2](https://www.rfc-editor.org/rfc/rfc9114#section-6.2.2)).
    #[error("a push stream without permission")]
    PushStream(Side),
    /// A field section that cannot be decoded, or that needs QPACK's dynamic table, which this side has not allowed
    /// ([RFC 9204 §2.2](https://www.rfc-editor.org/rfc/rfc9204#section-2.2)).
    #[error("a field section that cannot be decoded")]
    Compression,
    /// More fields than an [`http::HeaderMap`] takes.
    #[error("a field section of more than {limit} fields")]
    TooManyFields {
        /// How many fields are allowed.
        limit: usize,
    },
    /// A pseudo-field in a trailer section ([RFC 9114 §4.3](https://www.rfc-editor.org/rfc/rfc9114#section-4.3)).
    #[error("a pseudo-field in a trailer section")]
    PseudoFieldInTrailers,
    /// A pseudo-field behind a field.
    #[error("a pseudo-field behind a field")]
    MisplacedPseudoField,
    /// A pseudo-field that occurs twice.
    #[error("a repeated pseudo-field")]
    RepeatedPseudoField,
    /// A pseudo-field that a message of this kind does not have.
    #[error("an undefined pseudo-field")]
    UndefinedPseudoField,
    /// A field of HTTP/1.1's connections, such as `transfer-encoding`
    /// ([RFC 9114 §4.2](https://www.rfc-editor.org/rfc/rfc9114#section-4.2)).
    #[error("a field of HTTP/1.1's connections: {0}")]
    ConnectionField(http::HeaderName),
}

impl Fault {
    /// The error code that the peer gets.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Truncated | Self::MalformedFrame { .. } => Code::H3_FRAME_ERROR,
            Self::SectionTooLarge { .. }
            | Self::FrameTooLarge { .. }
            | Self::ControlFrameTooLarge { .. }
            | Self::TooManyFields { .. } => Code::H3_EXCESSIVE_LOAD,
            Self::UnexpectedFrame { .. } => Code::H3_FRAME_UNEXPECTED,
            Self::MissingSettings => Code::H3_MISSING_SETTINGS,
            Self::PushPromise | Self::PushStream(Side::Client) | Self::LargerGoaway => Code::H3_ID_ERROR,
            Self::PushStream(Side::Server) => Code::H3_STREAM_CREATION_ERROR,
            Self::Compression => Code::QPACK_DECOMPRESSION_FAILED,
            Self::NoResponse
            | Self::PseudoFieldInTrailers
            | Self::MisplacedPseudoField
            | Self::RepeatedPseudoField
            | Self::UndefinedPseudoField
            | Self::ConnectionField(_) => Code::H3_MESSAGE_ERROR,
        }
    }

    /// Whether it ends the connection, instead of the stream alone.
    #[must_use]
    pub fn ends_connection(&self) -> bool {
        match self {
            Self::Truncated
            | Self::ControlFrameTooLarge { .. }
            | Self::UnexpectedFrame { .. }
            | Self::MalformedFrame { .. }
            | Self::MissingSettings
            | Self::LargerGoaway
            | Self::PushPromise
            | Self::PushStream(_)
            | Self::Compression => true,
            Self::NoResponse
            | Self::SectionTooLarge { .. }
            | Self::FrameTooLarge { .. }
            | Self::TooManyFields { .. }
            | Self::PseudoFieldInTrailers
            | Self::MisplacedPseudoField
            | Self::RepeatedPseudoField
            | Self::UndefinedPseudoField
            | Self::ConnectionField(_) => false,
        }
    }
}
