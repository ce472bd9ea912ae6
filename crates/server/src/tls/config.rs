use super::pem_files::{Contents, Fingerprint, PemFiles};
use crate::connection::ALPN;
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

/// A server's certificate and key. Clones share them, even after a [reload](crate::Server::reload_certificates).
#[derive(Clone)]
pub struct Tls {
    config: RustlsConfig,
    files: Option<(PemFiles, Fingerprint)>,
}

/// Why a certificate and a key can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file can't be read.
    #[error("can't read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The PEM text contains no certificate.
    #[error("no valid PEM certificate in {origin}")]
    NoCertificate {
        /// The file, or a name for the given text.
        origin: String,
    },
    /// The PEM text contains no private key, or an encrypted one.
    #[error("no valid PEM private key in {origin}: encrypted keys are not supported")]
    NoKey {
        /// The file, or a name for the given text.
        origin: String,
    },
    /// The key does not belong to the certificate.
    #[error("the private key in {key} does not belong to the certificate in {certificate}")]
    Mismatch {
        /// The certificate's file.
        certificate: String,
        /// The key's file.
        key: String,
    },
    /// The certificate or the key is damaged, or of an unsupported kind.
    #[error("unusable certificate or key")]
    Unusable(#[source] rustls::Error),
    /// The configuration offers a protocol that the server does not speak.
    #[error("ALPN offers {protocol:?}: the server speaks only h2 and http/1.1")]
    Alpn {
        /// The protocol's name.
        protocol: String,
    },
    /// The configuration accepts early data.
    #[error("early data is not supported: anybody can send it again; set max_early_data_size to 0")]
    EarlyData,
}

impl Tls {
    /// Reads a certificate chain, the server's own certificate first, and its private key from PEM files of up to 1 MiB
    /// each. They are read once, unless the server [reloads them](crate::Server::reload_certificates).
    ///
    /// # Errors
    ///
    /// [`TlsError`] if a file can't be read, or the two can't be used together.
    pub fn from_pem_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self, TlsError> {
        let files = PemFiles::new(certificate.as_ref(), key.as_ref());
        let contents = files.read();
        let fingerprint = contents.fingerprint();
        let config = RustlsConfig::from_config(config_from_files(&files, contents)?);
        Ok(Self { config, files: files.are_lasting().then_some((files, fingerprint)) })
    }

    /// Uses a certificate chain and its private key from PEM text.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if the two can't be used together.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let origins = ["the given certificate", "the given key"].map(str::to_owned);
        let config = RustlsConfig::from_config(config_from_pem(certificate, key, origins)?);
        Ok(Self { config, files: None })
    }

    /// Uses a configuration of rustls, for what PEM files can't say: client certificates, a certificate per server name,
    /// another cryptography provider. It is never [reloaded](crate::Server::reload_certificates): a resolver of
    /// certificates can return a new one at any time.
    ///
    /// If `alpn_protocols` is empty, `h2` and `http/1.1` are set. If it has one of them, only that one is negotiated; if it
    /// has both, their order is the server's preference. Clients without ALPN always get HTTP/1.1.
    ///
    /// ```no_run
    /// use axum_trailers_server::{Tls, rustls};
    /// use rustls::{ServerConfig, server::{ResolvesServerCertUsingSni, WebPkiClientVerifier}};
    /// use std::{error::Error, sync::Arc};
    ///
    /// # fn tls(authority: Arc<rustls::RootCertStore>, certificates: ResolvesServerCertUsingSni) -> Result<Tls, Box<dyn Error>> {
    /// let config = ServerConfig::builder()
    ///     .with_client_cert_verifier(WebPkiClientVerifier::builder(authority).build()?)
    ///     .with_cert_resolver(Arc::new(certificates));
    /// Ok(Tls::from_config(Arc::new(config))?)
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`TlsError::Alpn`] if `alpn_protocols` has any other protocol, and [`TlsError::EarlyData`] if
    /// `max_early_data_size` is not 0.
    pub fn from_config(config: Arc<ServerConfig>) -> Result<Self, TlsError> {
        if let Some(other) = config.alpn_protocols.iter().find(|name| !ALPN.contains(&name.as_slice())) {
            return Err(TlsError::Alpn { protocol: String::from_utf8_lossy(other).into_owned() });
        }
        if config.max_early_data_size > 0 {
            return Err(TlsError::EarlyData);
        }
        let config = if config.alpn_protocols.is_empty() { with_alpn(config) } else { config };
        Ok(Self { config: RustlsConfig::from_config(config), files: None })
    }

    /// The files to reload from, and their fingerprint when they were first read.
    pub(super) fn files(&self) -> Option<&(PemFiles, Fingerprint)> {
        self.files.as_ref()
    }

    /// Uses the files' new contents for new handshakes. If they can't be used, the old ones stay.
    pub(super) fn replace(&self, files: &PemFiles, contents: Contents) -> Result<(), TlsError> {
        self.config.reload_from_config(config_from_files(files, contents)?);
        Ok(())
    }

    /// The configuration of the next handshake.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.config.get_inner()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn config_from_files(files: &PemFiles, contents: Contents) -> Result<Arc<ServerConfig>, TlsError> {
    let unread = |path: &Path| {
        let path = path.to_owned();
        |source| TlsError::Read { path, source }
    };
    let certificate = contents.certificate.map_err(unread(&files.certificate))?;
    let key = contents.key.map_err(unread(&files.key))?;
    let origins = [&files.certificate, &files.key].map(|path| path.display().to_string());
    config_from_pem(&certificate, &key, origins)
}

fn config_from_pem(
    certificate: &[u8],
    key: &[u8],
    [certificate_origin, key_origin]: [String; 2],
) -> Result<Arc<ServerConfig>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .ok()
        .filter(|chain: &Vec<_>| !chain.is_empty())
        .ok_or_else(|| TlsError::NoCertificate { origin: certificate_origin.clone() })?;
    let key =
        PrivateKeyDer::from_pem_slice(key).map_err(|_none| TlsError::NoKey { origin: key_origin.clone() })?;

    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::Mismatch { certificate: certificate_origin, key: key_origin }
            }
            other => TlsError::Unusable(other),
        })?;
    Ok(with_alpn(Arc::new(config)))
}

fn with_alpn(config: Arc<ServerConfig>) -> Arc<ServerConfig> {
    let mut config = Arc::unwrap_or_clone(config);
    config.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
    Arc::new(config)
}
