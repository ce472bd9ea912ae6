use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::{fmt, net::IpAddr, str::FromStr};

/// Peers whose word on the client's address is believed: a network, a single address, or the peers of Unix sockets.
///
/// ```
/// use axum_trailers_server::TrustedProxy;
///
/// for text in ["10.0.0.0/8", "192.0.2.1", "::1", "fe80::/10", "unix"] {
///     assert_eq!(text.parse::<TrustedProxy>()?.to_string(), text);
/// }
/// # Ok::<(), axum_trailers_server::InvalidTrustedProxy>(())
/// ```
///
/// An IPv4-mapped IPv6 address is compared as its IPv4 address, so `192.0.2.1` also means `::ffff:192.0.2.1`. `::/0`
/// contains no IPv4 address: for all peers, trust `0.0.0.0/0` as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustedProxy(Peers);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peers {
    Network(IpNet),
    Unix,
}

/// A text that names no [`TrustedProxy`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTrustedProxy {
    /// The text is neither an address, a network nor `unix`.
    #[error("expected an IP address, a network such as 10.0.0.0/8 or fe80::/10, or `unix`")]
    Syntax,
    /// The address has bits behind the network's prefix.
    #[error("the address has bits behind the prefix: the network is {network}")]
    BitsBehindPrefix {
        /// The network that contains the address.
        network: TrustedProxy,
    },
}

/// The peers of Unix sockets.
const UNIX: &str = "unix";

/// The number of bits in front of the IPv4 address in an IPv4-mapped IPv6 address
/// ([RFC 4291 §2.5.5.2](https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2)).
const MAPPED_PREFIX: u8 = 96;

impl TrustedProxy {
    /// Whether an address belongs to them.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        match self.0 {
            Peers::Network(network) => network.contains(&address.to_canonical()),
            Peers::Unix => false,
        }
    }

    /// Whether they are the peers of Unix sockets.
    pub(super) fn is_unix(&self) -> bool {
        self.0 == Peers::Unix
    }

    fn network(network: IpNet) -> Self {
        Self(Peers::Network(match network {
            IpNet::V6(mapped) => canonical(mapped).unwrap_or(network),
            IpNet::V4(_) => network,
        }))
    }
}

/// Parses an address, or one with a prefix. `IpNet` itself would accept a number that begins with 0, which other programs read
/// as octal.
fn parse(text: &str) -> Option<IpNet> {
    let Some((address, prefix)) = text.split_once('/') else {
        return text.parse::<IpAddr>().ok().map(IpNet::from);
    };
    let prefix = prefix.bytes().all(|byte| byte.is_ascii_digit()).then(|| prefix.parse().ok())??;
    IpNet::new(address.parse().ok()?, prefix).ok()
}

/// The IPv4 network of an IPv4-mapped IPv6 network.
fn canonical(network: Ipv6Net) -> Option<IpNet> {
    let prefix = network.prefix_len().checked_sub(MAPPED_PREFIX)?;
    let network = Ipv4Net::new(network.addr().to_ipv4_mapped()?, prefix).ok()?;
    Some(network.into())
}

impl FromStr for TrustedProxy {
    type Err = InvalidTrustedProxy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == UNIX {
            return Ok(Self(Peers::Unix));
        }
        let network = parse(text).ok_or(InvalidTrustedProxy::Syntax)?;
        let trusted = Self::network(network.trunc());
        if network.addr() != network.network() {
            return Err(InvalidTrustedProxy::BitsBehindPrefix { network: trusted });
        }
        Ok(trusted)
    }
}

impl fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Peers::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                network.addr().fmt(f)
            }
            Peers::Network(network) => network.fmt(f),
            Peers::Unix => f.write_str(UNIX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted(text: &str) -> TrustedProxy {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn networks_contain_their_addresses_in_canonical_form() {
        for (network, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("10.0.0.0/8", "::10.1.2.3", false),
            ("::ffff:10.0.0.0/104", "10.1.2.3", true),
            ("::ffff:10.0.0.0/104", "11.1.2.3", false),
            ("::ffff:192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("::1", "::1", true),
            ("::1", "127.0.0.1", false),
            ("fe80::/10", "febf::1", true),
            ("fe80::/10", "fec0::1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "::ffff:203.0.113.9", false),
            ("unix", "0.0.0.0", false),
            ("unix", "::", false),
        ] {
            let contains = trusted(network).contains(address.parse().expect("an address"));
            assert_eq!(contains, expected, "{address} in {network}");
        }
        assert!(trusted("unix").is_unix() && !trusted("::/0").is_unix());
    }

    #[test]
    fn text_round_trips_in_its_shortest_form() {
        for (text, written) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1/32", "192.0.2.1"),
            ("::1/128", "::1"),
            ("FE80::/10", "fe80::/10"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("unix", "unix"),
        ] {
            assert_eq!(trusted(text).to_string(), written, "{text}");
            assert_eq!(trusted(written), trusted(text));
        }
    }

    #[test]
    fn wrong_texts_are_refused_with_what_is_expected() {
        let wrong = [
            "",
            "localhost",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "/8",
            "192.0.2.1:80",
            "[::1]",
            "010.0.0.0/8",
            " ::1",
            "Unix",
            "*",
        ];
        for wrong in wrong {
            assert_eq!(wrong.parse::<TrustedProxy>(), Err(InvalidTrustedProxy::Syntax), "{wrong}");
        }
        for (wrong, network) in
            [("10.1.2.3/8", "10.0.0.0/8"), ("fe80::1/10", "fe80::/10"), ("::ffff:10.1.0.0/104", "10.0.0.0/8")]
        {
            let error = wrong.parse::<TrustedProxy>().expect_err(wrong).to_string();
            assert_eq!(error, format!("the address has bits behind the prefix: the network is {network}"));
        }
    }
}
