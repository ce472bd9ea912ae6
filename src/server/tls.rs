use super::connection::ALPN;
use axum_server::tls_rustls::RustlsConfig;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A server's certificate and key.
#[derive(Clone)]
pub struct Tls {
    config: RustlsConfig,
}

/// Why a certificate and a key are of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file can't be read.
    #[error("can't read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no certificate in the PEM text.
    #[error("there is no readable PEM certificate in {origin}")]
    NoCertificate {
        /// The file it was looked for in.
        origin: String,
    },
    /// There is no private key in the PEM text.
    #[error("there is no readable PEM private key in {origin}, or it is encrypted")]
    NoKey {
        /// The file it was looked for in.
        origin: String,
    },
    /// The key is not that of the certificate.
    #[error("the private key in {key} does not belong to the certificate in {certificate}")]
    Mismatch {
        /// The certificate's file.
        certificate: String,
        /// The key's file.
        key: String,
    },
    /// The certificate or the key is damaged, or of a kind that is not supported.
    #[error("the certificate or the key can't be used")]
    Unusable(#[source] rustls::Error),
}

impl Tls {
    /// Takes a certificate chain, the server's own certificate first, and its private key, from PEM files.
    ///
    /// # Errors
    ///
    /// [`TlsError`] where a file can't be read, or the two can't be used together.
    pub fn from_pem_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self, TlsError> {
        let (certificate, key) = (certificate.as_ref(), key.as_ref());
        let origins = (certificate.display().to_string(), key.display().to_string());
        Self::new(&read(certificate)?, &read(key)?, origins)
    }

    /// The same from PEM text.
    ///
    /// # Errors
    ///
    /// [`TlsError`] where the two can't be used together.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        Self::new(certificate, key, ("the certificate given".to_owned(), "the key given".to_owned()))
    }

    fn new(certificate: &[u8], key: &[u8], origins: (String, String)) -> Result<Self, TlsError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate)
            .collect::<Result<_, _>>()
            .ok()
            .filter(|chain: &Vec<_>| !chain.is_empty())
            .ok_or(TlsError::NoCertificate { origin: origins.0.clone() })?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_none| TlsError::NoKey { origin: origins.1.clone() })?;

        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => {
                    TlsError::Mismatch { certificate: origins.0, key: origins.1 }
                }
                other => TlsError::Unusable(other),
            })?;
        config.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
        Ok(Self { config: RustlsConfig::from_config(Arc::new(config)) })
    }

    pub(super) fn config(&self) -> RustlsConfig {
        self.config.clone()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}
