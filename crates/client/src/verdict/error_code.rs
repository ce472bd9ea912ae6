/// The name of an error code of HTTP/2 ([RFC 9113 §7](https://www.rfc-editor.org/rfc/rfc9113#section-7)) or HTTP/3
/// ([RFC 9114 §8.1](https://www.rfc-editor.org/rfc/rfc9114#section-8.1),
/// [RFC 9204 §6](https://www.rfc-editor.org/rfc/rfc9204#section-6)). Their numbers differ.
pub(super) fn error_code_name(code: u64) -> String {
    const LAST_OF_HTTP2: u32 = 13;
    if let Some(code) = u32::try_from(code).ok().filter(|code| *code <= LAST_OF_HTTP2) {
        return format!("{:?}", h2::Reason::from(code));
    }
    let of_http3 = OF_HTTP3.iter().find(|(other, _)| *other == code);
    of_http3.map_or_else(|| format!("code {code}"), |(_, name)| (*name).to_owned())
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
