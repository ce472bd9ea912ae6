//! Builds the server from the command line.

use crate::{
    cli::{Address, Count, OrOff, PlainAddress, ServeArgs},
    log::Log,
};
use axum_trailers_server::{BindError, Server};
use axum_trailers_workbench::{
    Workbench,
    export::grpc::{self, v1::exports_server},
};
use std::{io, net::Ipv6Addr};
use tokio::runtime::Runtime;
use tonic_health::pb::health_server;
use tonic_reflection::pb::{
    v1::server_reflection_server as reflection, v1alpha::server_reflection_server as reflection_v1alpha,
};

const HTTPS_PORT: u16 = 3000;
const PLAIN_PORT: u16 = 8080;
const HTTP_PORT: u16 = 7878;
const METRICS_PORT: u16 = 9090;

/// Binds an address for one purpose.
type Bind = fn(Server, String) -> Result<Server, BindError>;

/// Additional steps for building a server.
pub(crate) trait ServerExt: Sized {
    /// Listens on the sockets that the service manager has opened.
    fn inherited(self) -> io::Result<Self>;

    /// Listens for HTTPS, by default unless there are inherited sockets.
    fn listen_for_https(self, args: &ServeArgs) -> Result<Self, BindError>;

    /// Listens for HTTPS on these addresses.
    fn listen_for_https_at(self, addresses: &[Address]) -> Result<Self, BindError>;

    /// Listens for plain HTTP on these addresses.
    fn listen_for_plain_http(self, addresses: &[PlainAddress]) -> Result<Self, BindError>;

    /// Redirects to HTTPS, unless the redirect is off or the server does not listen for HTTPS.
    fn redirect_from(self, address: Option<&OrOff<Address>>) -> Result<Self, BindError>;

    /// Trusts the proxies that the options name.
    fn behind_proxies(self, args: &ServeArgs) -> Self;

    /// Sets the number of threads, if it is given.
    fn threads_or_default(self, threads: Option<Count>) -> Self;

    /// Serves metrics if an address is given.
    fn metrics_at(self, address: Option<&OrOff<Address>>) -> Result<Self, BindError>;

    /// Adds the metrics of the workbench and the log to the server's.
    fn with_metrics_of(self, workbench: &Workbench, log: &Log) -> Self;

    /// Serves the workbench's gRPC service, reflection, and health, which reports the shutdown.
    fn with_grpc_of(self, workbench: &Workbench, runtime: &Runtime) -> Self;
}

impl ServerExt for Server {
    #[cfg(unix)]
    fn inherited(self) -> io::Result<Self> {
        self.inherit()
    }

    #[cfg(not(unix))]
    fn inherited(self) -> io::Result<Self> {
        Ok(self)
    }

    fn listen_for_https(self, args: &ServeArgs) -> Result<Self, BindError> {
        match args.port {
            Some(port) => on_loopback(self, port, Server::bind),
            None if args.listen.is_empty() && !listens(&self) => on_loopback(self, HTTPS_PORT, Server::bind),
            None => self.listen_for_https_at(&args.listen),
        }
    }

    fn listen_for_https_at(self, addresses: &[Address]) -> Result<Self, BindError> {
        addresses.iter().try_fold(self, |server, address| bind(server, address, HTTPS_PORT, Server::bind))
    }

    fn listen_for_plain_http(self, addresses: &[PlainAddress]) -> Result<Self, BindError> {
        addresses.iter().try_fold(self, |server, address| match address {
            PlainAddress::Tcp(address) => bind(server, address, PLAIN_PORT, Server::bind_plain),
            #[cfg(unix)]
            PlainAddress::Unix(path) => server.bind_unix(path),
        })
    }

    fn redirect_from(self, address: Option<&OrOff<Address>>) -> Result<Self, BindError> {
        match address {
            None if self.local_addrs().is_empty() => Ok(self),
            None => on_loopback(self, HTTP_PORT, Server::redirect),
            Some(OrOff::On(address)) => bind(self, address, HTTP_PORT, Server::redirect),
            Some(OrOff::Off) => Ok(self),
        }
    }

    fn behind_proxies(self, args: &ServeArgs) -> Self {
        let server = args.trusted_proxies().iter().fold(self, |server, proxy| server.trust_proxy(*proxy));
        server.forwarded_header(args.forwarded_header()).proxy_protocol(args.proxy_protocol())
    }

    fn threads_or_default(self, threads: Option<Count>) -> Self {
        match threads {
            Some(threads) => self.threads(threads.as_usize()),
            None => self,
        }
    }

    fn metrics_at(self, address: Option<&OrOff<Address>>) -> Result<Self, BindError> {
        match address {
            Some(OrOff::On(address)) => bind(self, address, METRICS_PORT, Server::metrics),
            Some(OrOff::Off) | None => Ok(self),
        }
    }

    fn with_metrics_of(self, workbench: &Workbench, log: &Log) -> Self {
        workbench.register(self.registry()).expect("there are no metrics yet");
        let lines_dropped = Box::new(log.lines_dropped().clone());
        self.registry().register(lines_dropped).expect("no other metric has its name");
        self
    }

    fn with_grpc_of(self, workbench: &Workbench, runtime: &Runtime) -> Self {
        let (serving, health) = runtime.block_on(grpc::health());
        let handle = self.handle();
        runtime.spawn(async move {
            handle.shutdown_started().await;
            serving.end().await;
        });
        self.grpc(exports_server::SERVICE_NAME, workbench.grpc())
            .grpc(health_server::SERVICE_NAME, health)
            .grpc(reflection::SERVICE_NAME, grpc::reflection())
            .grpc(reflection_v1alpha::SERVICE_NAME, grpc::reflection_v1alpha())
    }
}

fn listens(server: &Server) -> bool {
    !server.local_addrs().is_empty() || !server.plain_addrs().is_empty() || !unix_addresses(server).is_empty()
}

/// The Unix sockets that the server listens on, as `unix:` and a path.
#[cfg(unix)]
pub(crate) fn unix_addresses(server: &Server) -> Vec<String> {
    let written = |address: std::os::unix::net::SocketAddr| match address.as_pathname() {
        Some(path) => format!("unix:{}", path.display()),
        // An inherited socket with an abstract name.
        None => format!("unix:{address:?}"),
    };
    server.unix_addrs().into_iter().map(written).collect()
}

#[cfg(not(unix))]
pub(crate) fn unix_addresses(_server: &Server) -> Vec<String> {
    Vec::new()
}

fn bind(server: Server, address: &Address, default_port: u16, bind: Bind) -> Result<Server, BindError> {
    match address {
        Address::Loopback(port) => on_loopback(server, port.unwrap_or(default_port), bind),
        Address::Any(port) if has_ipv6() => bind(server, format!("[::]:{port}")),
        Address::Any(port) => bind(server, format!("0.0.0.0:{port}")),
        Address::Host(address) => bind(server, address.clone()),
    }
}

/// Binds both loopback addresses, or only IPv4's if the machine has no IPv6 or the port is 0.
fn on_loopback(server: Server, port: u16, bind: Bind) -> Result<Server, BindError> {
    let server = bind(server, format!("127.0.0.1:{port}"))?;
    if port != 0 && has_ipv6() { bind(server, format!("[::1]:{port}")) } else { Ok(server) }
}

fn has_ipv6() -> bool {
    std::net::UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}
