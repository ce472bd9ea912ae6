//! HTTP/3 as bytes, for peers that also send what no library would: integers, frames, and field sections without compression.
//!
//! ```
//! use axum_trailers_testing::http3::{data, head, headers};
//!
//! let request = [head("POST", "/", &[("te", "trailers")]), data(b"hello"), headers(&[("x-sum", "1")])].concat();
//! ```

/// The type of a frame with content. All types: [RFC 9114 §7.2](https://www.rfc-editor.org/rfc/rfc9114#section-7.2).
pub const DATA: u64 = 0x0;
/// The type of a frame with a field section.
pub const HEADERS: u64 = 0x1;
/// The type of the first frame of a control stream.
pub const SETTINGS: u64 = 0x4;
/// The type of the frame that announces the end of a connection.
pub const GOAWAY: u64 = 0x7;

/// The setting `SETTINGS_MAX_FIELD_SECTION_SIZE`
/// ([RFC 9114 §7.2.4.1](https://www.rfc-editor.org/rfc/rfc9114#section-7.2.4.1)).
pub const MAX_FIELD_SECTION_SIZE: u64 = 0x6;

/// The type of a control stream ([RFC 9114 §6.2.1](https://www.rfc-editor.org/rfc/rfc9114#section-6.2.1)).
pub const CONTROL: u64 = 0x0;

/// An integer in as few bytes as possible ([RFC 9000 §16](https://www.rfc-editor.org/rfc/rfc9000#section-16)).
#[must_use]
pub fn varint(value: u64) -> Vec<u8> {
    match value {
        0..0x40 => value.to_be_bytes()[7..].to_vec(),
        0x40..0x4000 => (value | 0x4000).to_be_bytes()[6..].to_vec(),
        0x4000..0x4000_0000 => (value | 0x8000_0000).to_be_bytes()[4..].to_vec(),
        _ => (value | 0xc000_0000_0000_0000).to_be_bytes().to_vec(),
    }
}

/// Takes an integer from the front. `None` if it is not whole.
pub fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let (integer, rest) = bytes.split_at_checked(1 << (bytes.first()? >> 6))?;
    *bytes = rest;
    Some(integer[1..].iter().fold(u64::from(integer[0] & 0x3f), |value, byte| value << 8 | u64::from(*byte)))
}

/// The head of a frame.
#[must_use]
pub fn frame_head(kind: u64, length: usize) -> Vec<u8> {
    [varint(kind), varint(length as u64)].concat()
}

/// A frame.
#[must_use]
pub fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
    [&frame_head(kind, payload.len()), payload].concat()
}

/// A `DATA` frame.
#[must_use]
pub fn data(content: &[u8]) -> Vec<u8> {
    frame(DATA, content)
}

/// A `HEADERS` frame with these fields.
#[must_use]
pub fn headers(fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, &section(fields.iter().copied()))
}

/// The `HEADERS` frame of a request to `https://localhost`, with these fields behind the pseudo-fields.
#[must_use]
pub fn head(method: &str, path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let pseudo = [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)];
    headers(&[&pseudo[..], fields].concat())
}

/// The first bytes of a control stream: its type, and `SETTINGS` with these numbers and values.
#[must_use]
pub fn control(settings: &[(u64, u64)]) -> Vec<u8> {
    let settings: Vec<_> =
        settings.iter().flat_map(|(setting, value)| [varint(*setting), varint(*value)].concat()).collect();
    [varint(CONTROL), frame(SETTINGS, &settings)].concat()
}

/// A field section ([RFC 9204 §4.5](https://www.rfc-editor.org/rfc/rfc9204#section-4.5)).
pub fn section<'a, V: AsRef<[u8]>>(fields: impl IntoIterator<Item = (&'a str, V)>) -> Vec<u8> {
    let fields = fields.into_iter().flat_map(|(name, value)| literal(name, value));
    [0, 0].into_iter().chain(fields).collect()
}

/// A field of a section, with its name and value as they are
/// ([RFC 9204 §4.5.6](https://www.rfc-editor.org/rfc/rfc9204#section-4.5.6)).
pub fn literal(name: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    [&length(0x20, 3, name.len()), name.as_bytes(), &length(0, 7, value.len()), value].concat()
}

/// A length behind flags that leave so many bits of the first byte
/// ([RFC 7541 §5.1](https://www.rfc-editor.org/rfc/rfc7541#section-5.1)).
fn length(flags: u8, bits: u8, length: usize) -> Vec<u8> {
    let most = (1 << bits) - 1;
    let mut bytes = vec![flags | u8::try_from(length.min(most)).expect("less than eight bits")];
    if let Some(mut rest) = length.checked_sub(most) {
        while rest >= 0x80 {
            bytes.push(0x80 | u8::try_from(rest & 0x7f).expect("seven bits"));
            rest >>= 7;
        }
        bytes.push(u8::try_from(rest).expect("seven bits"));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_the_sizes_of_rfc_9000() {
        for (bytes, value) in [
            (&[0x25][..], 37),
            (&[0x7b, 0xbd], 15_293),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652),
        ] {
            assert_eq!(varint(value), bytes);
            let (mut whole, mut cut) = (bytes, &bytes[..bytes.len() - 1]);
            assert_eq!((take_varint(&mut whole), whole), (Some(value), &b""[..]));
            assert_eq!(take_varint(&mut cut), None);
        }
        let longer = &mut &[0x40, 0x25, 1][..];
        assert_eq!((take_varint(longer), *longer), (Some(37), &[1][..]));
    }

    #[test]
    fn lengths_continue_behind_their_prefix() {
        // The example of RFC 7541, appendix C.1.2.
        assert_eq!(length(0, 5, 1337), [31, 0x9a, 10]);
        assert_eq!([length(0x20, 3, 6), length(0x20, 3, 7)], [vec![0x26], vec![0x27, 0]]);
        assert_eq!(headers(&[("x-sum", "1")]), b"\x01\x0a\0\0\x25x-sum\x011");
    }
}
