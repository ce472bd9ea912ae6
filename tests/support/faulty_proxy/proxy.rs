use super::{Fault, http1, http2, stream::Stream};
use crate::support::{PATIENCE, scripted::Security};
use http::Version;
use std::{io, net::SocketAddr, sync::Arc};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// Where a proxy stands, and what it does wrong.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// Its name in `Via`.
    pub(crate) name: &'static str,
    /// Whether clients use TLS.
    pub(crate) is_tls: bool,
    pub(crate) origin: SocketAddr,
    pub(crate) is_origin_tls: bool,
    pub(crate) upstream: Upstream,
    pub(crate) fault: Option<Fault>,
}

/// The protocol between a proxy and its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upstream {
    /// That of the client.
    Same,
    Http1,
    Http2,
}

impl Setup {
    /// A proxy without a fault that uses TLS on both sides.
    pub(crate) fn new(origin: SocketAddr) -> Self {
        Self {
            name: "faulty",
            is_tls: true,
            origin,
            is_origin_tls: true,
            upstream: Upstream::Same,
            fault: None,
        }
    }

    /// Does this wrong.
    pub(crate) fn fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// Uses this protocol towards the origin.
    pub(crate) fn upstream(mut self, upstream: Upstream) -> Self {
        self.upstream = upstream;
        self
    }

    /// Uses no TLS.
    pub(crate) fn plain(mut self) -> Self {
        self.is_tls = false;
        self.is_origin_tls = false;
        self
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// The protocol in which the request of a client is forwarded.
    pub(super) fn version(&self, client: Version) -> Version {
        match (self.fault, self.upstream) {
            (Some(Fault::DowngradeToHttp10), _) => Version::HTTP_10,
            (Some(Fault::DowngradeToHttp11), _) | (_, Upstream::Http1) => Version::HTTP_11,
            (_, Upstream::Http2) => Version::HTTP_2,
            (_, Upstream::Same) => client,
        }
    }
}

/// A proxy in this process, on a free loopback port. It ends with the test.
pub(crate) struct FaultyProxy {
    pub(crate) address: SocketAddr,
    is_tls: bool,
    _accepting: JoinSet<()>,
}

impl FaultyProxy {
    pub(crate) async fn start(setup: Setup) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let is_tls = setup.is_tls;
        let setup = Arc::new(setup);
        let security = Security::tls(&["h2", "http/1.1"]);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let (setup, security) = (setup.clone(), security.clone());
                connections.spawn(async move {
                    // A client may end at any time and in any way.
                    let _end = tokio::time::timeout(PATIENCE * 3, serve(&setup, security, tcp)).await;
                });
            }
        });
        Self { address, is_tls, _accepting: accepting }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        let (scheme, host) = if self.is_tls { ("https", "localhost") } else { ("http", "127.0.0.1") };
        format!("{scheme}://{host}:{}{path}", self.address.port())
    }
}

async fn serve(setup: &Arc<Setup>, security: Security, tcp: TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let (stream, is_http2) = if let (true, Security::Tls(config)) = (setup.is_tls, security) {
        let tls = TlsAcceptor::from(config).accept(tcp).await?;
        let is_http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
        (Stream::tls(tls), is_http2)
    } else {
        let is_http2 = begins_http2(&tcp).await?;
        (Stream::plain(tcp), is_http2)
    };
    if is_http2 {
        http2::serve(setup, stream).await.map_err(io::Error::other)
    } else {
        http1::serve(setup, stream).await
    }
}

/// Whether the first bytes are those of HTTP/2 with prior knowledge.
async fn begins_http2(tcp: &TcpStream) -> io::Result<bool> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0";
    let mut first = [0; PREFACE.len()];
    loop {
        let length = tcp.peek(&mut first).await?;
        if length == 0 || !PREFACE.starts_with(&first[..length]) {
            return Ok(false);
        }
        if length == PREFACE.len() {
            return Ok(true);
        }
        tokio::task::yield_now().await;
    }
}
