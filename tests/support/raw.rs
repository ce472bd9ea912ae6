//! Clients with access to the bytes: plain TLS, and HTTP/2 with its flow control and reset codes.

use super::{PATIENCE, certificate, soon};
use bytes::Bytes;
use quinn::crypto::rustls::QuicClientConfig;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    version::TLS13,
};
#[cfg(target_os = "linux")]
use std::net::Ipv4Addr;
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// The receive buffer of a client that makes the server wait soon if it stops reading, in bytes.
const SMALL_BUFFER: u32 = 16 * 1024;

/// A TLS connection for which ALPN has chosen `alpn`.
pub(crate) async fn tls(address: SocketAddr, alpn: &str) -> TlsStream<TcpStream> {
    tls_over(TcpSocket::new_v4().expect("a socket"), address, alpn).await
}

/// The same from another local address. On Linux, all of 127.0.0.0/8 is this machine.
#[cfg(target_os = "linux")]
pub(crate) async fn tls_from(local: Ipv4Addr, address: SocketAddr, alpn: &str) -> TlsStream<TcpStream> {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((local, 0).into()).expect("a loopback address");
    tls_over(socket, address, alpn).await
}

async fn tls_over(socket: TcpSocket, address: SocketAddr, alpn: &str) -> TlsStream<TcpStream> {
    socket.set_recv_buffer_size(SMALL_BUFFER).expect("a buffer size");
    let tcp = soon("a connection", socket.connect(address)).await.expect("a connection");
    handshake(tcp, &[alpn]).await
}

pub(crate) async fn handshake(tcp: TcpStream, alpn: &[&str]) -> TlsStream<TcpStream> {
    let config = client_config(&[certificate()], rustls::DEFAULT_VERSIONS, alpn);
    handshake_with(Arc::new(config), tcp).await
}

/// A client that trusts only these certificates and offers these protocols.
pub(crate) fn client_config(
    trusted: &[CertificateDer<'static>],
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&str],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for certificate in trusted {
        roots.add(certificate.clone()).expect("a root");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

/// A server with this certificate and key.
pub(crate) fn server_config(
    certificate: &[u8],
    key: &[u8],
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&str],
) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let certificate = CertificateDer::from_pem_slice(certificate).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(key).expect("a key");
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a pair");
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

/// A client over QUIC, whose only version is TLS 1.3.
pub(crate) fn quic_config(trusted: &[CertificateDer<'static>], alpn: &[&str]) -> quinn::ClientConfig {
    quic(client_config(trusted, &[&TLS13], alpn))
}

/// A client over QUIC with this configuration of TLS.
pub(crate) fn quic(tls: ClientConfig) -> quinn::ClientConfig {
    quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).expect("TLS 1.3")))
}

pub(crate) async fn handshake_with(config: Arc<ClientConfig>, tcp: TcpStream) -> TlsStream<TcpStream> {
    let name = ServerName::try_from("localhost").expect("a name");
    soon("a handshake", TlsConnector::from(config).connect(name, tcp)).await.expect("a handshake")
}

/// Sends bytes over HTTP/1.1 and returns everything until the server closes.
pub(crate) async fn http1(address: SocketAddr, request: &str) -> String {
    let mut stream = tls(address, "http/1.1").await;
    stream.write_all(request.as_bytes()).await.expect("sent");
    rest(&mut stream).await
}

/// Sends a `GET` over HTTP/1.1 without reading.
pub(crate) async fn http1_asked(address: SocketAddr, path: &str) -> TlsStream<TcpStream> {
    let mut stream = tls(address, "http/1.1").await;
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    stream
}

/// Sends a `GET` over HTTP/1.1 and returns once the response has begun. Drops what has arrived.
pub(crate) async fn http1_get(address: SocketAddr, path: &str) -> TlsStream<TcpStream> {
    let mut stream = http1_asked(address, path).await;
    let began = soon("a response", stream.read(&mut [0; 16])).await;
    assert_ne!(began.expect("a response"), 0);
    stream
}

/// Everything that arrives until the connection is closed in any way.
pub(crate) async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    String::from_utf8_lossy(&rest_bytes(stream).await).into_owned()
}

/// The same as bytes.
pub(crate) async fn rest_bytes(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut received = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match timeout(PATIENCE, stream.read(&mut chunk)).await.expect("the connection stays open") {
            Ok(0) | Err(_) => return received,
            Ok(n) => received.extend_from_slice(&chunk[..n]),
        }
    }
}

/// An HTTP/2 connection whose streams are read only by the test.
pub(crate) async fn http2(address: SocketAddr) -> h2::client::SendRequest<Bytes> {
    http2_over(tls(address, "h2").await).await
}

/// The same over any stream.
pub(crate) async fn http2_over(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> h2::client::SendRequest<Bytes> {
    let mut builder = h2::client::Builder::new();
    // An unread stream must not use up the window of the others.
    builder.initial_connection_window_size(1024 * 1024);
    let (client, connection) = builder.handshake(stream).await.expect("a preface");
    tokio::spawn(connection);
    client.ready().await.expect("a connection")
}

/// Sends a `GET` and returns the body once the header section has arrived.
pub(crate) async fn http2_get(client: &mut h2::client::SendRequest<Bytes>, path: &str) -> h2::RecvStream {
    let uri = format!("https://localhost{path}");
    let request = http::Request::get(uri).body(()).expect("a request");
    let (response, _) = client.send_request(request, true).expect("sent");
    soon("a response", response).await.expect("a response").into_body()
}

/// Sends the first bytes of a gRPC call. They may be the last.
pub(crate) fn http2_call(
    client: &mut h2::client::SendRequest<Bytes>,
    path: &str,
    fields: &[(&str, &str)],
    first: &[u8],
    are_last: bool,
) -> (h2::client::ResponseFuture, h2::SendStream<Bytes>) {
    let mut request = http::Request::post(format!("https://localhost{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let (response, mut sender) =
        client.send_request(request.body(()).expect("a request"), false).expect("sent");
    sender.send_data(Bytes::copy_from_slice(first), are_last).expect("sent");
    (response, sender)
}

/// Reads a stream to its end and releases its window. Returns the content or the error.
pub(crate) async fn http2_read(body: &mut h2::RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut content = Vec::new();
    while let Some(data) = soon("data", body.data()).await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        content.extend_from_slice(&data);
    }
    Ok(content)
}

/// An HTTP/2 connection that has requested a path with open windows. Once the response has begun, it reads nothing, not
/// even a `PING`.
pub(crate) async fn http2_deaf(address: SocketAddr, path: &str) -> TlsStream<TcpStream> {
    let mut client = http2_asked(address, path).await;
    let began = soon("a response", client.read(&mut [0; 16])).await;
    assert_ne!(began.expect("a response"), 0);
    client
}

/// The bytes of a frame ([RFC 9113 §4.1](https://www.rfc-editor.org/rfc/rfc9113#section-4.1)).
pub(crate) fn http2_frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags, 0, 0, 0, stream]);
    frame.extend(payload);
    frame
}

/// Type, flags and payload of each whole frame.
pub(crate) fn http2_frames(bytes: &[u8]) -> Vec<(u8, u8, &[u8])> {
    http2_stream_frames(bytes).into_iter().map(|(_, kind, flags, payload)| (kind, flags, payload)).collect()
}

/// The same with the stream of each frame in front, as one byte: a test has few streams.
pub(crate) fn http2_stream_frames(mut bytes: &[u8]) -> Vec<(u8, u8, u8, &[u8])> {
    let mut frames = Vec::new();
    while let [a, b, c, kind, flags, _, _, _, stream, rest @ ..] = bytes {
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        let Some((payload, rest)) = rest.split_at_checked(length) else { break };
        frames.push((*stream, *kind, *flags, payload));
        bytes = rest;
    }
    frames
}

/// An HTTP/2 connection that has requested a path on stream 1, with open windows.
pub(crate) async fn http2_asked(address: SocketAddr, path: &str) -> TlsStream<TcpStream> {
    http2_sent(address, "GET", path, END_STREAM).await
}

/// The same with another method, without the content.
pub(crate) async fn http2_began(address: SocketAddr, method: &str, path: &str) -> TlsStream<TcpStream> {
    http2_sent(address, method, path, 0).await
}

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

async fn http2_sent(address: SocketAddr, method: &str, path: &str, flags: u8) -> TlsStream<TcpStream> {
    let mut bytes = http2_preface();
    bytes.extend(http2_frame(1, flags | END_HEADERS, 1, &http2_head(method, path)));
    let mut client = tls(address, "h2").await;
    client.write_all(&bytes).await.expect("sent");
    client
}

/// What a client sends before its first request. Opens the windows of the connection and of each stream.
pub(crate) fn http2_preface() -> Vec<u8> {
    const WINDOW: u32 = 1 << 30;
    let mut settings = vec![0, 4];
    settings.extend(WINDOW.to_be_bytes());
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(http2_frame(4, 0, 0, &settings));
    bytes.extend(http2_frame(8, 0, 0, &WINDOW.to_be_bytes()));
    bytes
}

/// A request's header section: `https` indexed, the rest as literals with indexed names (RFC 7541, appendix A and
/// §6.2.2).
pub(crate) fn http2_head(method: &str, path: &str) -> Vec<u8> {
    let mut head = vec![0x87];
    for (name, value) in [(0x02, method), (0x04, path), (0x01, "localhost")] {
        head.extend([name, u8::try_from(value.len()).expect("a short value")]);
        head.extend(value.as_bytes());
    }
    head
}
