use super::TlsError;
use rustls::{
    ClientConfig, DigitallySignedStruct, KeyLogFile, RootCertStore, SignatureScheme,
    client::{
        WantsClientCert,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{self, CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use std::sync::Arc;

/// Which servers to trust, and the certificate to present.
#[derive(Clone, Debug)]
pub struct Tls {
    pub(super) config: ClientConfig,
    /// Whether it checks certificates, as far as this client knows.
    #[cfg(feature = "http3")]
    pub(super) is_verifying: bool,
}

/// Without a certificate of the client.
#[derive(Clone, Debug)]
enum Trust {
    System,
    Roots(RootCertStore),
    Everyone,
}

fn builder(trust: Trust) -> Result<rustls::ConfigBuilder<ClientConfig, WantsClientCert>, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(settings)?;
    Ok(match trust {
        Trust::Roots(roots) => builder.with_root_certificates(roots),
        Trust::System => {
            let verifier = Verifier::new(provider).map_err(settings)?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
        Trust::Everyone => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(NoVerifier(provider)))
        }
    })
}

impl Tls {
    /// Trusts the certificate authorities of the operating system.
    ///
    /// # Errors
    ///
    /// [`TlsError::Settings`] if they can't be read.
    pub fn system() -> Result<Self, TlsError> {
        builder(Trust::System).map(Self::without_certificate)
    }

    /// Trusts only the certificates in this PEM text: of certificate authorities, or of servers that signed their own.
    ///
    /// # Errors
    ///
    /// [`TlsError::Settings`] if there is none, the text is malformed, or none of them can be used. Bundles contain some that
    /// can't.
    pub fn trusting_pem(pem: &[u8]) -> Result<Self, TlsError> {
        builder(Trust::Roots(roots(pem)?)).map(Self::without_certificate)
    }

    /// Trusts any server. The connection is encrypted, but anybody on the path can read and change it.
    ///
    /// # Errors
    ///
    /// [`TlsError::Settings`] if the versions of TLS are not supported.
    pub fn insecure() -> Result<Self, TlsError> {
        let tls = builder(Trust::Everyone).map(Self::without_certificate)?;
        #[cfg(feature = "http3")]
        let tls = Self { is_verifying: false, ..tls };
        Ok(tls)
    }

    /// Uses this configuration. The client replaces its ALPN protocols.
    #[must_use]
    pub fn from_config(config: ClientConfig) -> Self {
        Self {
            config,
            #[cfg(feature = "http3")]
            is_verifying: true,
        }
    }

    fn without_certificate(builder: rustls::ConfigBuilder<ClientConfig, WantsClientCert>) -> Self {
        Self::from_config(builder.with_no_client_auth())
    }

    /// Presents this certificate chain, with its key, to servers that ask for one. Both are PEM text.
    ///
    /// # Errors
    ///
    /// [`TlsError::Settings`] if one of them is malformed, or they do not belong together.
    pub fn client_certificate(mut self, chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = certificates(chain)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(settings)?;
        let provider = self.config.crypto_provider().clone();
        let signing_key = provider.key_provider.load_private_key(key).map_err(settings)?;
        let certified = rustls::sign::CertifiedKey::new(chain, signing_key);
        certified.keys_match().map_err(settings)?;
        self.config.client_auth_cert_resolver = Arc::new(rustls::sign::SingleCertAndKey::from(certified));
        Ok(self)
    }

    /// Appends the keys of each connection to the file that the variable `SSLKEYLOGFILE` names, if it is set.
    #[must_use]
    pub fn key_log_from_env(mut self) -> Self {
        self.config.key_log = Arc::new(KeyLogFile::new());
        self
    }
}

fn roots(pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let mut unusable = None;
    for certificate in certificates(pem)? {
        unusable = roots.add(certificate).err().or(unusable);
    }
    match unusable {
        Some(error) if roots.is_empty() => Err(settings(error)),
        _ => Ok(roots),
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(settings)?;
    if certificates.is_empty() {
        return Err(TlsError::Settings("there is no certificate in the PEM text".to_owned()));
    }
    Ok(certificates)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn settings(error: impl ToString) -> TlsError {
    TlsError::Settings(error.to_string())
}

/// Accepts any certificate, but checks that the server has its key.
#[derive(Debug)]
struct NoVerifier(Arc<CryptoProvider>);

impl ServerCertVerifier for NoVerifier {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
