use std::net::{IpAddr, SocketAddr};

/// Addresses to use instead of those of names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides(Vec<Override>);

#[derive(Clone, Debug)]
struct Override {
    host: String,
    port: u16,
    addresses: Vec<SocketAddr>,
}

impl Overrides {
    pub(super) fn add(&mut self, host: &str, port: u16, addresses: Vec<IpAddr>) {
        let addresses = addresses.into_iter().map(|address| (address, port).into()).collect();
        self.0.push(Override { host: host.to_ascii_lowercase(), port, addresses });
    }

    /// The addresses for this host in lower case and port. The last ones that were given count.
    pub(super) fn of(&self, host: &str, port: u16) -> Option<&[SocketAddr]> {
        let given = self.0.iter().rev().find(|given| given.host == host && given.port == port)?;
        Some(&given.addresses)
    }
}
