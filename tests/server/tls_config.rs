//! TLS as an application has configured it: client certificates, a certificate per server name, a choice of protocols.

use super::prelude::producer::Producers;
use crate::support::{TestServer, log::Log, raw, soon};
use axum_trailers_server::{Tls, TlsError};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::{
    ClientConfig, DEFAULT_VERSIONS, RootCertStore, ServerConfig,
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
    server::{ResolvesServerCertUsingSni, WebPkiClientVerifier},
    sign,
};
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

struct Pair {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Pair {
    fn of(name: &str) -> Self {
        let CertifiedKey::<KeyPair> { cert, signing_key } =
            generate_simple_self_signed([name.to_owned()]).expect("a pair");
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
        Self { certificate: cert.der().clone(), key }
    }

    fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.certificate.clone()]
    }
}

/// A server with this pair that accepts only clients with the other one.
fn with_client_certificate(server: &Pair, client: &Pair) -> ServerConfig {
    let mut trusted = RootCertStore::empty();
    trusted.add(client.certificate.clone()).expect("a root");
    let verifier = WebPkiClientVerifier::builder(Arc::new(trusted)).build().expect("a verifier");
    ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(server.chain(), server.key.clone_key())
        .expect("a pair")
}

fn without_client_certificate(server: &Pair) -> ServerConfig {
    let builder = ServerConfig::builder().with_no_client_auth();
    builder.with_single_cert(server.chain(), server.key.clone_key()).expect("a pair")
}

fn start(config: ServerConfig) -> TestServer {
    let tls = Tls::from_config(Arc::new(config)).expect("usable");
    TestServer::with_tls(tls, Producers::new().router(), |server| server)
}

async fn connect(
    server: &TestServer,
    name: &'static str,
    config: ClientConfig,
) -> io::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(server.address).await.expect("a connection");
    let name = ServerName::try_from(name).expect("a name");
    soon("a handshake", TlsConnector::from(Arc::new(config)).connect(name, tcp)).await
}

fn trusting(server: &Pair, alpn: &[&str]) -> ClientConfig {
    raw::client_config(&server.chain(), DEFAULT_VERSIONS, alpn)
}

async fn get(stream: &mut TlsStream<TcpStream>) -> io::Result<String> {
    stream.write_all(b"GET /ok HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    soon("the end", stream.read_to_string(&mut answer)).await?;
    Ok(answer)
}

#[tokio::test]
async fn only_a_client_with_its_certificate_is_served() {
    let (log, _catching) = Log::catch();
    let (own, client, other) = (Pair::of("localhost"), Pair::of("client"), Pair::of("client"));
    let server = start(with_client_certificate(&own, &client));
    let config_with = |pair: &Pair| {
        let mut trusted = RootCertStore::empty();
        trusted.add(own.certificate.clone()).expect("a root");
        let builder = ClientConfig::builder().with_root_certificates(trusted);
        builder.with_client_auth_cert(pair.chain(), pair.key.clone_key()).expect("a pair")
    };
    let mut known = connect(&server, "localhost", config_with(&client)).await.expect("a handshake");
    assert!(get(&mut known).await.expect("a response").ends_with("\r\n\r\nok"));
    for config in [config_with(&other), trusting(&own, &["http/1.1"])] {
        // With TLS 1.3 the client learns it only when it reads.
        if let Ok(mut stranger) = connect(&server, "localhost", config).await {
            get(&mut stranger).await.expect_err("no response");
        }
    }
    log.line(&["INFO", "TLS handshake failed", "kind=\"tls\"", "peer sent no certificates"]).await;
}

#[tokio::test]
async fn certificate_is_chosen_by_the_server_name() {
    let (one, two) = (Pair::of("one.example"), Pair::of("two.example"));
    let mut certificates = ResolvesServerCertUsingSni::new();
    for (name, pair) in [("one.example", &one), ("two.example", &two)] {
        let key = any_supported_type(&pair.key).expect("a key");
        certificates.add(name, sign::CertifiedKey::new(pair.chain(), key)).expect("its own name");
    }
    let server =
        start(ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::new(certificates)));
    for (name, pair) in [("one.example", &one), ("two.example", &two)] {
        let mut client = connect(&server, name, trusting(pair, &[])).await.expect("its own certificate");
        assert!(get(&mut client).await.expect("a response").ends_with("\r\n\r\nok"));
    }
    connect(&server, "one.example", trusting(&two, &[])).await.expect_err("another certificate");
    connect(&server, "three.example", trusting(&one, &[])).await.expect_err("no certificate");
}

#[tokio::test]
async fn protocols_are_those_of_the_configuration_or_both() {
    let own = Pair::of("localhost");
    for (set, offered, expected) in [
        (&[][..], &["http/1.1", "h2"][..], Some(Some("h2"))),
        (&["http/1.1", "h2"], &["h2", "http/1.1"], Some(Some("http/1.1"))),
        (&["http/1.1"], &["h2", "http/1.1"], Some(Some("http/1.1"))),
        (&["http/1.1"], &["h2"], None),
        (&["h2"], &[], Some(None)),
    ] {
        let mut config = without_client_certificate(&own);
        config.alpn_protocols = set.iter().map(|name: &&str| name.as_bytes().to_vec()).collect();
        let server = start(config);
        let client = connect(&server, "localhost", trusting(&own, offered)).await;
        let chosen = |client: TlsStream<TcpStream>| {
            let name = client.get_ref().1.alpn_protocol();
            name.map(|name| String::from_utf8_lossy(name).into_owned())
        };
        let chosen = client.ok().map(chosen);
        assert_eq!(chosen.as_ref().map(Option::as_deref), expected, "{set:?} and {offered:?}");
    }
}

#[test]
fn protocol_that_the_server_does_not_speak_is_an_error() {
    let mut config = without_client_certificate(&Pair::of("localhost"));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.0".to_vec()];
    let error = Tls::from_config(Arc::new(config)).expect_err("another protocol");
    assert!(matches!(&error, TlsError::Alpn { protocol } if protocol == "http/1.0"), "{error:?}");
    assert_eq!(error.to_string(), "ALPN offers \"http/1.0\": the server speaks only h2 and http/1.1");
}

/// rustls would accept it, and nobody would read it.
#[test]
fn early_data_is_an_error() {
    let mut config = without_client_certificate(&Pair::of("localhost"));
    config.max_early_data_size = 1;
    let error = Tls::from_config(Arc::new(config)).expect_err("early data");
    assert!(matches!(error, TlsError::EarlyData), "{error:?}");
}
