use crate::{limits::Limits, tls::Tls};
use axum_trailers_quic::quinn::{
    IdleTimeout, ServerConfig, TransportConfig, VarInt, crypto::rustls::QuicServerConfig,
};
use rustls::quic::{ServerConnection, Version};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The configuration of new QUIC connections, which follows the certificate.
pub(crate) struct Config {
    tls: Tls,
    transport: Arc<TransportConfig>,
    last: Mutex<Option<Last>>,
}

/// The last configuration of TLS, and what was made of it.
struct Last {
    tls: Arc<rustls::ServerConfig>,
    quic: Arc<ServerConfig>,
}

/// How much content of one stream a client may send before the application reads it, and of all streams of a connection
/// together, in bytes: as over HTTP/2.
const STREAM_WINDOW: u32 = 512 * 1024;
const CONNECTION_WINDOW: u32 = 16 * STREAM_WINDOW;

/// How much of its responses a connection keeps until it is acknowledged, in bytes. It bounds the rate to this per round
/// trip: 100 MB/s at 20 ms.
const SEND_WINDOW: u64 = 2 * 1024 * 1024;

/// The most streams at once: quinn keeps an entry for each that a client may open.
const MOST_STREAMS: u32 = 1024;

/// Unidirectional streams of a client: its control stream, two for QPACK, and some of unknown types, which are ignored. With
/// more than 12, quinn's table for these and 100 requests would need twice the memory: 3 KiB more for each connection.
const MOST_UNIDIRECTIONAL: u32 = 8;

/// How many new connections wait for a thread, and how many bytes of each are kept meanwhile: a client hello. Then those
/// of all of them.
const MOST_INCOMING: usize = 1024;
const INCOMING_BUFFER: u64 = 16 * 1024;
const INCOMING_BUFFERS: u64 = 4 * 1024 * 1024;

/// The shortest time after which a silent client is gone.
const SHORTEST_SILENCE: Duration = Duration::from_secs(5);

impl Config {
    pub(crate) fn new(tls: Tls, limits: &Limits) -> Self {
        Self { tls, transport: Arc::new(transport(limits)), last: Mutex::default() }
    }

    /// The configuration of the next handshake.
    pub(super) fn current(&self) -> io::Result<Arc<ServerConfig>> {
        let tls = self.tls.config();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| Arc::ptr_eq(&last.tls, &tls)) {
            return Ok(last.quic.clone());
        }
        let quic = Arc::new(self.of_tls(&tls)?);
        *last = Some(Last { tls, quic: quic.clone() });
        Ok(quic)
    }

    fn of_tls(&self, tls: &rustls::ServerConfig) -> io::Result<ServerConfig> {
        let unusable = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("no HTTP/3: {why}"));
        let mut tls = tls.clone();
        tls.alpn_protocols = vec![b"h3".to_vec()];
        let tls = Arc::new(tls);
        // quinn panics in the first handshake without TLS 1.3.
        ServerConnection::new(tls.clone(), Version::V1, Vec::new())
            .map_err(|error| unusable(&error.to_string()))?;
        let crypto = QuicServerConfig::try_from(tls).map_err(|error| unusable(&error.to_string()))?;
        let mut config = ServerConfig::with_crypto(Arc::new(crypto));
        config
            .transport_config(self.transport.clone())
            .max_incoming(MOST_INCOMING)
            .incoming_buffer_size(INCOMING_BUFFER)
            .incoming_buffer_size_total(INCOMING_BUFFERS);
        Ok(config)
    }
}

/// A client that keeps its connection acknowledges each `PING`, at whatever pace it reads. So silence for longer than two
/// of them means that it is gone.
fn transport(limits: &Limits) -> TransportConfig {
    let silence = (2 * limits.ping).max(SHORTEST_SILENCE);
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(limits.streams.min(MOST_STREAMS).into())
        .max_concurrent_uni_streams(MOST_UNIDIRECTIONAL.into())
        .stream_receive_window(STREAM_WINDOW.into())
        .receive_window(CONNECTION_WINDOW.into())
        .send_window(SEND_WINDOW)
        .keep_alive_interval(Some(limits.ping))
        .max_idle_timeout(Some(IdleTimeout::try_from(silence).unwrap_or(VarInt::MAX.into())))
        .datagram_receive_buffer_size(None)
        .datagram_send_buffer_size(0);
    transport
}
