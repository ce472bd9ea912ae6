//! The options of all servers.

use anyhow::{Context, Result};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{net::SocketAddr, path::PathBuf};

/// The protocols of all servers, as ALPN names.
#[must_use]
pub fn protocols() -> Vec<Vec<u8>> {
    vec![b"h2".to_vec(), b"http/1.1".to_vec()]
}

/// The address to listen on and the certificate.
#[derive(Debug, clap::Args)]
pub struct Listen {
    /// The address to listen on.
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: SocketAddr,
    /// The certificate, PEM.
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// The certificate's key, PEM.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

impl Listen {
    /// Reads the certificate and its key.
    ///
    /// # Errors
    ///
    /// If a file can't be read, or contains no certificate or key.
    pub fn identity(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let certificate = CertificateDer::from_pem_file(&self.cert)
            .with_context(|| format!("no certificate in {}", self.cert.display()))?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .with_context(|| format!("no key in {}", self.key.display()))?;
        Ok((vec![certificate], key))
    }
}

/// The runtime of the connections.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Runtime {
    /// Tokio's default.
    MultiThread,
    /// A current-thread runtime with its own socket for each core.
    PerCore,
}
