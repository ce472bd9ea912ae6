#[cfg(feature = "http3")]
use crate::quic::UdpEndpoint;
#[cfg(unix)]
use crate::tcp::SocketFile;
use crate::{
    app::GrpcServices,
    client_address::{ForwardedHeader, ProxyTrust, TrustedProxy},
    connection::Purpose,
    exchange::RequestBody,
    limits::Limits,
    shutdown::{Handle, Hangup, Signals},
    tcp::{BindError, Endpoint, addresses, bind},
    tls::Tls,
    worker::{THREADS_PER_CORE, cores},
};
use axum_trailers::BoxError;
use bytes::Bytes;
use http_body::Body;
use prometheus::Registry;
use std::{
    convert::Infallible,
    fmt, io,
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};
use tower_service::Service;

const MOST_THREADS: usize = 1024;

/// A server for one application, over TLS, plain HTTP or both.
///
/// See the [crate's documentation](crate) for the shortest example, and for which applications it serves.
#[derive(Debug)]
pub struct Server {
    pub(super) tls: Option<Tls>,
    pub(super) grpc: GrpcServices,
    /// For HTTPS and plain HTTP.
    pub(super) endpoints: Vec<Endpoint>,
    #[cfg(feature = "http3")]
    pub(super) http3: bool,
    #[cfg(feature = "http3")]
    pub(super) udp_endpoints: Vec<UdpEndpoint>,
    #[cfg(unix)]
    pub(super) socket_files: Vec<SocketFile>,
    pub(super) redirects: Vec<Endpoint>,
    pub(super) metrics: Vec<Endpoint>,
    pub(super) registry: Registry,
    pub(super) limits: Limits,
    pub(super) trust: ProxyTrust,
    pub(super) threads: usize,
    pub(super) shutdown_timeout: Duration,
    pub(super) signals: Option<Signals>,
    pub(super) hangup: Option<Hangup>,
    pub(super) handle: Handle,
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

impl Server {
    /// The default of [`shutdown_timeout`](Self::shutdown_timeout): 30 s.
    pub const DEFAULT_SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

    /// Creates a server that does not listen yet, with the default [`Limits`].
    #[must_use]
    pub fn new() -> Self {
        Self {
            tls: None,
            grpc: GrpcServices::default(),
            endpoints: Vec::new(),
            #[cfg(feature = "http3")]
            http3: false,
            #[cfg(feature = "http3")]
            udp_endpoints: Vec::new(),
            #[cfg(unix)]
            socket_files: Vec::new(),
            redirects: Vec::new(),
            metrics: Vec::new(),
            registry: Registry::new(),
            limits: Limits::default(),
            trust: ProxyTrust::default(),
            threads: (THREADS_PER_CORE * cores()).min(MOST_THREADS),
            shutdown_timeout: Self::DEFAULT_SHUTDOWN_TIMEOUT,
            signals: None,
            hangup: None,
            handle: Handle::new(),
        }
    }

    /// Sets the certificate and key of the HTTPS listeners. A server with only plain listeners needs none.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Listens for plain HTTP on an address and redirects each request with 308 to the port of the first HTTPS
    /// listener.
    ///
    /// # Errors
    ///
    /// As for [`bind`](Self::bind).
    pub fn redirect(mut self, address: impl ToSocketAddrs + fmt::Display) -> Result<Self, BindError> {
        self.redirects.extend(bind(address, Purpose::Redirect)?);
        Ok(self)
    }

    /// Serves Prometheus metrics on an address, as `GET /metrics` over plain HTTP. Without it, nothing is counted.
    ///
    /// This listener stays open until the server has ended. It accepts eight connections, independent of
    /// [`Limits::connections`]. Its own requests are not counted, and are logged at `DEBUG` if they succeed.
    ///
    /// | Metric | Labels | |
    /// |---|---|---|
    /// | `axum_trailers_connections` | | open connections |
    /// | `axum_trailers_connections_refused_total` | `reason` | `too_many_open` (see [`Limits::connections`]), `accept_failed` (usually no file descriptor was left) |
    /// | `axum_trailers_handshakes_failed_total` | `reason` | `plain_http`, `proxy_header` (one that is not expected), `no_proxy_header` and `bad_proxy_header` (see [`proxy_protocol`](Self::proxy_protocol)), `not_tls`, `alpn` (no protocol in common), `refused_by_client` (usually because of the certificate), `tls` (any other error), `timeout`, `client_gone`, `probe` (closed before its first byte); on plain listeners `tls_to_plain`, `proxy_header`, `no_proxy_header`, `bad_proxy_header`, `timeout`, `client_gone`, `probe` |
    /// | `axum_trailers_streams` | | requests whose response has not ended |
    /// | `axum_trailers_requests_total` | `protocol`, `route`, `status` | requests whose response has ended, including those that hyper rejected |
    /// | `axum_trailers_received_bytes_total`, `…_sent_…` | | bytes on connections, including TLS |
    /// | `axum_trailers_response_body_bytes_total` | `protocol` | bytes of content |
    /// | `axum_trailers_trailer_sections_sent_total` | `protocol`, `agent`, `proxied` | by the client's family and whether a proxy sent `Via` |
    /// | `axum_trailers_trailer_sections_withheld_total` | `protocol`, `agent`, `proxied`, `reason` | `not_asked` (no `TE: trailers`), `old_protocol`, `unannounced` (some fields, over HTTP/1.1) |
    /// | `axum_trailers_streams_failed_total` | `protocol`, `reason` | `body`, `length`, `request_trailers`, `request_framing` (malformed chunked content), `slow_request` (content that stalled or was too slow after the response had begun), `reported_in_trailers` (a complete response whose trailers report a failure), `unreportable` (such trailers could not be sent), `section_too_large` (a header or trailer section, for the client), `grpc_status` (a status that is the server's fault: `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`), and if the server cut the response `stalled_reader`, `pseudo_header` (in a trailer section), `self_dependency` (a stream depends on itself), `shutdown` |
    /// | `axum_trailers_grpc_calls_total` | `service`, `status` | gRPC calls that have ended with a status |
    /// | `axum_trailers_clients_gone_total` | `protocol` | responses that clients did not read to the end |
    /// | `axum_trailers_first_byte_seconds`, `…_end_seconds` | `route` | histograms, from the end of the request's header section |
    ///
    /// `route` is the path in the syntax of axum's router, or the name of a gRPC service. It is `none` if nothing matches,
    /// for services that are added with `nest_service`, because axum exposes their path to no layer (`nest` keeps the names
    /// of its routes), and for an application that is not a `Router` itself, such as a layer around one. `status` is `other`
    /// for a code that is not registered, and `none` if the client left before the response.
    ///
    /// # Errors
    ///
    /// As for [`bind`](Self::bind). If the [`registry`](Self::registry) has a metric with one of these names,
    /// [`serve`](Self::serve) returns an error.
    pub fn metrics(mut self, address: impl ToSocketAddrs + fmt::Display) -> Result<Self, BindError> {
        self.metrics.extend(bind(address, Purpose::Metrics)?);
        Ok(self)
    }

    /// The registry that `GET /metrics` serves. An application can register its own metrics at any time.
    ///
    /// The names in the table of [`metrics`](Self::metrics) belong to the server. The metrics of
    /// axum-trailers-workbench also begin with `axum_trailers_`. A different prefix avoids conflicts with both.
    ///
    /// ```no_run
    /// use axum_trailers_server::{Server, prometheus::IntCounter};
    ///
    /// # fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::new().metrics("127.0.0.1:9090")?;
    /// let orders = IntCounter::new("shop_orders_total", "Orders that were taken.")?;
    /// server.registry().register(Box::new(orders.clone()))?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits.within_bounds();
        self
    }

    /// Trusts one more proxy, or a network of them. Default: none.
    ///
    /// Requests from a trusted proxy count as those of the client that the proxy reports in
    /// [`forwarded_header`](Self::forwarded_header): the rightmost address there that is not a trusted proxy's. An element
    /// without an address (`unknown`) ends the search, because what is on its left may be the client's invention; then the
    /// client is the last address that was found. Other peers' fields are ignored.
    ///
    /// **The proxy must set the field or append to it.** One that passes on what its client has sent makes a forged address
    /// count.
    ///
    /// The client's address is in axum's `ConnectInfo<SocketAddr>`, in the access log (`client`) and in the span of the
    /// request. Its port is 0 if the proxy does not report it. The log's `peer` is always the other end of the connection.
    ///
    /// ```no_run
    /// use axum_trailers_server::Server;
    ///
    /// # fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::new()
    ///     .bind_plain("127.0.0.1:8080")?
    ///     .trust_proxy("10.0.0.0/8".parse()?)
    ///     .trust_proxy("::1".parse()?);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn trust_proxy(mut self, proxy: TrustedProxy) -> Self {
        self.trust.trusted.push(proxy);
        self
    }

    /// Sets the fields in which [trusted proxies](Self::trust_proxy) report the client's address. Default:
    /// [`ForwardedHeader::XForwarded`]. The others are ignored.
    #[must_use]
    pub fn forwarded_header(mut self, header: ForwardedHeader) -> Self {
        self.trust.header = header;
        self
    }

    /// Sets whether connections begin with a header of the
    /// [PROXY protocol](https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt), version 1 or 2. Default: no.
    ///
    /// Then each connection of a [trusted proxy](Self::trust_proxy) must begin with one, in front of the TLS handshake and
    /// within [`Limits::handshake`], on all listeners except those for [`metrics`](Self::metrics). Otherwise it is closed.
    /// The client of the connection is the address in the header. If that is a trusted proxy's as well, its requests'
    /// [fields](Self::forwarded_header) count.
    ///
    /// A header without an address (`LOCAL`, `UNKNOWN`, `UNSPEC`, or of a Unix socket) leaves the proxy's own address as the
    /// client's. The fields of such requests are ignored, because the proxy passes on bytes of a client that it does not
    /// name. The header of a peer that is not trusted is read and ignored. Headers of up to 4 KiB are accepted.
    #[must_use]
    pub fn proxy_protocol(mut self, proxy_protocol: bool) -> Self {
        self.trust.proxy_protocol = proxy_protocol;
        self
    }

    /// Sets the number of threads that serve, from 1 to 1024. Default: two per core.
    ///
    /// Each thread has its own tokio runtime (`current_thread`), which runs the handlers of its connections and the
    /// tasks that they [`spawn`](tokio::spawn): no chunk has to wake another thread on its way to the socket. A new
    /// connection goes to a thread with the fewest connections and stays there; with many connections a difference of
    /// 1/16 is tolerated. As many threads as there are cores serve the first connections, up to two open ones each. The
    /// other threads begin to serve after that, however many threads there are.
    ///
    /// More threads than cores make a chunk wait for fewer other tasks; docs/performance.md of the repository has the
    /// measurements behind the default.
    ///
    /// So a handler that blocks delays everything on its thread: move work that takes longer than about 100 µs to
    /// [`spawn_blocking`](tokio::task::spawn_blocking). (`block_in_place` panics on such a runtime.) Tasks that still
    /// run half a second after the server's end are dropped: spawn longer ones on a [`Handle`](tokio::runtime::Handle)
    /// of another runtime, such as the caller's.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.clamp(1, MOST_THREADS);
        self
    }

    /// Serves a gRPC service on the same listeners as the application. It gets all requests to `/{name}/…`. tonic
    /// generates the name as `SERVICE_NAME` next to the service.
    ///
    /// Any version of tonic with `http` 1.x works (0.12 and later), without its features `transport` and `router`: this
    /// server replaces both. The extensions of a `tonic::Request` contain a
    /// [`ConnectionInfo`](axum_trailers::trailers::server::ConnectionInfo). A call over
    /// HTTP/1.1 gets 505, a method other than `POST` 405, content other than `application/grpc` 415. After its
    /// `grpc-timeout` a call ends with `DEADLINE_EXCEEDED`, and the service's work for it is dropped.
    ///
    /// The [`Limits`] on responses also apply here. For requests, [`stalled_body`](Limits::stalled_body) limits the
    /// wait for the first message, unless the service responds earlier; later messages may take any time, and `PING`
    /// detects clients that are gone. Trailing metadata with names that RFC 9110 §6.5.1 forbids in trailers is removed
    /// in both directions. Responses have no `Trailer` field: gRPC announces nothing.
    ///
    /// ```text
    /// server.grpc(greeter_server::SERVICE_NAME, GreeterServer::new(MyGreeter))
    /// ```
    ///
    /// `examples/axum_06/grpc.rs` of the repository is a complete program.
    ///
    /// # Panics
    ///
    /// Panics if the name is empty, contains a slash or already has a service.
    #[must_use]
    pub fn grpc<S, B>(mut self, name: &str, service: S) -> Self
    where
        S: Service<http::Request<RequestBody>, Response = http::Response<B>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        self.grpc = self.grpc.with(name, service);
        self
    }

    /// Sets how long running streams may continue after the first signal before they are cut. Default: 30 s.
    #[must_use]
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout;
        self
    }

    /// The addresses of the redirecting listeners, with their actual ports.
    #[must_use]
    pub fn redirect_addrs(&self) -> Vec<SocketAddr> {
        addresses(&self.redirects, Purpose::Redirect)
    }

    /// The addresses of the metrics listeners, with their actual ports.
    #[must_use]
    pub fn metrics_addrs(&self) -> Vec<SocketAddr> {
        addresses(&self.metrics, Purpose::Metrics)
    }

    /// A handle that shuts down the running server.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Catches SIGINT and SIGTERM from now on, to shut the server down once it serves.
    ///
    /// After the first signal, new connections are refused and running streams have the shutdown timeout to finish.
    /// After the timeout or a second signal, the others are cut.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] if the signals can't be caught.
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    pub fn shutdown_on_signals(mut self) -> io::Result<Self> {
        self.signals = Some(Signals::catch()?);
        Ok(self)
    }

    /// Reloads the certificate and key while the server runs: on SIGHUP, which is caught from now on, and when the
    /// files of [`Tls::from_pem_files`] change.
    ///
    /// New handshakes use the new certificate; open connections are not affected. TLS sessions from the old one are not
    /// resumed, so their clients make a full handshake.
    ///
    /// Both files are polled every second and reloaded once they have been stable for a second; SIGHUP reloads them at
    /// once. A successful reload is logged at `INFO`. If the new pair can't be used, the old one stays, with one
    /// `ERROR` per change or SIGHUP. The files must be regular files of up to 1 MiB.
    ///
    /// What comes from [`Tls::from_pem`], [`Tls::from_config`] or from anything other than regular files (a pipe) can't be
    /// reloaded: SIGHUP is then only logged, at `INFO`. From now on SIGHUP never ends the process.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] if the signal can't be caught.
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    pub fn reload_certificates(mut self) -> io::Result<Self> {
        self.hangup = Some(Hangup::catch()?);
        Ok(self)
    }
}
