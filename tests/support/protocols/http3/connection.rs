use super::{
    super::{Cut, Request, Why, client::Settings},
    Exchange,
    frames::{Frame, Frames},
};
use crate::support::{certificate, raw, soon};
use axum_trailers_testing::http3::{
    self, CONTROL, GOAWAY, HEADERS, MAX_FIELD_SECTION_SIZE, frame, section, take_varint,
};
use quinn::{ConnectionError, Endpoint, SendStream, TransportConfig, VarInt, WriteError};
use rustls::{ClientConfig, version::TLS13};
use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::Arc,
};
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinSet},
};

/// `H3_NO_ERROR` ([RFC 9114 §8.1](https://www.rfc-editor.org/rfc/rfc9114#section-8.1)).
const NO_ERROR: VarInt = VarInt::from_u32(0x100);

/// The receive window of a stream, as that of HTTP/2, in bytes.
const STREAM_WINDOW: u32 = 65_535;
/// An unread stream must not use up the window of the others.
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// A connection over HTTP/3. It closes when its last clone and exchange are dropped.
#[derive(Clone)]
pub(crate) struct Connection(Arc<Shared>);

pub(super) struct Shared {
    endpoint: Endpoint,
    quic: quinn::Connection,
    /// Must not end before the connection.
    _control: SendStream,
    goaway: watch::Receiver<Option<u64>>,
    reader: AbortHandle,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.reader.abort();
        self.quic.close(NO_ERROR, b"");
    }
}

impl Connection {
    pub(in super::super) async fn open(server: SocketAddr, settings: Settings) -> Self {
        Self::try_open(server, settings).await.expect("a connection")
    }

    pub(in super::super) async fn try_open(
        server: SocketAddr,
        settings: Settings,
    ) -> Result<Self, ConnectionError> {
        let config = raw::client_config(&[certificate()], &[&TLS13], &["h3"]);
        Self::open_with(config, server, settings).await
    }

    /// A connection with another configuration of TLS.
    pub(crate) async fn open_with(
        config: ClientConfig,
        server: SocketAddr,
        settings: Settings,
    ) -> Result<Self, ConnectionError> {
        let mut config = raw::quic(config);
        let mut transport = TransportConfig::default();
        transport.stream_receive_window(STREAM_WINDOW.into()).receive_window(CONNECTION_WINDOW.into());
        config.transport_config(Arc::new(transport));
        let endpoint = Endpoint::client((settings.local, 0).into()).expect("a socket");
        let connecting = endpoint.connect_with(config, server, "localhost").expect("a configuration");
        let quic = soon("a connection", connecting).await?;

        let section = settings.section.map(|limit| (MAX_FIELD_SECTION_SIZE, limit.into()));
        let mut control = quic.open_uni().await?;
        // If the connection has ended, its first request says so.
        let _sent = control.write_all(&http3::control(section.as_slice())).await;

        let (announced, goaway) = watch::channel(None);
        let reader = tokio::spawn(read_all(quic.clone(), announced)).abort_handle();
        Ok(Self(Arc::new(Shared { endpoint, quic, _control: control, goaway, reader })))
    }

    pub(in super::super) async fn begin(
        &self,
        request: &Request<'_>,
        is_whole: bool,
    ) -> Result<Exchange, Cut> {
        let (mut send, receive) = self.0.quic.open_bi().await.map_err(|_lost| Why::Closed)?;
        let pseudo = [
            (":method", request.method.as_str()),
            (":scheme", "https"),
            (":authority", "localhost"),
            (":path", &request.path),
        ];
        let pseudo = pseudo.into_iter().map(|(name, value)| (name, value.as_bytes()));
        let fields = request.fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        match send.write_all(&frame(HEADERS, &section(pseudo.chain(fields)))).await {
            // The response, if there is one, says why.
            Ok(()) | Err(WriteError::Stopped(_)) => {}
            Err(_lost) => return Err(Why::Closed.into()),
        }
        let is_head = request.method == http::Method::HEAD;
        let mut exchange = Exchange::new(send, receive, self.0.clone(), is_head);
        if is_whole {
            exchange.end_here();
        }
        Ok(exchange)
    }

    pub(in super::super) fn close(&self) {
        self.0.quic.close(NO_ERROR, b"");
    }

    /// Moves the client to another UDP port. Returns it.
    pub(crate) fn rebind(&self) -> u16 {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        self.0.endpoint.rebind(socket).expect("a socket of tokio");
        self.port()
    }

    /// The client's UDP port.
    pub(crate) fn port(&self) -> u16 {
        self.0.endpoint.local_addr().expect("an address").port()
    }

    /// Waits until the server announces that it serves no requests from this stream on.
    pub(crate) async fn goaway(&self) -> u64 {
        let mut goaway = self.0.goaway.clone();
        let announced = soon("a GOAWAY", goaway.wait_for(Option::is_some)).await;
        announced.expect("a GOAWAY").expect("just checked")
    }

    pub(crate) fn quic(&self) -> &quinn::Connection {
        &self.0.quic
    }
}

/// Reads what the server sends in one direction.
async fn read_all(connection: quinn::Connection, goaway: watch::Sender<Option<u64>>) {
    // They end with this task.
    let mut streams = JoinSet::new();
    while let Ok(stream) = connection.accept_uni().await {
        streams.spawn(read(Frames::new(stream), goaway.clone()));
    }
}

async fn read(mut stream: Frames, goaway: watch::Sender<Option<u64>>) -> Result<(), Why> {
    if stream.integer().await? != CONTROL {
        // An encoder without a dynamic table says nothing.
        return stream.rest().await;
    }
    while let Some(frame) = stream.next().await? {
        if let Frame::Other { kind: GOAWAY, payload } = frame {
            goaway.send_replace(take_varint(&mut &payload[..]));
        }
    }
    Ok(())
}
