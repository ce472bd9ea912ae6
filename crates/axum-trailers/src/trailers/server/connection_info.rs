use std::net::SocketAddr;

/// Who has sent a request, in its extensions. axum-trailers-server inserts it into each request of `http` 1, also into those
/// for gRPC services, and for axum 0.6 if the peer is not the client, or without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionInfo {
    client: SocketAddr,
    peer: Option<SocketAddr>,
    is_tls: bool,
}

impl ConnectionInfo {
    /// `peer` is the other end of the connection, if it has an address. `client` is the address that it speaks for, if it
    /// is a proxy that the server trusts, and otherwise its own. `is_tls` is whether the connection is encrypted.
    #[must_use]
    pub fn new(client: SocketAddr, peer: Option<SocketAddr>, is_tls: bool) -> Self {
        Self { client, peer, is_tls }
    }

    /// The client. Its port is 0 if it is not known, and its address is unspecified (`[::]`) if that is not known.
    #[must_use]
    pub fn client(&self) -> SocketAddr {
        self.client
    }

    /// The other end of the connection, which may be a proxy. `None` over a Unix socket.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Whether the connection of the peer is encrypted. That of the client of a proxy may differ.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }
}
