use super::{
    ConnectError, Connection, Overrides, Protocol, Proxy, Tls, TlsError, Transport, dial::dial, proxy::Hop,
    tunnel,
};
#[cfg(feature = "http3")]
use super::{alternatives::Alternatives, http3, on_fallback::OnFallback};
use crate::{client::Origin, exchange::Error};
#[cfg(feature = "http3")]
use axum_trailers_quic::quinn::ClientConfig as QuicConfig;
#[cfg(feature = "http3")]
use http::HeaderMap;
use http::{Version, uri::PathAndQuery};
use rustls::{ClientConfig, pki_types::ServerName};
#[cfg(feature = "http3")]
use std::fmt::Display;
use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};
#[cfg(feature = "http3")]
use tokio::sync::OwnedMutexGuard;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// How to open connections: TLS, protocol, names, proxy, and a bound on the time.
#[derive(Clone, Debug)]
pub struct Connector {
    tls: Option<Tls>,
    /// Made of `tls` and `protocol` for the first connection that needs it. All share its sessions.
    config: OnceLock<Arc<ClientConfig>>,
    /// The same for HTTP/3.
    #[cfg(feature = "http3")]
    quic: OnceLock<QuicConfig>,
    /// If they are followed.
    #[cfg(feature = "http3")]
    alternatives: Option<Alternatives>,
    #[cfg(feature = "http3")]
    on_fallback: Option<OnFallback>,
    protocol: Protocol,
    overrides: Overrides,
    proxy: Proxy,
    timeout: Duration,
}

/// How long the alternative of an origin may take, because the origin itself would answer as well.
#[cfg(feature = "http3")]
const ALTERNATIVE_TIMEOUT: Duration = Duration::from_secs(3);

impl Default for Connector {
    fn default() -> Self {
        Self {
            tls: None,
            config: OnceLock::new(),
            #[cfg(feature = "http3")]
            quic: OnceLock::new(),
            #[cfg(feature = "http3")]
            alternatives: None,
            #[cfg(feature = "http3")]
            on_fallback: None,
            protocol: Protocol::default(),
            overrides: Overrides::default(),
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

    /// Uses these settings for TLS. Default: [`Tls::system`].
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self.config = OnceLock::new();
        #[cfg(feature = "http3")]
        {
            self.quic = OnceLock::new();
        }
        self
    }

    /// Uses this protocol. Default: [`Protocol::Negotiated`].
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self.config = OnceLock::new();
        self
    }

    /// Connects to these addresses instead of those of the name `host`, for this port. If it is called again for the same
    /// name and port, the last addresses count.
    #[must_use]
    pub fn resolve(mut self, host: &str, port: u16, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.overrides.add(host, port, addresses.into_iter().collect());
        self
    }

    /// Passes this proxy. Default: [`Proxy::none`].
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Limits the time until a connection is open, including the proxy and the TLS handshake. Default:
    /// [`DEFAULT_TIMEOUT`](Self::DEFAULT_TIMEOUT).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Follows `Alt-Svc` ([RFC 7838](https://www.rfc-editor.org/rfc/rfc7838)) to HTTP/3, with [`Protocol::Negotiated`]. Default:
    /// false.
    ///
    /// If a response over TLS names an alternative such as `h3=":443"`, later requests to its origin use it. The server there must
    /// have a valid certificate for the origin's host. One that has none, or that does not answer within 3 s, is not tried again
    /// for 5 minutes, and the request goes to the origin. Alternatives are kept in memory, for the time that they name, 30
    /// days at most. They are ignored with [`Tls::insecure`], and for origins behind a proxy.
    #[cfg(feature = "http3")]
    #[must_use]
    pub fn alt_svc(mut self, follow: bool) -> Self {
        self.alternatives = follow.then(Alternatives::default);
        self
    }

    /// Calls this if an alternative fails, and the origin is used instead: with its host and port, and the reason. Requests that
    /// avoid it later do not call it.
    #[cfg(feature = "http3")]
    #[must_use]
    pub fn on_fallback(mut self, callback: impl Fn(&str, &dyn Display) + Send + Sync + 'static) -> Self {
        self.on_fallback = Some(OnFallback::new(callback));
        self
    }

    /// Opens a connection to an origin.
    pub(crate) async fn open(&self, origin: &Origin) -> Result<Connection, Error> {
        match timeout(self.timeout, self.open_in_any_time(origin)).await {
            Ok(opened) => opened,
            Err(_) => Err(Error::Connect(ConnectError::Timeout(self.timeout))),
        }
    }

    async fn open_in_any_time(&self, origin: &Origin) -> Result<Connection, Error> {
        #[cfg(feature = "http3")]
        if self.protocol == Protocol::Http3 {
            return self.open_http3(origin).await;
        }
        if !origin.is_tls {
            let tcp = self.connect(origin).await?;
            let version = if self.protocol == Protocol::Http2 { Version::HTTP_2 } else { Version::HTTP_11 };
            return Connection::over(tcp, Transport::new(version, false)).await;
        }
        let config = self.config().map_err(Error::Tls)?;
        let name = ServerName::try_from(origin.bare_host().to_owned())
            .map_err(|_| Error::Request(format!("`{}` is no host name", origin.host)))?;
        let tcp = self.connect(origin).await?;
        let tls = TlsConnector::from(config).connect(name, tcp).await;
        let tls = tls.map_err(|error| Error::Tls(TlsError::of(&error)))?;
        let version = self.agreed(&tls).map_err(Error::Tls)?;
        Connection::over(tls, Transport::new(version, true)).await
    }

    /// Waits for the turn to open a connection to the alternative of an origin, if there is one. It ends when it is dropped.
    #[cfg(feature = "http3")]
    pub(crate) async fn alternative_turn(&self, origin: &Origin) -> Option<OwnedMutexGuard<()>> {
        self.followed(origin)?.turn(origin).await
    }

    /// Opens a connection to the alternative of an origin, if there is one.
    #[cfg(feature = "http3")]
    pub(crate) async fn open_alternative(&self, origin: &Origin) -> Option<Connection> {
        let (host, port) = self.followed(origin)?.of(origin)?;
        let time = self.timeout.min(ALTERNATIVE_TIMEOUT);
        let opened = timeout(time, self.dial_http3(origin, &host, port)).await;
        match opened.unwrap_or(Err(Error::Connect(ConnectError::Timeout(time)))) {
            Ok(connection) => connection.of_alternative(&host, port),
            Err(error) => {
                self.avoid_alternative(origin, &error);
                None
            }
        }
    }

    /// Remembers the alternatives that a response names.
    #[cfg(feature = "http3")]
    pub(crate) fn learn_alternatives(&self, origin: &Origin, fields: &HeaderMap) {
        if let Some(alternatives) = self.followed(origin) {
            alternatives.learn(origin, fields);
        }
    }

    /// Does not use the alternative of an origin for a while, because it has failed.
    #[cfg(feature = "http3")]
    pub(crate) fn avoid_alternative(&self, origin: &Origin, reason: &dyn Display) {
        let avoided = self.alternatives.as_ref().and_then(|alternatives| alternatives.avoid(origin));
        let Some((host, port)) = avoided else { return };
        let alternative = format!("{host}:{port}");
        tracing::debug!(%reason, "the alternative {alternative} has failed");
        if let Some(on_fallback) = &self.on_fallback {
            on_fallback.call(&alternative, reason);
        }
    }

    /// The alternatives, if they may be used for this origin.
    #[cfg(feature = "http3")]
    fn followed(&self, origin: &Origin) -> Option<&Alternatives> {
        let alternatives = self.alternatives.as_ref()?;
        let is_verified = origin.is_tls && self.tls.as_ref().is_none_or(|tls| tls.is_verifying);
        let is_direct = matches!(self.proxy_of(origin), Ok(None));
        (is_verified && is_direct && self.protocol == Protocol::Negotiated).then_some(alternatives)
    }

    #[cfg(feature = "http3")]
    async fn open_http3(&self, origin: &Origin) -> Result<Connection, Error> {
        if !origin.is_tls {
            return Err(Error::Request("HTTP/3 needs an https:// URL".to_owned()));
        }
        if let Some(proxy) = self.proxy_of(origin)? {
            let proxy = format!("{}:{}", proxy.host, proxy.port);
            let reason = "HTTP/3 can't pass an HTTP proxy".to_owned();
            return Err(Error::Connect(ConnectError::UnsupportedProxy { proxy, reason }));
        }
        self.dial_http3(origin, &origin.host, origin.port).await
    }

    /// Opens a QUIC connection to this host and port, which must have the certificate of the origin.
    #[cfg(feature = "http3")]
    async fn dial_http3(&self, origin: &Origin, host: &str, port: u16) -> Result<Connection, Error> {
        let config = self.quic_config().map_err(Error::Tls)?;
        let given = self.overrides.of(host, port).map(<[_]>::to_vec).or_else(|| {
            // The alternative of a host that was given addresses is at these addresses.
            let of_origin = self.overrides.of(&origin.host, origin.port).filter(|_| host == origin.host)?;
            Some(of_origin.iter().map(|address| (address.ip(), port).into()).collect())
        });
        let quic = http3::dial(host, port, origin.bare_host(), given, config).await?;
        Ok(Connection::over_quic(http3::Session::begin(quic).await?))
    }

    #[cfg(feature = "http3")]
    fn quic_config(&self) -> Result<QuicConfig, TlsError> {
        if let Some(config) = self.quic.get() {
            return Ok(config.clone());
        }
        let config = http3::of_tls(self.tls.clone().map_or_else(Tls::system, Ok)?.config)?;
        Ok(self.quic.get_or_init(|| config).clone())
    }

    fn config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        if let Some(config) = self.config.get() {
            return Ok(config.clone());
        }
        let mut config = self.tls.clone().map_or_else(Tls::system, Ok)?.config;
        config.alpn_protocols = self.protocol.alpn();
        Ok(self.config.get_or_init(|| Arc::new(config)).clone())
    }

    /// The protocol of a connection ([RFC 7301 §3.2](https://www.rfc-editor.org/rfc/rfc7301#section-3.2)). A server that
    /// does not take part in the choice expects HTTP/1.1.
    fn agreed(&self, tls: &TlsStream<TcpStream>) -> Result<Version, TlsError> {
        match (tls.get_ref().1.alpn_protocol(), self.protocol) {
            (Some(b"h2"), _) => Ok(Version::HTTP_2),
            (_, Protocol::Http2) => Err(TlsError::Protocol("HTTP/2")),
            _ => Ok(Version::HTTP_11),
        }
    }

    fn proxy_of(&self, origin: &Origin) -> Result<Option<Hop>, Error> {
        let url = origin.url(PathAndQuery::from_static("/"), None)?;
        self.proxy.of(&url).map_err(Error::Connect)
    }

    async fn connect(&self, origin: &Origin) -> Result<TcpStream, Error> {
        let Some(proxy) = self.proxy_of(origin)? else {
            return dial(&origin.host, origin.port, &self.overrides).await.map_err(Error::Connect);
        };
        let name = format!("{}:{}", proxy.host, proxy.port);
        let tcp = match dial(&proxy.host, proxy.port, &self.overrides).await {
            Err(ConnectError::Failed { kind, reason, .. }) => {
                let to = format!("the proxy {name}");
                return Err(Error::Connect(ConnectError::Failed { to, kind, reason }));
            }
            dialled => dialled.map_err(Error::Connect)?,
        };
        let opened = tunnel::open(tcp, &origin.host_and_port(), proxy.auth.as_ref()).await;
        opened.map_err(|reason| Error::Connect(ConnectError::Proxy { proxy: name, reason }))
    }
}
