use super::{ConnectError, Connection, Protocol, Proxy, Tls, TlsError, Transport};
use crate::exchange::Error;
use http::{Uri, Version, uri::Scheme};
use hyper_util::{
    client::legacy::connect::{HttpConnector, dns::Name, proxy::Tunnel},
    rt::TokioIo,
};
use rustls::pki_types::ServerName;
use std::{
    error::Error as StdError,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tower_service::Service;

/// How to open connections.
#[derive(Debug)]
pub struct Connector {
    tls: Option<Tls>,
    protocol: Protocol,
    overrides: Vec<Override>,
    proxy: Proxy,
    timeout: Duration,
}

/// An address to use instead of a name's.
#[derive(Clone, Debug)]
struct Override {
    host: String,
    port: u16,
    addresses: Vec<IpAddr>,
}

impl Default for Connector {
    fn default() -> Self {
        Self {
            tls: None,
            protocol: Protocol::default(),
            overrides: Vec::new(),
            proxy: Proxy::none(),
            timeout: Self::DEFAULT_TIMEOUT,
        }
    }
}

impl Connector {
    /// The default [`timeout`](Self::timeout): 30 s.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

    /// Opens connections without a proxy, and trusts the certificate authorities of the operating system.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses these settings for TLS.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Uses this protocol.
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Connects to these addresses instead of those of the name `host`, for this port.
    #[must_use]
    pub fn resolve(mut self, host: &str, port: u16, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        let addresses = addresses.into_iter().collect();
        self.overrides.push(Override { host: host.to_ascii_lowercase(), port, addresses });
        self
    }

    /// Passes this proxy.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Limits the time until a connection is open, including the TLS handshake. Default:
    /// [`DEFAULT_TIMEOUT`](Self::DEFAULT_TIMEOUT).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Opens a connection to the origin of a URL.
    pub(crate) async fn open(&self, uri: &Uri) -> Result<Connection, Error> {
        match tokio::time::timeout(self.timeout, self.open_in_any_time(uri)).await {
            Ok(opened) => opened,
            Err(_) => Err(Error::Connect(ConnectError::Timeout(self.timeout))),
        }
    }

    async fn open_in_any_time(&self, uri: &Uri) -> Result<Connection, Error> {
        let is_tls = uri.scheme() == Some(&Scheme::HTTPS);
        let host = uri.host().ok_or_else(|| Error::Request(format!("{uri} has no host")))?;
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let target = format!("{}://{host}:{port}", if is_tls { "https" } else { "http" });
        let target: Uri = target.parse().map_err(|error| Error::Request(format!("{uri}: {error}")))?;
        let tcp = self.connect(uri, target, &format!("{host}:{port}")).await?;
        if !is_tls {
            let version = if self.protocol == Protocol::Http2 { Version::HTTP_2 } else { Version::HTTP_11 };
            return Connection::over(tcp, Transport::new(version, false)).await;
        }
        let mut config = match &self.tls {
            Some(tls) => tls.0.clone(),
            None => Tls::system().map_err(Error::Tls)?.0,
        };
        config.alpn_protocols = self.protocol.alpn();
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(name.to_owned())
            .map_err(|error| Error::Request(format!("{host} is no name for TLS: {error}")))?;
        let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
        let tls = tls.map_err(|error| Error::Tls(TlsError::Handshake(innermost(&error))))?;
        let version = match (tls.get_ref().1.alpn_protocol(), self.protocol) {
            (Some(b"h2"), _) => Version::HTTP_2,
            (_, Protocol::Http2) => return Err(Error::Tls(TlsError::Protocol("HTTP/2"))),
            _ => Version::HTTP_11,
        };
        Connection::over(tls, Transport::new(version, true)).await
    }

    async fn connect(&self, uri: &Uri, target: Uri, to: &str) -> Result<TcpStream, Error> {
        let mut connector = HttpConnector::new_with_resolver(Resolver(self.overrides.clone()));
        connector.enforce_http(false);
        connector.set_nodelay(true);
        let connected = match self.proxy.of(uri) {
            None => connector
                .call(target)
                .await
                .map_err(|error| ConnectError::Failed { to: to.to_owned(), reason: innermost(&error) }),
            Some(proxy) => {
                let mut tunnel = Tunnel::new(proxy.uri().clone(), connector);
                if let Some(auth) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(auth.clone());
                }
                tunnel.call(target).await.map_err(|error| ConnectError::Proxy {
                    proxy: proxy.uri().to_string(),
                    reason: innermost(&error),
                })
            }
        };
        connected.map(TokioIo::into_inner).map_err(Error::Connect)
    }
}

/// The message of the innermost error.
fn innermost(error: &dyn StdError) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[derive(Clone)]
struct Resolver(Vec<Override>);

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let given = self.0.iter().find(|given| name.as_str().eq_ignore_ascii_case(&given.host)).cloned();
        Box::pin(async move {
            let addresses: Vec<_> = match given {
                Some(given) => {
                    given.addresses.into_iter().map(|address| (address, given.port).into()).collect()
                }
                None => tokio::net::lookup_host((name.as_str(), 0)).await?.collect(),
            };
            Ok(addresses.into_iter())
        })
    }
}
