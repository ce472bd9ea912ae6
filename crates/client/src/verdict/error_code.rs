use std::fmt;

/// The code with which a server has ended a stream or a connection. The same number has another meaning in each protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// Of HTTP/2 ([RFC 9113 §7](https://www.rfc-editor.org/rfc/rfc9113#section-7)).
    Http2(u32),
    /// Of HTTP/3 ([RFC 9114 §8.1](https://www.rfc-editor.org/rfc/rfc9114#section-8.1),
    /// [RFC 9204 §6](https://www.rfc-editor.org/rfc/rfc9204#section-6)).
    Http3(u64),
}

/// Its name, or its number.
impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LAST_OF_HTTP2: u32 = 13;
        match *self {
            Self::Http2(code) if code <= LAST_OF_HTTP2 => write!(f, "{:?}", h2::Reason::from(code)),
            Self::Http2(code) => write!(f, "code {code}"),
            Self::Http3(code) => match OF_HTTP3.iter().find(|(other, _)| *other == code) {
                Some((_, name)) => f.write_str(name),
                None => write!(f, "code {code}"),
            },
        }
    }
}

const OF_HTTP3: &[(u64, &str)] = &[
    (0x33, "H3_DATAGRAM_ERROR"),
    (0x100, "H3_NO_ERROR"),
    (0x101, "H3_GENERAL_PROTOCOL_ERROR"),
    (0x102, "H3_INTERNAL_ERROR"),
    (0x103, "H3_STREAM_CREATION_ERROR"),
    (0x104, "H3_CLOSED_CRITICAL_STREAM"),
    (0x105, "H3_FRAME_UNEXPECTED"),
    (0x106, "H3_FRAME_ERROR"),
    (0x107, "H3_EXCESSIVE_LOAD"),
    (0x108, "H3_ID_ERROR"),
    (0x109, "H3_SETTINGS_ERROR"),
    (0x10a, "H3_MISSING_SETTINGS"),
    (0x10b, "H3_REQUEST_REJECTED"),
    (0x10c, "H3_REQUEST_CANCELLED"),
    (0x10d, "H3_REQUEST_INCOMPLETE"),
    (0x10e, "H3_MESSAGE_ERROR"),
    (0x10f, "H3_CONNECT_ERROR"),
    (0x110, "H3_VERSION_FALLBACK"),
    (0x200, "QPACK_DECOMPRESSION_FAILED"),
    (0x201, "QPACK_ENCODER_STREAM_ERROR"),
    (0x202, "QPACK_DECODER_STREAM_ERROR"),
];
