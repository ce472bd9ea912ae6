//! Nodes, as `Forwarded` has them ([RFC 7239 §6](https://www.rfc-editor.org/rfc/rfc7239#section-6)).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// What may be a port.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    /// A number.
    Number,
    /// A number, or a name that hides it ([RFC 7239 §6.3](https://www.rfc-editor.org/rfc/rfc7239#section-6.3)).
    NumberOrHidden,
}

/// The longest node that has an address, in bytes: `[`, an IPv6 address, `]:`, and a port. A name in place of a port is
/// limited to the same length.
pub(super) const LONGEST: usize = 64;

/// The address of a node: an IPv4 address, or an IPv6 address in brackets. Without a port number, the port is 0.
pub(super) fn address(node: &str, port: Port) -> Option<SocketAddr> {
    if let Some(bracketed) = node.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        return Some((address, port.of(rest)?).into());
    }
    let (address, rest) = node.split_at(node.find(':').unwrap_or(node.len()));
    let address: Ipv4Addr = address.parse().ok()?;
    Some((address, port.of(rest)?).into())
}

impl Port {
    /// Reads what follows an address: nothing, or a colon and a port.
    fn of(self, rest: &str) -> Option<u16> {
        if rest.is_empty() {
            return Some(0);
        }
        let port = rest.strip_prefix(':')?;
        if self == Self::NumberOrHidden && is_hidden(port) {
            return Some(0);
        }
        // Unlike `parse`, rejects a sign.
        port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse().ok())?
    }
}

fn is_hidden(port: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    port.strip_prefix('_').is_some_and(|name| !name.is_empty() && name.bytes().all(is_of_name))
}
