//! What a server listens on.

#[cfg(unix)]
use crate::tcp::{SocketFile, inherited};
use crate::{
    connection::Purpose,
    serve::Server,
    tcp::{BindError, Endpoint, addresses, bind},
};
#[cfg(feature = "http3")]
use crate::{
    quic::{UdpEndpoint, bind_same_port},
    tcp::resolve,
};
use std::{
    fmt,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
};
#[cfg(unix)]
use std::{io, os::unix, path::Path};

impl Server {
    /// Listens for HTTPS on one more address. Port 0 selects a free port. If a name has several addresses, all of them
    /// are bound.
    ///
    /// # Errors
    ///
    /// [`BindError`] if the name can't be resolved, or an address is in use, not local or not permitted.
    pub fn bind(mut self, address: impl ToSocketAddrs + fmt::Display) -> Result<Self, BindError> {
        #[cfg(feature = "http3")]
        if self.http3 {
            for address in resolve(address)? {
                self.bind_both(address)?;
            }
            return Ok(self);
        }
        self.endpoints.extend(bind(address, Purpose::Https)?);
        Ok(self)
    }

    #[cfg(feature = "http3")]
    fn bind_both(&mut self, address: SocketAddr) -> Result<(), BindError> {
        let (tcp, udp) = bind_same_port(address)
            .map_err(|(transport, source)| BindError { address: format!("{transport}{address}"), source })?;
        let endpoint = Endpoint::tcp(tcp, Purpose::Https);
        let port = udp.local_addr().map_or(address.port(), |bound| bound.port());
        self.endpoints.push(endpoint.with_http3_port(port));
        self.udp_endpoints.push(udp);
        Ok(())
    }

    /// Sets whether each address that is [bound](Self::bind) from now on also gets HTTP/3, on the UDP port of the same
    /// number. Default: no.
    ///
    /// Responses over TCP then contain `Alt-Svc: h3=":PORT"; ma=86400`
    /// ([RFC 7838](https://www.rfc-editor.org/rfc/rfc7838)), unless the application sets the field, and until the server
    /// shuts down. The application, its [`Limits`](crate::Limits) and the log are the same; `protocol` is `HTTP/3`. TLS 1.3
    /// is required. Early data (0-RTT) is off, and the header of the
    /// [PROXY protocol](Self::proxy_protocol) is not possible: [`serve`](Self::serve) returns an error for both together.
    ///
    /// One thread receives the packets of all connections and hands each new connection to the thread with the fewest, where
    /// it stays together with its handlers, also if its client's address changes.
    #[cfg(feature = "http3")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http3")))]
    #[must_use]
    pub fn http3(mut self, is_on: bool) -> Self {
        self.http3 = is_on;
        self
    }

    /// The UDP addresses for HTTP/3, with their actual ports.
    #[cfg(feature = "http3")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http3")))]
    #[must_use]
    pub fn http3_addrs(&self) -> Vec<SocketAddr> {
        self.udp_endpoints.iter().filter_map(UdpEndpoint::local_addr).collect()
    }

    /// Listens for plain HTTP on one more address: HTTP/1.1, and HTTP/2 with prior knowledge (h2c,
    /// [RFC 9113 §3.3](https://www.rfc-editor.org/rfc/rfc9113#section-3.3)). It serves the same application as the HTTPS
    /// listeners, with the same [`Limits`](crate::Limits), for a proxy on the same machine or in a trusted network.
    ///
    /// The first bytes decide the protocol and must arrive within [`Limits::first_byte`](crate::Limits::first_byte). `Upgrade: h2c` is ignored.
    ///
    /// # Errors
    ///
    /// As for [`bind`](Self::bind).
    pub fn bind_plain(mut self, address: impl ToSocketAddrs + fmt::Display) -> Result<Self, BindError> {
        self.endpoints.extend(bind(address, Purpose::Plain)?);
        Ok(self)
    }

    /// Listens for HTTPS on a socket of the application.
    #[must_use]
    pub fn listen(mut self, socket: TcpListener) -> Self {
        self.endpoints.push(Endpoint::tcp(socket, Purpose::Https));
        self
    }

    /// Listens for plain HTTP on a socket of the application, as [`bind_plain`](Self::bind_plain) does.
    #[must_use]
    pub fn listen_plain(mut self, socket: TcpListener) -> Self {
        self.endpoints.push(Endpoint::tcp(socket, Purpose::Plain));
        self
    }

    /// Listens for plain HTTP on a Unix socket, as [`bind_plain`](Self::bind_plain) does on an address.
    ///
    /// The file is removed when the server ends. One that a process has left behind is replaced. Its permissions are
    /// `0777` without the process's umask, and a client needs write permission: with the usual umask `022` only the
    /// server's own user can connect. To let a proxy in, share a group with it and set the umask `007`, or change the
    /// mode once this function has returned.
    ///
    /// Clients have no address: the access log's `peer` is `unix`, and axum's `ConnectInfo` contains the unspecified
    /// address `[::]:0`. A Unix socket can't be reset, so a cut HTTP/1.0 response that ends with its connection would
    /// look complete: a response of unknown length over HTTP/1.0 is replaced by 505. nginx uses HTTP/1.0 unless
    /// `proxy_http_version` is `1.1`.
    ///
    /// # Errors
    ///
    /// [`BindError`] if the folder is missing or not writable, a process listens on the path, or it has any other file.
    #[cfg(unix)]
    pub fn bind_unix(mut self, path: impl AsRef<Path>) -> Result<Self, BindError> {
        let (socket, file) = SocketFile::bind(path.as_ref())?;
        self.socket_files.push(file);
        Ok(self.listen_unix(socket))
    }

    /// Listens for plain HTTP on a Unix socket of the application, as [`bind_unix`](Self::bind_unix) does. Its file is
    /// not removed.
    #[cfg(unix)]
    #[must_use]
    pub fn listen_unix(mut self, socket: unix::net::UnixListener) -> Self {
        self.endpoints.push(Endpoint::unix(socket, Purpose::Plain));
        self
    }

    /// Listens on the sockets that a service manager has opened, as systemd does for a `.socket` unit
    /// ([`sd_listen_fds(3)`](https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html)): for HTTPS, or for
    /// plain HTTP if it is a Unix socket or has the name `plain` (`FileDescriptorName=plain`). Without such sockets,
    /// nothing changes; [`local_addrs`](Self::local_addrs), [`plain_addrs`](Self::plain_addrs) and
    /// [`unix_addrs`](Self::unix_addrs) tell which there are.
    ///
    /// Call it before the program starts threads: it reads `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES`, and removes
    /// the first two from the environment.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] if a descriptor is not a TCP or Unix socket that listens.
    #[cfg(unix)]
    pub fn inherit(mut self) -> io::Result<Self> {
        self.endpoints.extend(inherited()?);
        Ok(self)
    }

    /// The addresses of the HTTPS listeners, with their actual ports.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        addresses(&self.endpoints, Purpose::Https)
    }

    /// The addresses of the plain listeners, with their actual ports.
    #[must_use]
    pub fn plain_addrs(&self) -> Vec<SocketAddr> {
        addresses(&self.endpoints, Purpose::Plain)
    }

    /// The addresses of the listeners on Unix sockets.
    #[cfg(unix)]
    #[must_use]
    pub fn unix_addrs(&self) -> Vec<unix::net::SocketAddr> {
        self.endpoints.iter().filter_map(Endpoint::unix_addr).collect()
    }
}
