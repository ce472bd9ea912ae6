use super::response::Response;
use crate::{
    PATIENCE,
    connect::{Protocol, tls},
    load::Outcome,
};
use anyhow::{Context, Result};
use bytes::Bytes;
use quinn::{
    ClientConfig, ConnectionError, Endpoint, EndpointConfig, SendStream, TransportConfig, TransportErrorCode,
    VarInt, crypto::rustls::QuicClientConfig, default_runtime,
};
use socket2::{Domain, Socket, Type};
use std::{
    array,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::Arc,
};
use tokio::time::timeout;

/// The kernel drops datagrams that find no room, which would be measured as loss.
const SOCKET_BUFFER: usize = 4 << 20;

/// As many datagrams as are read at once.
const CHUNKS: usize = 32;

const NO_ERROR: VarInt = VarInt::from_u32(0x100);

/// The type of a control stream, and a SETTINGS frame without settings: no dynamic table.
const CONTROL: &[u8] = &[0x00, 0x04, 0x00];

/// How much a server may send unread, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Windows {
    pub(crate) stream: u32,
    pub(crate) connection: u32,
}

impl Windows {
    /// As those of h2load here.
    pub(crate) const WIDE: Self = Self { stream: 16 << 20, connection: 16 << 20 };
}

/// Opens QUIC connections, each with a full handshake.
pub(crate) struct Quic {
    address: SocketAddrV4,
    endpoint: Endpoint,
}

impl Quic {
    /// Opens a UDP socket.
    pub(crate) fn new(address: SocketAddrV4, windows: Windows) -> Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
        socket.set_recv_buffer_size(SOCKET_BUFFER)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into())?;
        let runtime = default_runtime().context("there is no runtime")?;
        let mut endpoint = Endpoint::new(EndpointConfig::default(), None, socket.into(), runtime)?;

        let mut transport = TransportConfig::default();
        transport.stream_receive_window(windows.stream.into()).receive_window(windows.connection.into());
        let crypto = QuicClientConfig::try_from(tls(Protocol::H3)?)?;
        let mut config = ClientConfig::new(Arc::new(crypto));
        config.transport_config(Arc::new(transport));
        endpoint.set_default_client_config(config);
        Ok(Self { address, endpoint })
    }

    /// Opens a connection without anything of HTTP/3.
    pub(crate) async fn connect_quic(&self) -> Result<quinn::Connection> {
        timeout(PATIENCE, self.open())
            .await
            .with_context(|| format!("no connection to {} in {PATIENCE:?}", self.address))?
            .with_context(|| format!("can't connect to {}", self.address))
    }

    async fn open(&self) -> Result<quinn::Connection> {
        loop {
            match self.endpoint.connect(self.address.into(), "localhost")?.await {
                // quinn adds a random parameter that is to be ignored (RFC 9000 §18.1). nginx 1.26 fails on one of some
                // thousand.
                Err(ConnectionError::ConnectionClosed(close))
                    if close.error_code == TransportErrorCode::TRANSPORT_PARAMETER_ERROR => {}
                opened => return Ok(opened?),
            }
        }
    }

    /// Opens a connection and its control stream.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        let quic = self.connect_quic().await?;
        let mut control = quic.open_uni().await?;
        control.write_all(CONTROL).await?;
        Ok(Connection { quic, _control: control, _endpoint: self.endpoint.clone() })
    }
}

/// A connection. It is closed when it is dropped.
pub(crate) struct Connection {
    quic: quinn::Connection,
    /// A peer closes a connection whose control stream ends (RFC 9114 §6.2.1).
    _control: SendStream,
    /// Its last handle would close the connection.
    _endpoint: Endpoint,
}

impl Connection {
    pub(crate) fn quic(&self) -> &quinn::Connection {
        &self.quic
    }

    /// Sends a request and reads the response to its end. The content goes to a function as it comes.
    pub(crate) async fn exchange(
        &self,
        request: &Bytes,
        mut content: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<Outcome> {
        let (mut sent, mut received) = self.quic.open_bi().await?;
        sent.write_chunk(request.clone()).await?;
        sent.finish()?;
        let (mut response, mut chunks) =
            (Response::default(), array::from_fn::<_, CHUNKS, _>(|_| Bytes::new()));
        while let Some(count) = received.read_chunks(&mut chunks).await? {
            for chunk in &mut chunks[..count] {
                response.take(&std::mem::take(chunk), &mut content)?;
            }
        }
        response.end()
    }

    /// Sends a request and waits for the first bytes of the response, which is then never read again.
    pub(crate) async fn begin(&self, request: &Bytes) -> Result<quinn::RecvStream> {
        let (mut sent, mut received) = self.quic.open_bi().await?;
        sent.write_chunk(request.clone()).await?;
        sent.finish()?;
        received.read_chunk(1, true).await?.context("the response is empty")?;
        Ok(received)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.quic.close(NO_ERROR, b"");
    }
}
