//! TLS for the peers on rustls 0.23.

use crate::listen::{self, Listen};
use anyhow::Result;
use quinn::crypto::rustls::QuicServerConfig;
use rustls::{ServerConfig, crypto::aws_lc_rs, version::TLS13};
use std::sync::Arc;

/// TLS 1.3 with the certificate from the options.
///
/// # Errors
///
/// If the certificate or its key can't be read or used.
pub fn config(listen: &Listen) -> Result<ServerConfig> {
    let (certificates, key) = listen.identity()?;
    let mut config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_protocol_versions(&[&TLS13])?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    config.alpn_protocols = listen::protocols();
    Ok(config)
}

/// The same for HTTP/3, with quinn's default transport.
///
/// # Errors
///
/// As [`config`].
pub fn quic(listen: &Listen) -> Result<quinn::ServerConfig> {
    let mut config = config(listen)?;
    config.alpn_protocols = vec![b"h3".to_vec()];
    Ok(quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(config)?)))
}
