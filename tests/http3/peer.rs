//! A client that sends bytes instead of messages.

use crate::support::{certificate, protocols::http3::decode, raw, soon};
use axum_trailers_testing::http3::{DATA, HEADERS, control, take_varint};
use h3::error::Code;
use quinn::{
    self, ClientConfig, Connection, ConnectionError, Endpoint, RecvStream, SendStream, TransportConfig,
    VarInt,
};
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
        Self::with(server, TransportConfig::default(), &control(&[])).await
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
    raw::quic_config(&[certificate()], alpn)
}

/// What quinn calls one of HTTP/3's codes.
pub(super) fn code(code: Code) -> VarInt {
    VarInt::from_u64(code.value()).expect("small")
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
        while !rest.is_empty() {
            let kind = take_varint(&mut rest).expect("a frame type");
            let length = take_varint(&mut rest).expect("a length");
            let (payload, behind) = rest.split_at(usize::try_from(length).expect("a short frame"));
            match kind {
                DATA => response.content.extend(payload),
                HEADERS => response.sections.push(payload.to_vec()),
                other => panic!("a frame of type {other}"),
            }
            rest = behind;
        }
        Ok(response)
    }

    /// The status of the first section.
    pub(super) fn status(&self) -> u16 {
        let section = decode(&self.sections[0]).expect("a section");
        let status = section.pseudo.iter().find(|(name, _)| name == ":status").expect("a status");
        String::from_utf8_lossy(&status.1).parse().expect("a number")
    }
}
