//! Properties that hold for any bytes that a client or a proxy sends, for property tests and `fuzz/`.

use super::{ForwardedHeader, Opening, ProxyHeader, ProxyTrust};
use http::{HeaderMap, HeaderName, HeaderValue, header::FORWARDED};
use std::net::SocketAddr;

/// The header is the same however the bytes arrive, and ends within them and within its limit.
pub fn proxy_header(bytes: &[u8], step: usize) {
    let whole = ProxyHeader::read(bytes);
    if let Ok(Opening::Header(header)) = whole {
        assert!(header.length <= bytes.len().min(ProxyHeader::LARGEST), "{header:?}");
        let alone = bytes.get(..header.length).unwrap_or_default();
        assert_eq!(ProxyHeader::read(alone), whole, "without what follows it");
    }
    let mut arrived = 0;
    loop {
        let so_far = ProxyHeader::read(bytes.get(..arrived).unwrap_or_default());
        if so_far != Ok(Opening::Incomplete) || arrived == bytes.len() {
            assert_eq!(so_far, whole, "after {arrived} bytes");
            return;
        }
        assert!(arrived < ProxyHeader::LARGEST, "a header has been complete for long");
        arrived = arrived.saturating_add(step).min(bytes.len());
    }
}

/// Whatever a client has written into the field, a proxy's address that follows is the client, and one of a trusted proxy
/// behind it changes nothing.
pub fn forged_fields(forged: &[u8]) {
    let x_forwarded = [", 192.0.2.1:81", ",192.0.2.1:81 , 10.0.0.1"];
    let forwarded = [
        r#", for="192.0.2.1:81";proto=https"#,
        r#",host="a, \"b\\";for=192.0.2.1:81 , for=10.0.0.1;by="_x, y""#,
    ];
    for (header, name, endings) in [
        (ForwardedHeader::XForwarded, HeaderName::from_static("x-forwarded-for"), x_forwarded),
        (ForwardedHeader::Forwarded, FORWARDED, forwarded),
    ] {
        let trusted = vec!["10.0.0.0/8".parse().expect("a network")];
        let trust = ProxyTrust { trusted, header, proxy_protocol: false };
        let client = |lines: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                if let Ok(value) = HeaderValue::from_bytes(line) {
                    headers.append(&name, value);
                }
            }
            trust.forwarded_client(&headers)
        };
        let expected = Some(SocketAddr::from(([192, 0, 2, 1], 81)));
        for ending in endings.map(str::as_bytes) {
            assert_eq!(client(&[&[b"x", ending].concat()]), expected);
            assert_eq!(client(&[forged, ending]), expected, "{}", forged.escape_ascii());
            let forged_before = [forged, ending].concat();
            if HeaderValue::from_bytes(&forged_before).is_ok() {
                assert_eq!(client(&[&forged_before]), expected, "{}", forged.escape_ascii());
            }
        }
        let _any = client(&[forged]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    /// The beginning of a header and any bytes, or any bytes.
    fn opening() -> impl Strategy<Value = Vec<u8>> {
        let signature = b"\r\n\r\n\0\r\nQUIT\n";
        let version_2 = (0x1f..0x23_u8, any::<u8>(), 0..260_u16, vec(any::<u8>(), 0..300)).prop_map(
            |(command, family, length, rest)| {
                [&signature[..], &[command, family], &length.to_be_bytes(), &rest].concat()
            },
        );
        let version_1 = "PROXY (TCP4|TCP6|UNKNOWN|[A-Z]{0,4})[0-9a-f.: \r]{0,60}\r?\n?[a-z]{0,20}";
        prop_oneof![
            4 => version_2,
            3 => version_1.prop_map(String::into_bytes),
            2 => ("PROXY TCP4 192.0.2.1 192.0.2.2 [0-9]{1,5} [0-9]{1,5}\r\nGET").prop_map(String::into_bytes),
            1 => (0..=12_usize, vec(any::<u8>(), 0..200))
                .prop_map(|(length, rest)| [&b"\r\n\r\n\0\r\nQUIT\n"[..length], &rest].concat()),
            1 => vec(any::<u8>(), 0..200),
        ]
    }

    fn field() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            2 => "[for=\"\\\\,; 0-9.:\\[\\]_x]{0,60}".prop_map(String::into_bytes),
            1 => vec(any::<u8>(), 0..100),
        ]
    }

    proptest! {
        #[test]
        fn proxy_header_is_the_same_however_it_arrives(bytes in opening(), step in 1..40_usize) {
            proxy_header(&bytes, step);
        }

        #[test]
        fn forged_left_part_of_a_field_changes_nothing(forged in field()) {
            forged_fields(&forged);
        }
    }

    #[test]
    fn long_fields_are_cut_off_in_the_middle_of_anything() {
        for forged in ["\"", "\\\"", ",", "for=9.9.9.9,", "for=\"[::1]\";"] {
            forged_fields(forged.repeat(20_000).as_bytes());
        }
    }
}
