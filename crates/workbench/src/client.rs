use axum::extract::ConnectInfo;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The network prefix that identifies an IPv6 client. Providers delegate at least a /64 to each customer
/// ([RFC 6177](https://www.rfc-editor.org/rfc/rfc6177)), so one client can use any address in it.
const IPV6_PREFIX: u128 = !0 << 64;

/// The client that a permit is issued to: an IPv4 address or an IPv6 /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Client(Option<IpAddr>);

impl Client {
    /// Shared by all clients whose address is unknown.
    pub(super) const UNKNOWN: Self = Self(None);

    /// The client of a request, from what the server has inserted into the request's extensions.
    pub(super) fn of(connection: Option<&ConnectInfo<SocketAddr>>) -> Self {
        connection.map_or(Self::UNKNOWN, |ConnectInfo(client)| Self::at(client.ip()))
    }

    /// The client at an address. An IPv4-mapped IPv6 address counts as its IPv4 address. The unspecified address means that
    /// it is unknown.
    pub(super) fn at(address: IpAddr) -> Self {
        if address.is_unspecified() {
            return Self::UNKNOWN;
        }
        Self(Some(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & IPV6_PREFIX).into(),
            address @ IpAddr::V4(_) => address,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Client {
        Client::at(address.parse().expect("an address"))
    }

    #[test]
    fn ipv6_clients_are_counted_by_their_64_bit_prefix_and_ipv4_clients_by_their_address() {
        for (one, other, is_same) in [
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
            ("2001:db8:0:1::1", "2001:db8:1:1::1", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("::ffff:192.0.2.1", "192.0.2.1", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
            ("::ffff:192.0.2.1", "::1", false),
        ] {
            assert_eq!(at(one) == at(other), is_same, "{one} and {other}");
        }
    }

    #[test]
    fn clients_without_an_address_are_one() {
        assert_eq!(Client::of(None), Client::UNKNOWN);
        let connection = |address: [u8; 4]| ConnectInfo(SocketAddr::from((address, 1)));
        assert_eq!(Client::of(Some(&connection([192, 0, 2, 1]))), at("192.0.2.1"));
        assert_eq!(Client::of(Some(&connection([0; 4]))), Client::UNKNOWN);
    }
}
