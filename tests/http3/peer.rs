//! A client that sends bytes instead of messages.

use crate::support::{CERTIFICATE, raw, soon};
use h3::error::Code;
use quinn::{
    self, ClientConfig, Connection, ConnectionError, Endpoint, RecvStream, SendStream, TransportConfig,
    VarInt, crypto::rustls::QuicClientConfig,
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

/// A connection with a control stream.
pub(super) struct Peer {
    pub(super) connection: Connection,
    /// It must not end.
    pub(super) control: SendStream,
}

impl Peer {
    pub(super) async fn connect(server: SocketAddr) -> Self {
        Self::with(server, TransportConfig::default(), &[0, 4, 0]).await
    }

    /// With this configuration of QUIC, and these first bytes of the control stream.
    pub(super) async fn with(server: SocketAddr, transport: TransportConfig, control: &[u8]) -> Self {
        let connection = connect(&endpoint(), server, transport, &["h3"]).await.expect("a handshake");
        let mut stream = connection.open_uni().await.expect("a stream");
        stream.write_all(control).await.expect("it is open");
        Self { connection, control: stream }
    }

    /// Opens a request stream and sends these bytes, without an end.
    pub(super) async fn send(&self, bytes: &[u8]) -> (SendStream, RecvStream) {
        let (mut send, recv) = self.connection.open_bi().await.expect("a stream");
        // The server may have stopped it before everything is sent.
        let _stopped = send.write_all(bytes).await;
        (send, recv)
    }

    /// The same with an end.
    pub(super) async fn request(&self, bytes: &[u8]) -> (SendStream, RecvStream) {
        let (mut send, recv) = self.send(bytes).await;
        let _stopped = send.finish();
        (send, recv)
    }

    /// Waits until the server closes the connection, and returns its code.
    pub(super) async fn closed(&self) -> VarInt {
        match soon("the end of the connection", self.connection.closed()).await {
            ConnectionError::ApplicationClosed(close) => close.error_code,
            other => panic!("closed by QUIC: {other}"),
        }
    }
}

pub(super) fn endpoint() -> Endpoint {
    Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port")
}

/// A connection over which nothing is sent but the handshake.
pub(super) async fn connect(
    endpoint: &Endpoint,
    server: SocketAddr,
    transport: TransportConfig,
    alpn: &[&str],
) -> Result<Connection, ConnectionError> {
    let mut config = client_config(alpn);
    config.transport_config(Arc::new(transport));
    let connecting = endpoint.connect_with(config, server, "localhost").expect("a name");
    soon("a handshake", connecting).await
}

/// A client that trusts the repository's certificate.
pub(super) fn client_config(alpn: &[&str]) -> ClientConfig {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).expect("a certificate");
    let tls = raw::client_config(&[certificate], &[&rustls::version::TLS13], alpn);
    ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).expect("TLS 1.3")))
}

/// What quinn calls one of HTTP/3's codes.
pub(super) fn code(code: Code) -> VarInt {
    VarInt::from_u64(code.value()).expect("small")
}

/// A frame of this type.
pub(super) fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short") | 0x8000_0000;
    [&[kind], &length.to_be_bytes()[..], payload].concat()
}

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;

pub(super) fn data(content: &[u8]) -> Vec<u8> {
    frame(DATA, content)
}

/// The `HEADERS` of a request with these fields.
pub(super) fn head(method: &str, path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let pseudo = [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)];
    section(&[&pseudo[..], fields].concat())
}

/// A `HEADERS` frame with these fields.
pub(super) fn section(fields: &[(&str, &str)]) -> Vec<u8> {
    let fields = fields.iter().flat_map(|(name, value)| literal(name, value));
    frame(HEADERS, &[0, 0].into_iter().chain(fields).collect::<Vec<_>>())
}

/// A field without compression ([RFC 9204 §4.5.6](https://www.rfc-editor.org/rfc/rfc9204#section-4.5.6)).
fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut field = Vec::new();
    string(&mut field, 0x20, 3, name);
    string(&mut field, 0, 7, value);
    field
}

/// A string whose length has a prefix of this many bits.
fn string(field: &mut Vec<u8>, pattern: u8, prefix: u32, text: &str) {
    let most = (1_usize << prefix) - 1;
    let in_prefix = text.len().min(most);
    field.push(pattern | u8::try_from(in_prefix).expect("it fits"));
    if in_prefix == most {
        let mut rest = text.len() - most;
        while rest >= 0x80 {
            field.push(u8::try_from(rest & 0x7f).expect("seven bits") | 0x80);
            rest >>= 7;
        }
        field.push(u8::try_from(rest).expect("seven bits"));
    }
    field.extend(text.as_bytes());
}

/// What has arrived of a response: its sections, as encoded, and its content.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) sections: Vec<Vec<u8>>,
    pub(super) content: Vec<u8>,
}

impl Response {
    /// Reads a response to its end.
    pub(super) async fn read(recv: &mut RecvStream) -> Result<Self, quinn::ReadToEndError> {
        let bytes = soon("the end of a response", recv.read_to_end(64 << 20)).await?;
        let mut response = Self::default();
        let mut rest = &bytes[..];
        while let [kind, behind @ ..] = rest {
            let (length, behind) = varint(behind);
            let (payload, behind) = behind.split_at(length);
            match *kind {
                DATA => response.content.extend(payload),
                HEADERS => response.sections.push(payload.to_vec()),
                other => panic!("a frame of type {other}"),
            }
            rest = behind;
        }
        Ok(response)
    }

    /// The status, if it is one of the static table or a literal.
    pub(super) fn status(&self) -> u16 {
        match self.sections[0][2..] {
            // 103, 200, 304, 404, 503.
            [indexed @ 0xd8..=0xdc, ..] => [103, 200, 304, 404, 503][usize::from(indexed - 0xd8)],
            // 100, 204, 206, 302, 400, 403, 421, 425, 500.
            [0xff, index @ 0..=8, ..] => [100, 204, 206, 302, 400, 403, 421, 425, 500][usize::from(index)],
            // In Huffman code.
            [0x5f, 9, length, ref rest @ ..] if length & 0x80 != 0 => {
                digits(&rest[..usize::from(length & 0x7f)])
            }
            ref other => panic!("no status: {other:x?}"),
        }
    }
}

/// Three digits in Huffman code ([RFC 7541, appendix B](https://www.rfc-editor.org/rfc/rfc7541#appendix-B)).
fn digits(code: &[u8]) -> u16 {
    let bits = code.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (32 - 8 * code.len());
    let mut number = 0;
    let mut rest = bits;
    for _ in 0..3 {
        // 0, 1 and 2 have five bits, the others six.
        let (digit, length) = match rest >> 27 {
            short @ 0..=2 => (short, 5),
            _ => ((rest >> 26) - 0x19 + 3, 6),
        };
        number = number * 10 + u16::try_from(digit).expect("a digit");
        rest <<= length;
    }
    number
}

fn varint(bytes: &[u8]) -> (usize, &[u8]) {
    let size = 1 << (bytes[0] >> 6);
    let (value, behind) = bytes.split_at(size);
    let value =
        value[1..].iter().fold(usize::from(value[0] & 0x3f), |all, byte| all << 8 | usize::from(*byte));
    (value, behind)
}
