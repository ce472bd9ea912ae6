use super::peer::{failure, read, response, send};
use crate::{Client, Connector, Cut, Error, Protocol, Tls, TlsError, Transport, Verdict, Verification};
use bytes::Bytes;
use http::{Request, Version};
use http_body_util::Empty;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::{
    HandshakeKind, RootCertStore, ServerConfig,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use std::sync::Arc;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

const DEMO_CERTIFICATE: &[u8] = include_bytes!("../../../../self_signed_certs/cert.pem");
const DEMO_KEY: &[u8] = include_bytes!("../../../../self_signed_certs/key.pem");

/// Settings of a server with this certificate and key.
pub(super) fn settings(
    certificate: &[u8],
    key: &[u8],
    protocols: &[&[u8]],
    clients: Option<&[u8]>,
) -> ServerConfig {
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(pem).expect("a certificate")).expect("a root");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.expect("a verifier"))
        }
    };
    let chain = vec![CertificateDer::from_pem_slice(certificate).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(key).expect("a key");
    let mut config = builder.with_single_cert(chain, key).expect("they belong together");
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    config
}

pub(super) fn demo(protocols: &[&[u8]]) -> ServerConfig {
    settings(DEMO_CERTIFICATE, DEMO_KEY, protocols, None)
}

pub(super) fn trusting_demo() -> Tls {
    Tls::trusting_pem(DEMO_CERTIFICATE).expect("a certificate")
}

/// Listens, and returns the URL with this host.
async fn listen(host: &str) -> (TcpListener, String) {
    let address = if host.starts_with('[') { "[::1]:0" } else { "127.0.0.1:0" };
    let listener = TcpListener::bind(address).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, format!("https://{host}:{port}/"))
}

pub(super) async fn accept(
    listener: &TcpListener,
    config: ServerConfig,
) -> std::io::Result<TlsStream<TcpStream>> {
    let (tcp, _) = listener.accept().await?;
    TlsAcceptor::from(Arc::new(config)).accept(tcp).await
}

fn get(url: &str) -> Request<Empty<Bytes>> {
    Request::get(url).body(Empty::new()).expect("a request")
}

/// Reads a request over HTTP/1.1, and responds with this.
async fn respond<S: AsyncReadExt + AsyncWriteExt + Unpin>(stream: &mut S, text: &str) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert!(stream.read_buf(&mut head).await.expect("a request") > 0);
    }
    stream.write_all(text.as_bytes()).await.expect("the client reads");
    stream.flush().await.expect("the client reads");
    String::from_utf8(head).expect("text")
}

const DONE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn demo_certificate_is_a_root_for_each_of_its_names() {
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let (listener, url) = listen(host).await;
        let client = Client::with(Connector::new().tls(trusting_demo()));
        let exchanging = send(&client, get(&url));
        let mut stream = accept(&listener, demo(&[])).await.expect("a handshake");
        let head = respond(&mut stream, DONE).await;
        let port = listener.local_addr().expect("an address").port();
        assert!(head.contains(&format!("host: {host}:{port}\r\n")), "{head}");
        assert_eq!(response(exchanging).await.status(), 200, "{host}");
    }
}

/// What became of the handshake of this client with this server.
async fn failed_handshake(tls: Tls, config: ServerConfig, host: &str) -> Error {
    let (listener, url) = listen("localhost").await;
    let port = listener.local_addr().expect("an address").port();
    let address = "127.0.0.1".parse().expect("an address");
    let client = Client::with(Connector::new().tls(tls).resolve(host, port, [address]));
    let exchanging = send(&client, get(&url.replace("localhost", host)));
    let _refused = accept(&listener, config).await;
    failure(exchanging).await
}

#[tokio::test]
async fn certificates_that_are_not_trusted_say_why() {
    let other = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let trusting_other = Tls::trusting_pem(other.cert.pem().as_bytes()).expect("a certificate");
    let cases = [
        (trusting_other, "localhost", "its issuer is unknown"),
        (trusting_demo(), "other.test", "certificate not valid for name \"other.test\""),
    ];
    for (tls, host, expected) in cases {
        let error = failed_handshake(tls, demo(&[]), host).await;
        assert!(matches!(error, Error::Tls(TlsError::Untrusted(_))), "{error:?}");
        let text = error.to_string();
        assert!(text.starts_with("the server's certificate is not trusted: "), "{text}");
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn insecure_client_trusts_any_certificate() {
    let (listener, url) = listen("127.0.0.1").await;
    let client = Client::with(Connector::new().tls(Tls::insecure().expect("TLS")));
    let exchanging = send(&client, get(&url));
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["other.test".to_owned()]).expect("a certificate");
    let config = settings(cert.pem().as_bytes(), signing_key.serialize_pem().as_bytes(), &[], None);
    let mut stream = accept(&listener, config).await.expect("a handshake");
    respond(&mut stream, DONE).await;
    response(exchanging).await;
}

#[tokio::test]
async fn protocol_is_negotiated_or_required() {
    let none: &[&[u8]] = &[];
    for (protocol, offered, expected) in [
        (Protocol::Negotiated, none, Some(Version::HTTP_11)),
        (Protocol::Negotiated, &[b"http/1.1"], Some(Version::HTTP_11)),
        (Protocol::Negotiated, &[b"http/1.1", b"h2"], Some(Version::HTTP_11)),
        (Protocol::Negotiated, &[b"h2", b"http/1.1"], Some(Version::HTTP_2)),
        (Protocol::Http1, &[b"h2", b"http/1.1"], Some(Version::HTTP_11)),
        (Protocol::Http2, &[b"http/1.1", b"h2"], Some(Version::HTTP_2)),
        (Protocol::Http2, none, None),
        (Protocol::Http2, &[b"http/1.1"], None),
    ] {
        let (listener, url) = listen("localhost").await;
        let client = Client::with(Connector::new().tls(trusting_demo()).protocol(protocol));
        let exchanging = send(&client, get(&url));
        let accepted = accept(&listener, demo(offered)).await;
        let Some(version) = expected else {
            let error = failure(exchanging).await;
            assert!(matches!(error, Error::Tls(_)), "{offered:?}: {error:?}");
            continue;
        };
        let mut stream = accepted.expect("a handshake");
        let response = if version == Version::HTTP_2 {
            let mut server = h2::server::handshake(stream).await.expect("HTTP/2");
            let (_, mut respond) = server.accept().await.expect("a request").expect("no error");
            respond.send_response(http::Response::new(()), true).expect("it is awaited");
            let serving = tokio::spawn(async move { server.accept().await.is_none() });
            let response = response(exchanging).await;
            serving.abort();
            response
        } else {
            respond(&mut stream, DONE).await;
            response(exchanging).await
        };
        assert_eq!(response.extensions().get(), Some(&Transport::new(version, true)), "{offered:?}");
    }
}

#[tokio::test]
async fn required_protocol_that_is_missing_is_named() {
    let (listener, url) = listen("localhost").await;
    let client = Client::with(Connector::new().tls(trusting_demo()).protocol(Protocol::Http2));
    let exchanging = send(&client, get(&url));
    let _stream = accept(&listener, demo(&[])).await.expect("a handshake");
    assert_eq!(failure(exchanging).await, Error::Tls(TlsError::Protocol("HTTP/2")));
}

/// A response that the end of the connection delimits, over a connection that is closed with or without `close_notify`.
async fn close_delimited(text: &'static str, is_notified: bool) -> (String, Option<Cut>, Verdict) {
    let mut verdicts = Vec::new();
    for is_verified in [false, true] {
        let (listener, url) = listen("localhost").await;
        let client = Client::with(Connector::new().tls(trusting_demo()));
        let exchanging = send(&client, get(&url));
        let mut stream = accept(&listener, demo(&[])).await.expect("a handshake");
        respond(&mut stream, text).await;
        if is_notified {
            stream.shutdown().await.expect("the client reads");
        }
        drop(stream);
        let response = response(exchanging).await;
        if is_verified {
            let mut response = Verification::new().verify(response);
            let verdict = response.body_mut().finish().await;
            let (content, cut) = verdicts.pop().expect("the first");
            return (content, cut, verdict);
        }
        let (content, _, cut) = read(response).await;
        verdicts.push((content, cut));
    }
    unreachable!("the second is verified")
}

#[tokio::test]
async fn close_notify_makes_the_difference_between_an_end_and_a_cut() {
    let endless = "HTTP/1.1 200 OK\r\n\r\nabc";
    let (content, cut, verdict) = close_delimited(endless, true).await;
    assert_eq!((content.as_str(), cut, verdict), ("abc", None, Verdict::Unverified));
    let (content, cut, verdict) = close_delimited(endless, false).await;
    assert_eq!((content.as_str(), cut, verdict), ("abc", Some(Cut::Closed), Verdict::Cut(Cut::Closed)));
    // Content with a length of its own needs none.
    let delimited = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc";
    let (content, cut, verdict) = close_delimited(delimited, false).await;
    assert_eq!((content.as_str(), cut, verdict), ("abc", None, Verdict::Unverified));
}

#[tokio::test]
async fn server_without_tls_is_recognized() {
    let (listener, url) = listen("localhost").await;
    let client = Client::with(Connector::new().tls(trusting_demo()));
    let exchanging = send(&client, get(&url));
    let (mut tcp, _) = listener.accept().await.expect("a connection");
    tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("the client reads");
    assert_eq!(failure(exchanging).await.to_string(), "the server does not use TLS on this port");

    let exchanging = send(&client, get(&url));
    drop(listener.accept().await.expect("a connection"));
    let error = failure(exchanging).await;
    assert!(matches!(error, Error::Tls(TlsError::Handshake(_))), "{error:?}");
}

#[tokio::test]
async fn client_certificate_is_presented_if_the_server_requires_one() {
    let pair: CertifiedKey<KeyPair> =
        generate_simple_self_signed(["client".to_owned()]).expect("a certificate");
    let (certificate, key) = (pair.cert.pem(), pair.signing_key.serialize_pem());
    let requiring = || settings(DEMO_CERTIFICATE, DEMO_KEY, &[], Some(certificate.as_bytes()));

    let tls = trusting_demo()
        .client_certificate(certificate.as_bytes(), key.as_bytes())
        .expect("they belong together");
    let (listener, url) = listen("localhost").await;
    let exchanging = send(&Client::with(Connector::new().tls(tls)), get(&url));
    let mut stream = accept(&listener, requiring()).await.expect("a handshake");
    assert_eq!(stream.get_ref().1.peer_certificates().map(<[_]>::len), Some(1));
    respond(&mut stream, DONE).await;
    response(exchanging).await;

    let error = failed_handshake(trusting_demo(), requiring(), "localhost").await;
    let expected = "the server ended the connection with the alert CertificateRequired";
    assert_eq!(error, Error::Tls(TlsError::Handshake(expected.to_owned())));
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let pair: CertifiedKey<KeyPair> = generate_simple_self_signed(["a".to_owned()]).expect("a certificate");
    let certificate = pair.cert.pem();
    for pem in ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(matches!(Tls::trusting_pem(pem.as_bytes()), Err(TlsError::Settings(_))), "{pem}");
    }
    let bundle = format!("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n{certificate}");
    assert!(Tls::trusting_pem(bundle.as_bytes()).is_ok(), "one of two can be used");
    let of_other = trusting_demo().client_certificate(certificate.as_bytes(), DEMO_KEY);
    assert!(matches!(of_other, Err(TlsError::Settings(_))), "{of_other:?}");
    let without_key = trusting_demo().client_certificate(certificate.as_bytes(), certificate.as_bytes());
    assert!(matches!(without_key, Err(TlsError::Settings(_))), "{without_key:?}");
}

#[tokio::test]
async fn connections_of_a_client_share_sessions() {
    let (listener, url) = listen("localhost").await;
    let client = Client::with(Connector::new().tls(trusting_demo()));
    let acceptor = TlsAcceptor::from(Arc::new(demo(&[])));
    for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let exchanging = send(&client, get(&url));
        let (tcp, _) = listener.accept().await.expect("a connection");
        let mut stream = acceptor.accept(tcp).await.expect("a handshake");
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(expected));
        respond(&mut stream, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
        read(response(exchanging).await).await;
        stream.shutdown().await.expect("the client reads");
    }
}
