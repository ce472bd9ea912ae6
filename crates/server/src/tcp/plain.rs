//! From a TCP connection without TLS to its protocol.

use super::{early_answer, first_bytes::HTTP2_PREFACE, handshake::HANDSHAKE, socket::Socket};
use crate::{accept::Early, client_address::ProxyHeader, connection::Protocol};
use std::{fmt, io};

/// Why a connection to a plain listener has no protocol.
#[derive(Debug)]
pub(super) enum Failure {
    Tls,
    ProxyHeader,
    /// The client left before its first bytes were complete.
    Broken(io::Error),
    /// The client left before its first byte, as port checks do.
    Probe,
}

impl Early for Failure {
    fn label(&self) -> &'static str {
        match self {
            Self::Tls => "tls_to_plain",
            Self::ProxyHeader => "proxy_header",
            Self::Broken(_) => "client_gone",
            Self::Probe => "probe",
        }
    }

    fn is_probe(&self) -> bool {
        matches!(self, Self::Probe)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tls => f.write_str("the client sent TLS to the plain HTTP port"),
            Self::ProxyHeader => {
                f.write_str("the client sent a PROXY protocol header, which is not expected here")
            }
            Self::Broken(error) => write!(f, "the client left before its first bytes: {error}"),
            Self::Probe => f.write_str("the client closed the connection before its first byte"),
        }
    }
}

impl Failure {
    /// Responds to a client that has sent TLS: it cannot read the response, but reports that the server speaks plain HTTP.
    pub(super) async fn answer_client(self, mut socket: Socket) {
        if let Self::Tls = self {
            early_answer::answer(
                &mut socket,
                "this port is for plain HTTP: use http:// instead of https://\n",
            )
            .await;
        }
    }
}

/// Waits for the bytes that decide the protocol: HTTP/2 with prior knowledge begins with its preface
/// ([RFC 9113 §3.3](https://www.rfc-editor.org/rfc/rfc9113#section-3.3)).
pub(super) async fn protocol(socket: &mut Socket) -> Result<Protocol, Failure> {
    let mut are_all = false;
    loop {
        // Some may be here already, behind a header of the PROXY protocol.
        if let Some(decided) = decide(socket.peeked(), are_all) {
            return decided;
        }
        let before = socket.peeked().len();
        are_all = socket.peek().await.map_err(Failure::Broken)?.len() == before;
    }
}

/// The protocol of a client that begins with these bytes, or `None` if more bytes are needed and may arrive.
pub(super) fn decide(bytes: &[u8], are_all: bool) -> Option<Result<Protocol, Failure>> {
    let begins = |with: &[u8]| bytes.starts_with(with);
    let may_begin = |with: &[u8]| with.starts_with(bytes);
    match bytes {
        [] if are_all => Some(Err(Failure::Probe)),
        [HANDSHAKE, ..] => Some(Err(Failure::Tls)),
        _ if ProxyHeader::SIGNATURES.into_iter().any(begins) => Some(Err(Failure::ProxyHeader)),
        _ if begins(HTTP2_PREFACE) => Some(Ok(Protocol::Http2)),
        _ if !are_all && (may_begin(HTTP2_PREFACE) || ProxyHeader::SIGNATURES.into_iter().any(may_begin)) => {
            None
        }
        // hyper rejects what is not HTTP.
        _ => Some(Ok(Protocol::Http1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is decided, and after how many bytes.
    fn decided(bytes: &[u8]) -> Option<(Result<Protocol, &'static str>, usize)> {
        let decide = |here| decide(&bytes[..here], false).map(|decided| (decided, here));
        let (decided, here) = (0..=bytes.len()).find_map(decide)?;
        Some((decided.map_err(|failure| failure.label()), here))
    }

    #[test]
    fn protocol_is_decided_by_as_few_bytes_as_possible() {
        for (bytes, expected) in [
            (&b"GET / HTTP/1.1\r\n"[..], Some((Ok(Protocol::Http1), 1))),
            (b"POST / HTTP/1.1\r\n", Some((Ok(Protocol::Http1), 2))),
            (b"PRINT / HTTP/1.1\r\n", Some((Ok(Protocol::Http1), 4))),
            (b"PRI * HTTP/1.1\r\n", Some((Ok(Protocol::Http1), 12))),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04", Some((Ok(Protocol::Http2), 24))),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r", None),
            (b"\r\nGET / HTTP/1.1\r\n", Some((Ok(Protocol::Http1), 3))),
            (b"\0", Some((Ok(Protocol::Http1), 1))),
            (b"\x16\x03\x01\x02\0", Some((Err("tls_to_plain"), 1))),
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", Some((Err("proxy_header"), 6))),
            (b"\r\n\r\n\0\r\nQUIT\n\x21\x11", Some((Err("proxy_header"), 12))),
        ] {
            assert_eq!(decided(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn client_that_sends_no_more_is_a_probe_or_left_to_hyper() {
        let label = |bytes| decide(bytes, true).map(|decided| decided.map_err(|failure| failure.label()));
        assert_eq!(label(b""), Some(Err("probe")));
        assert_eq!(label(b"PRI * HTTP"), Some(Ok(Protocol::Http1)));
    }
}
