use crate::PATIENCE;
use anyhow::{Context, Result, anyhow, ensure};
use clap::ValueEnum;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime},
    version::TLS13,
};
use std::{net::SocketAddrV4, sync::Arc};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

pub(crate) type Io = TlsStream<TcpStream>;

#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(crate) enum Protocol {
    H3,
    H2,
    H1,
}

impl Protocol {
    const fn alpn(self) -> &'static [u8] {
        match self {
            Self::H3 => b"h3",
            Self::H2 => b"h2",
            Self::H1 => b"http/1.1",
        }
    }
}

/// Opens TLS connections, each with a full handshake.
#[derive(Clone)]
pub(crate) struct Connector {
    address: SocketAddrV4,
    protocol: Protocol,
    receive_buffer: Option<u32>,
    tls: TlsConnector,
}

impl Connector {
    pub(crate) fn new(address: SocketAddrV4, protocol: Protocol) -> Result<Self> {
        let config = tls(protocol)?;
        Ok(Self { address, protocol, receive_buffer: None, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Sets `SO_RCVBUF` to this many bytes. The kernel has its own limits.
    pub(crate) fn receive_buffer(self, bytes: u32) -> Self {
        Self { receive_buffer: Some(bytes), ..self }
    }

    pub(crate) fn address(&self) -> SocketAddrV4 {
        self.address
    }

    pub(crate) async fn connect(&self) -> Result<Io> {
        timeout(PATIENCE, self.open())
            .await
            .with_context(|| format!("no connection to {} in {PATIENCE:?}", self.address))?
            .with_context(|| format!("can't connect to {}", self.address))
    }

    async fn open(&self) -> Result<Io> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = self.receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        let tcp = socket.connect(self.address.into()).await?;
        tcp.set_nodelay(true)?;
        let tls = self.tls.connect(ServerName::try_from("localhost")?, tcp).await?;
        let agreed = tls.get_ref().1.alpn_protocol();
        ensure!(agreed == Some(self.protocol.alpn()), "the server does not speak the protocol asked for");
        Ok(tls)
    }
}

/// TLS for one protocol. Each connection has a full handshake.
pub(crate) fn tls(protocol: Protocol) -> Result<ClientConfig> {
    let provider = CryptoProvider {
        cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256],
        kx_groups: match protocol {
            // quinn does not say which one was used.
            Protocol::H3 => vec![aws_lc_rs::kx_group::X25519],
            // The client sends a key share for the first. nghttpd supports only the second.
            Protocol::H2 | Protocol::H1 => {
                vec![aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP256R1]
            }
        },
        ..aws_lc_rs::default_provider()
    };
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(NoVerification))
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![protocol.alpn().to_vec()];
    Ok(config)
}

/// The error for a connection that ended while it was in use.
pub(crate) fn closed<E: Into<anyhow::Error>>(ended: Result<(), E>) -> anyhow::Error {
    ended.err().map_or_else(|| anyhow!("the server has closed the connection"), Into::into)
}

/// Verifies neither the certificate nor the handshake's signature, to use as little as possible of the cores that the
/// client shares with the server.
#[derive(Debug)]
struct NoVerification;

impl ServerCertVerifier for NoVerification {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 was not offered".into()))
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}
