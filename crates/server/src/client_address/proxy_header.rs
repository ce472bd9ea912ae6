use ppp::{v1, v2};
use std::net::SocketAddr;

/// A header of the [PROXY protocol](https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt), version 1 or 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProxyHeader {
    /// In bytes.
    pub(crate) length: usize,
    /// The address of the client. `None` if the proxy has sent none: for a connection of its own (`LOCAL`), or of a client
    /// that it does not know or that has no IP address (`UNKNOWN`, `UNSPEC`, `UNIX`).
    pub(crate) client: Option<SocketAddr>,
}

/// What the first bytes of a connection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// The beginning of a header: more bytes are needed.
    Incomplete,
    Header(ProxyHeader),
    /// Something else.
    Other,
}

/// Why a connection that begins like a header has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProxyHeaderFault {
    #[error("it is malformed")]
    Malformed,
    #[error("it is larger than {} bytes", ProxyHeader::LARGEST)]
    TooLarge,
}

const SIGNATURE_1: &[u8] = b"PROXY ";
const SIGNATURE_2: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// The largest header of version 1, in bytes (section 2.1 of the specification).
const LARGEST_1: usize = 107;

/// The signature of version 2, the version and command, the family and protocol, and the length (section 2.2).
const FIXED_2: usize = 16;

/// Version 2 with its commands, as the byte behind the signature.
const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;

impl ProxyHeader {
    /// The first bytes of version 1 and version 2.
    pub(crate) const SIGNATURES: [&[u8]; 2] = [SIGNATURE_1, SIGNATURE_2];

    /// The largest accepted header, in bytes. Version 2 permits 65,551. HAProxy's has 28 or 52 bytes with a client's
    /// address, and with everything that it can add, among it a certificate's names, some hundred.
    pub(crate) const LARGEST: usize = 4096;

    /// Reads the first bytes of a connection. More bytes change the result only if it is [`Opening::Incomplete`].
    pub(crate) fn read(bytes: &[u8]) -> Result<Opening, ProxyHeaderFault> {
        if bytes.starts_with(SIGNATURE_1) {
            return read_1(bytes);
        }
        if bytes.starts_with(SIGNATURE_2) {
            return read_2(bytes);
        }
        let is_open = Self::SIGNATURES.iter().any(|signature| signature.starts_with(bytes));
        Ok(if is_open { Opening::Incomplete } else { Opening::Other })
    }
}

/// The crate gets whole headers alone: it takes one that ends in front of the last port for a malformed one.
fn read_1(bytes: &[u8]) -> Result<Opening, ProxyHeaderFault> {
    let bytes = bytes.get(..LARGEST_1).unwrap_or(bytes);
    let Some(end) = memchr::memmem::find(bytes, b"\r\n") else {
        return if bytes.len() < LARGEST_1 {
            Ok(Opening::Incomplete)
        } else {
            Err(ProxyHeaderFault::Malformed)
        };
    };
    let length = end + 2;
    let header = bytes.get(..length).and_then(|header| v1::Header::try_from(header).ok());
    let header = header.ok_or(ProxyHeaderFault::Malformed)?;
    let client = match header.addresses {
        v1::Addresses::Tcp4(of) => Some((of.source_address, of.source_port).into()),
        v1::Addresses::Tcp6(of) => Some((of.source_address, of.source_port).into()),
        v1::Addresses::Unknown => None,
    };
    Ok(Opening::Header(ProxyHeader { length, client }))
}

fn read_2(bytes: &[u8]) -> Result<Opening, ProxyHeaderFault> {
    let command = match bytes.get(SIGNATURE_2.len()) {
        None => return Ok(Opening::Incomplete),
        Some(command @ (&LOCAL | &PROXY)) => *command,
        Some(_) => return Err(ProxyHeaderFault::Malformed),
    };
    let Some([.., high, low]) = bytes.get(..FIXED_2) else {
        return Ok(Opening::Incomplete);
    };
    let length = FIXED_2 + usize::from(u16::from_be_bytes([*high, *low]));
    if length > ProxyHeader::LARGEST {
        return Err(ProxyHeaderFault::TooLarge);
    }
    let Some(header) = bytes.get(..length) else {
        return Ok(Opening::Incomplete);
    };
    // What follows `LOCAL` is to be ignored, so it can't be malformed.
    let client = if command == LOCAL { None } else { client_2(header)? };
    Ok(Opening::Header(ProxyHeader { length, client }))
}

fn client_2(header: &[u8]) -> Result<Option<SocketAddr>, ProxyHeaderFault> {
    let header = v2::Header::try_from(header).map_err(|_error| ProxyHeaderFault::Malformed)?;
    Ok(match header.addresses {
        v2::Addresses::IPv4(of) => Some((of.source_address, of.source_port).into()),
        v2::Addresses::IPv6(of) => Some((of.source_address, of.source_port).into()),
        v2::Addresses::Unix(_) | v2::Addresses::Unspecified => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result for a header with what follows it.
    fn read(header: &[u8]) -> Result<Option<String>, ProxyHeaderFault> {
        match ProxyHeader::read(&[header, b"GET / HTTP/1.1\r\n\r\n"].concat())? {
            Opening::Header(read) => {
                assert_eq!(read.length, header.len(), "{}", header.escape_ascii());
                Ok(read.client.map(|client| client.to_string()))
            }
            other => panic!("{other:?}: {}", header.escape_ascii()),
        }
    }

    fn version_2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).expect("short").to_be_bytes();
        [SIGNATURE_2, &[command, family][..], &length, rest].concat()
    }

    const IPV4: [u8; 12] = [192, 0, 2, 1, 198, 51, 100, 1, 0x12, 0x34, 0x01, 0xbb];

    #[test]
    fn version_1_has_the_address_of_the_client() {
        for (header, expected) in [
            ("PROXY TCP4 192.0.2.1 198.51.100.1 4660 443\r\n", Ok(Some("192.0.2.1:4660"))),
            ("PROXY TCP6 2001:db8::1 ::1 4660 443\r\n", Ok(Some("[2001:db8::1]:4660"))),
            ("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", Ok(Some("[::ffff:192.0.2.1]:1"))),
            ("PROXY UNKNOWN\r\n", Ok(None)),
            ("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", Ok(None)),
            ("PROXY \r\n", Err(ProxyHeaderFault::Malformed)),
            ("PROXY TCP4\r\n", Err(ProxyHeaderFault::Malformed)),
            ("PROXY TCP4 192.0.2.1 198.51.100.1 4660\r\n", Err(ProxyHeaderFault::Malformed)),
            ("PROXY TCP4 192.0.2.1 198.51.100.1 4660 443 \r\n", Err(ProxyHeaderFault::Malformed)),
            ("PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n", Err(ProxyHeaderFault::Malformed)),
            ("PROXY TCP4 192.0.2.1 198.51.100.1 01 443\r\n", Err(ProxyHeaderFault::Malformed)),
            ("PROXY TCP4  192.0.2.1 198.51.100.1 1 443\r\n", Err(ProxyHeaderFault::Malformed)),
            ("PROXY TCP4 2001:db8::1 ::1 4660 443\r\n", Err(ProxyHeaderFault::Malformed)),
            ("PROXY TCP4 example.com 198.51.100.1 1 2\r\n", Err(ProxyHeaderFault::Malformed)),
            ("PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n", Err(ProxyHeaderFault::Malformed)),
            ("PROXY UNKNOWN\rx\r\n", Err(ProxyHeaderFault::Malformed)),
        ] {
            let expected = expected.map(|client: Option<&str>| client.map(str::to_owned));
            assert_eq!(read(header.as_bytes()), expected, "{header:?}");
        }
    }

    #[test]
    fn version_2_has_the_address_of_the_client() {
        let ipv6 =
            ["2001:db8::1", "::1"].map(|text| text.parse::<std::net::Ipv6Addr>().expect("IPv6").octets());
        let ipv6 = [&ipv6.concat()[..], &[0x12, 0x34, 1, 187]].concat();
        let with_tlv = [&IPV4[..], &[0x04, 0, 2, 9, 9]].concat();
        let unix = [0; 216];
        for (command, family, rest, expected) in [
            (PROXY, 0x11, &IPV4[..], Ok(Some("192.0.2.1:4660"))),
            (PROXY, 0x21, &ipv6, Ok(Some("[2001:db8::1]:4660"))),
            // HTTP/3 that a proxy has turned into HTTP over TCP.
            (PROXY, 0x12, &IPV4, Ok(Some("192.0.2.1:4660"))),
            (PROXY, 0x11, &with_tlv, Ok(Some("192.0.2.1:4660"))),
            (PROXY, 0x31, &unix, Ok(None)),
            (PROXY, 0x00, &[], Ok(None)),
            (PROXY, 0x01, &[1, 2, 3], Ok(None)),
            (LOCAL, 0x00, &[], Ok(None)),
            (LOCAL, 0x11, &IPV4, Ok(None)),
            (LOCAL, 0x11, &[], Ok(None)),
            (LOCAL, 0xff, &[1], Ok(None)),
            (PROXY, 0x11, &IPV4[..11], Err(ProxyHeaderFault::Malformed)),
            (PROXY, 0x21, &IPV4, Err(ProxyHeaderFault::Malformed)),
            (PROXY, 0x41, &IPV4, Err(ProxyHeaderFault::Malformed)),
            (PROXY, 0x13, &IPV4, Err(ProxyHeaderFault::Malformed)),
            (0x22, 0x11, &IPV4, Err(ProxyHeaderFault::Malformed)),
            (0x11, 0x11, &IPV4, Err(ProxyHeaderFault::Malformed)),
        ] {
            let expected = expected.map(|client: Option<&str>| client.map(str::to_owned));
            assert_eq!(read(&version_2(command, family, rest)), expected, "{command:x} {family:x} {rest:?}");
        }
    }

    #[test]
    fn size_is_limited() {
        let longest = format!("PROXY UNKNOWN {}\r\n", "x".repeat(LARGEST_1 - 16));
        assert_eq!(read(longest.as_bytes()), Ok(None));
        let longer = format!("PROXY UNKNOWN {}\r\n", "x".repeat(LARGEST_1 - 15));
        assert_eq!(read(longer.as_bytes()), Err(ProxyHeaderFault::Malformed));
        let padded = |length| [&IPV4[..], &vec![0; length - FIXED_2 - IPV4.len()]].concat();
        let largest = version_2(PROXY, 0x11, &padded(ProxyHeader::LARGEST));
        assert_eq!(read(&largest), Ok(Some("192.0.2.1:4660".to_owned())));
        let larger = version_2(PROXY, 0x11, &padded(ProxyHeader::LARGEST + 1));
        assert_eq!(ProxyHeader::read(&larger[..FIXED_2]), Err(ProxyHeaderFault::TooLarge), "at once");
    }

    #[test]
    fn other_first_bytes_are_no_header() {
        let others: [&[u8]; 8] = [
            b"PROPFIND / HTTP/1.1\r\n",
            b"PROXYX",
            b"proxy TCP4",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET / HTTP/1.1\r\n",
            b"\x16\x03\x01",
            b"\r\n\r\n\0\r\nQUIT\r",
            b"\r\nGET",
        ];
        for bytes in others {
            assert_eq!(ProxyHeader::read(bytes), Ok(Opening::Other), "{}", bytes.escape_ascii());
        }
        assert_eq!(ProxyHeader::read(b""), Ok(Opening::Incomplete));
        assert_eq!(ProxyHeader::read(b"PROXY"), Ok(Opening::Incomplete));
    }
}
