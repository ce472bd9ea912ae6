use axum::extract::ConnectInfo;
use std::net::{IpAddr, SocketAddr};

/// The client that a place is counted for: an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Client(Option<IpAddr>);

impl Client {
    /// All clients whose address is unknown share this one.
    pub(super) const UNKNOWN: Self = Self(None);

    /// The client of a request, from the connection's address in the request's extensions.
    pub(super) fn of(connection: Option<&ConnectInfo<SocketAddr>>) -> Self {
        connection.map_or(Self::UNKNOWN, |ConnectInfo(peer)| Self::at(peer.ip()))
    }

    /// The client at an address.
    pub(super) fn at(address: IpAddr) -> Self {
        Self(Some(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_without_an_address_are_one() {
        assert_eq!(Client::of(None), Client::UNKNOWN);
        let address = IpAddr::from([192, 0, 2, 1]);
        let connection = ConnectInfo(SocketAddr::new(address, 1));
        assert_eq!(Client::of(Some(&connection)), Client::at(address));
        assert_ne!(Client::of(Some(&connection)), Client::UNKNOWN);
    }
}
