use crate::connector::TlsError;
use axum_trailers_quic::quinn::{
    ClientConfig, IdleTimeout, TransportConfig, VarInt, crypto::rustls::QuicClientConfig,
};
use std::{sync::Arc, time::Duration};

/// The name of HTTP/3 in a TLS handshake ([RFC 9114 §3.1](https://www.rfc-editor.org/rfc/rfc9114#section-3.1)).
pub(super) const ALPN: &[u8] = b"h3";

/// How many bytes a server may send before they are read: fast downloads need a round trip's worth of them, and a slow reader
/// this much memory.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;

/// How many bytes of requests wait for the server's acknowledgement. Fast uploads need a round trip's worth of them.
const SEND_WINDOW: u64 = 4 * 1024 * 1024;

/// The streams that a server may open: its control stream, two of QPACK, and some of types that are ignored.
const SERVER_STREAMS: u32 = 16;

/// Keeps a connection open while a response takes its time. Servers often close one after 30 s without a packet, and
/// addresses are translated for as little time.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// The settings of QUIC for these of TLS.
pub(in crate::connector) fn of_tls(mut tls: rustls::ClientConfig) -> Result<ClientConfig, TlsError> {
    tls.alpn_protocols = vec![ALPN.to_vec()];
    // Data that is sent before the handshake could be replayed (RFC 9001 §9.2).
    tls.enable_early_data = false;
    let crypto = QuicClientConfig::try_from(tls).map_err(|error| TlsError::Settings(error.to_string()))?;
    let mut config = ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(transport()));
    Ok(config)
}

fn transport() -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(CONNECTION_WINDOW))
        .send_window(SEND_WINDOW)
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(SERVER_STREAMS))
        .datagram_receive_buffer_size(None)
        .keep_alive_interval(Some(KEEP_ALIVE))
        // The client has timeouts of its own, and the server may have one.
        .max_idle_timeout(None::<IdleTimeout>);
    transport
}
