//! A server that is scripted down to the frames.

use crate::{
    Client, Connector, Protocol,
    tests::tls::{self, demo, trusting_demo},
};
use axum_trailers_quic::quinn::{
    self, Connection, Endpoint, IdleTimeout, ServerConfig, TransportConfig, VarInt,
    crypto::rustls::QuicServerConfig,
};
use axum_trailers_testing::http3::{MAX_FIELD_SECTION_SIZE, control, literal};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use rcgen::generate_simple_self_signed;
use std::{sync::Arc, time::Duration};

pub(super) struct Server {
    endpoint: Endpoint,
    pub(super) url: String,
}

/// A connection whose control stream is open.
pub(super) struct Peer {
    pub(super) quic: Connection,
    control: quinn::SendStream,
}

/// A request that has arrived, and its response.
pub(super) struct Asked {
    pub(super) send: quinn::SendStream,
    pub(super) recv: quinn::RecvStream,
}

/// `:status` 200, 204, 100 and 103 of the static table
/// ([RFC 9204 Appendix A](https://www.rfc-editor.org/rfc/rfc9204#appendix-A)).
pub(super) const OK: &[u8] = &[0, 0, 0xd9];
pub(super) const NO_CONTENT: &[u8] = &[0, 0, 0xff, 1];
pub(super) const CONTINUE: &[u8] = &[0, 0, 0xff, 0];
pub(super) const EARLY_HINTS: &[u8] = &[0, 0, 0xd8];

/// Settings of a server that speaks these protocols.
pub(super) fn settings(protocols: &[&[u8]]) -> ServerConfig {
    quic(demo(protocols))
}

/// Settings of a server with a certificate that the clients do not trust.
pub(super) fn untrusted() -> ServerConfig {
    let other = generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let key = other.signing_key.serialize_pem();
    quic(tls::settings(other.cert.pem().as_bytes(), key.as_bytes(), &[b"h3"], None))
}

fn quic(tls: rustls::ServerConfig) -> ServerConfig {
    ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).expect("TLS 1.3")))
}

/// A client of HTTP/3 that trusts the servers.
pub(super) fn client() -> Client {
    Client::with(Connector::new().tls(trusting_demo()).protocol(Protocol::Http3))
}

pub(super) fn get(url: &str) -> Request<Empty<Bytes>> {
    Request::get(url).body(Empty::new()).expect("a request")
}

/// The header section of a response with a length.
pub(super) fn with_length(length: usize) -> Vec<u8> {
    [OK, &literal("content-length", length.to_string())].concat()
}

impl Server {
    pub(super) fn start() -> Self {
        Self::with(settings(&[b"h3"]))
    }

    pub(super) fn with(settings: ServerConfig) -> Self {
        let endpoint = Endpoint::server(settings, ([127, 0, 0, 1], 0).into()).expect("a port");
        let port = endpoint.local_addr().expect("an address").port();
        Self { endpoint, url: format!("https://127.0.0.1:{port}/") }
    }

    /// Closes connections that are silent for this long.
    pub(super) fn with_idle_time(time: Duration) -> Self {
        let mut settings = settings(&[b"h3"]);
        let mut transport = TransportConfig::default();
        transport.max_idle_timeout(Some(IdleTimeout::try_from(time).expect("short")));
        settings.transport_config(Arc::new(transport));
        Self::with(settings)
    }

    pub(super) async fn accept(&self) -> Peer {
        Peer::begin(self.accept_quic().await, &[]).await
    }

    /// Accepts header sections of up to this many bytes.
    pub(super) async fn accept_with_limit(&self, limit: u64) -> Peer {
        Peer::begin(self.accept_quic().await, &[(MAX_FIELD_SECTION_SIZE, limit)]).await
    }

    /// The next client, unless its handshake fails.
    pub(super) async fn try_accept(&self) -> Option<Peer> {
        let quic = self.endpoint.accept().await.expect("a client").await.ok()?;
        Some(Peer::begin(quic, &[]).await)
    }

    pub(super) async fn accept_quic(&self) -> Connection {
        self.endpoint.accept().await.expect("a client").await.expect("a handshake")
    }
}

impl Peer {
    async fn begin(quic: Connection, settings: &[(u64, u64)]) -> Self {
        let mut stream = quic.open_uni().await.expect("an open connection");
        stream.write_all(&control(settings)).await.expect("an open connection");
        Self { quic, control: stream }
    }

    /// The next request, whose body may follow.
    pub(super) async fn asked(&self) -> Asked {
        let (send, recv) = self.quic.accept_bi().await.expect("a request");
        Asked { send, recv }
    }

    pub(super) async fn control(&mut self, bytes: &[u8]) {
        self.control.write_all(bytes).await.expect("an open connection");
    }

    pub(super) fn close(&self, code: u32) {
        self.quic.close(VarInt::from_u32(code), b"");
    }

    /// Waits until the client has closed the connection, and returns its code.
    pub(super) async fn closed(&self) -> Option<u64> {
        match self.quic.closed().await {
            quinn::ConnectionError::ApplicationClosed(close) => Some(close.error_code.into_inner()),
            _ => None,
        }
    }
}

impl Asked {
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.send.write_all(bytes.as_ref()).await.expect("the client reads");
        self
    }

    pub(super) fn finish(&mut self) {
        self.send.finish().expect("it is open");
    }

    pub(super) fn reset(&mut self, code: u32) {
        self.send.reset(VarInt::from_u32(code)).expect("it is open");
    }

    /// Everything that the client sends, with the code of its reset.
    pub(super) async fn rest(&mut self) -> Result<Vec<u8>, u64> {
        self.recv.read_to_end(1024 * 1024).await.map_err(|error| match error {
            quinn::ReadToEndError::Read(quinn::ReadError::Reset(code)) => code.into_inner(),
            other => panic!("{other}"),
        })
    }

    /// Reads until this has arrived.
    pub(super) async fn until(&mut self, end: &[u8]) {
        let mut arrived = Vec::new();
        while !arrived.windows(end.len()).any(|window| window == end) {
            let chunk = self.recv.read_chunk(1024, true).await.expect("no reset").expect("more");
            arrived.extend_from_slice(&chunk.bytes);
        }
    }
}
