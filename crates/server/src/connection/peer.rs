use std::{
    fmt,
    net::{Ipv6Addr, SocketAddr},
};

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Peer {
    Network(SocketAddr),
    /// A process of this machine, over a Unix socket.
    #[cfg_attr(not(unix), allow(dead_code, reason = "only Unix has them"))]
    Unix,
}

impl Peer {
    /// Its address, if it has one.
    pub(crate) fn socket_address(self) -> Option<SocketAddr> {
        match self {
            Self::Network(address) => Some(address),
            Self::Unix => None,
        }
    }

    /// Its address. Over a Unix socket there is none, and this is the unspecified address, `[::]:0`.
    pub(crate) fn address(self) -> SocketAddr {
        match self {
            Self::Network(address) => address,
            Self::Unix => (Ipv6Addr::UNSPECIFIED, 0).into(),
        }
    }
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self::Network(address)
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(address) => address.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peer_is_logged_by_its_address_and_a_unix_socket_has_none() {
        let tcp = Peer::from(SocketAddr::from(([192, 0, 2, 1], 80)));
        for (peer, name, address) in [(tcp, "192.0.2.1:80", "192.0.2.1:80"), (Peer::Unix, "unix", "[::]:0")] {
            assert_eq!(peer.to_string(), name);
            assert_eq!(peer.address().to_string(), address);
        }
    }
}
