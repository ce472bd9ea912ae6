use super::stream::Stream;
use crate::connection::{Peer, Purpose};
#[cfg(unix)]
use std::os::unix;
use std::{
    io,
    net::{self, SocketAddr},
};

/// A listening socket, and what its connections are for.
#[derive(Debug)]
pub(crate) struct Endpoint {
    socket: StdSocket,
    pub(crate) purpose: Purpose,
    /// The UDP port on which the same is served over HTTP/3.
    http3_port: Option<u16>,
}

#[derive(Debug)]
enum StdSocket {
    Tcp(net::TcpListener),
    #[cfg(unix)]
    Unix(unix::net::UnixListener),
}

impl Endpoint {
    pub(crate) fn tcp(socket: net::TcpListener, purpose: Purpose) -> Self {
        Self { socket: StdSocket::Tcp(socket), purpose, http3_port: None }
    }

    #[cfg(unix)]
    pub(crate) fn unix(socket: unix::net::UnixListener, purpose: Purpose) -> Self {
        Self { socket: StdSocket::Unix(socket), purpose, http3_port: None }
    }

    /// The same is served over HTTP/3 on this UDP port.
    #[cfg(feature = "http3")]
    pub(crate) fn with_http3_port(self, port: u16) -> Self {
        Self { http3_port: Some(port), ..self }
    }

    /// `None` for a Unix socket.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        match &self.socket {
            StdSocket::Tcp(socket) => socket.local_addr().ok(),
            #[cfg(unix)]
            StdSocket::Unix(_) => None,
        }
    }

    /// `None` for a TCP socket.
    #[cfg(unix)]
    pub(crate) fn unix_addr(&self) -> Option<unix::net::SocketAddr> {
        match &self.socket {
            StdSocket::Tcp(_) => None,
            StdSocket::Unix(socket) => socket.local_addr().ok(),
        }
    }

    /// The same for another thread.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        let socket = match &self.socket {
            StdSocket::Tcp(socket) => StdSocket::Tcp(socket.try_clone()?),
            #[cfg(unix)]
            StdSocket::Unix(socket) => StdSocket::Unix(socket.try_clone()?),
        };
        Ok(Self { socket, purpose: self.purpose, http3_port: self.http3_port })
    }

    /// Registers the socket with this thread's runtime.
    pub(crate) fn on_runtime(self) -> io::Result<OpenEndpoint> {
        let socket = match self.socket {
            StdSocket::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                Socket::Tcp(tokio::net::TcpListener::from_std(socket)?)
            }
            #[cfg(unix)]
            StdSocket::Unix(socket) => {
                socket.set_nonblocking(true)?;
                Socket::Unix(tokio::net::UnixListener::from_std(socket)?)
            }
        };
        Ok(OpenEndpoint { socket, purpose: self.purpose, http3_port: self.http3_port })
    }
}

/// An [`Endpoint`] on the runtime of a thread that accepts.
pub(crate) struct OpenEndpoint {
    socket: Socket,
    pub(super) purpose: Purpose,
    pub(super) http3_port: Option<u16>,
}

enum Socket {
    Tcp(tokio::net::TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
}

impl OpenEndpoint {
    pub(super) async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match &self.socket {
            Socket::Tcp(socket) => {
                let (stream, peer) = socket.accept().await?;
                Ok((Stream::Tcp(stream), peer.into()))
            }
            #[cfg(unix)]
            Socket::Unix(socket) => {
                let (stream, _unnamed) = socket.accept().await?;
                Ok((Stream::Unix(stream), Peer::Unix))
            }
        }
    }
}
