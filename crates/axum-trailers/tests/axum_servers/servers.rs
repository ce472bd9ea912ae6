use crate::client::{self, Answer};
use axum::{Router, body::Body, serve::ListenerExt};
use axum_server::tls_rustls::RustlsConfig;
use http::{HeaderValue, Request, header};
use rcgen::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsConnector;

/// A server and the protocol of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// `axum::serve`.
    Http1,
    /// `axum::serve`, by prior knowledge.
    H2c,
    /// axum-server with TLS.
    TlsHttp1,
    /// axum-server with TLS.
    TlsHttp2,
}

impl Over {
    pub(crate) const ALL: [Self; 4] = [Self::Http1, Self::H2c, Self::TlsHttp1, Self::TlsHttp2];

    pub(crate) fn is_http2(self) -> bool {
        matches!(self, Self::H2c | Self::TlsHttp2)
    }

    fn is_tls(self) -> bool {
        matches!(self, Self::TlsHttp1 | Self::TlsHttp2)
    }
}

/// One application on both servers, until the end of the test's runtime.
pub(crate) struct Servers {
    plain: SocketAddr,
    tls: SocketAddr,
    roots: RootCertStore,
}

impl Servers {
    pub(crate) async fn start(app: Router) -> Self {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let (certificate, key) = (cert.der().to_vec(), signing_key.serialize_der());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(certificate.clone())).expect("a certificate");
        let config = RustlsConfig::from_der(vec![certificate], key).await.expect("a pair");
        let (plain, tls) = (serve(app.clone()).await, serve_tls(app, config));
        Self { plain, tls, roots }
    }

    /// Sends a request with `TE: trailers`.
    pub(crate) async fn send(&self, over: Over, mut request: Request<Body>) -> Answer {
        request.headers_mut().insert(header::TE, HeaderValue::from_static("trailers"));
        self.send_without_te(over, request).await
    }

    pub(crate) async fn send_without_te(&self, over: Over, request: Request<Body>) -> Answer {
        if !over.is_tls() {
            let stream = TcpStream::connect(self.plain).await.expect("a connection");
            return client::send(stream, over.is_http2(), request).await;
        }
        let mut config =
            ClientConfig::builder().with_root_certificates(self.roots.clone()).with_no_client_auth();
        config.alpn_protocols = vec![if over.is_http2() { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        let stream = TcpStream::connect(self.tls).await.expect("a connection");
        let name = "localhost".try_into().expect("a name");
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("a handshake");
        client::send(stream, over.is_http2(), request).await
    }

    /// What `axum::serve` writes to a connection that gets this one request.
    pub(crate) async fn wire(&self, head: &str) -> String {
        let mut stream = TcpStream::connect(self.plain).await.expect("a connection");
        let request = format!("{head}\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut wire = String::new();
        stream.read_to_string(&mut wire).await.expect("text to the end");
        wire
    }
}

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("an open socket"));
    tokio::spawn(axum::serve(listener, app).into_future());
    address
}

fn serve_tls(app: Router, config: RustlsConfig) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("an open socket");
    let address = listener.local_addr().expect("an address");
    let server = axum_server::from_tcp_rustls(listener, config).expect("a listener");
    tokio::spawn(server.serve(app.into_make_service()));
    address
}
