//! `X-Forwarded-For`, which no standard defines: addresses, separated by commas.

use super::node::{self, Port};
use std::net::{IpAddr, SocketAddr};

pub(super) fn last_comma(line: &[u8]) -> Option<usize> {
    memchr::memrchr(b',', line)
}

/// The address of an element, as proxies write them: an IPv4 address or an IPv6 address, the latter with or without
/// brackets, and a port, if the IPv6 address has brackets.
pub(super) fn address(element: &[u8]) -> Option<SocketAddr> {
    let element = str::from_utf8(element).ok()?;
    match element.parse::<IpAddr>() {
        Ok(address) => Some((address, 0).into()),
        Err(_) => node::address(element, Port::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_proxies_write_them() {
        for (element, expected) in [
            ("192.0.2.1", Some("192.0.2.1:0")),
            ("192.0.2.1:567", Some("192.0.2.1:567")),
            ("2001:db8::1", Some("[2001:db8::1]:0")),
            ("[2001:db8::1]", Some("[2001:db8::1]:0")),
            ("[::1]:80", Some("[::1]:80")),
            ("::ffff:192.0.2.1", Some("[::ffff:192.0.2.1]:0")),
            ("", None),
            ("unknown", None),
            ("_hidden", None),
            ("example.com", None),
            ("192.0.2", None),
            ("192.0.2.01", None),
            ("192.0.2.1:", None),
            ("192.0.2.1:65536", None),
            ("192.0.2.1:+80", None),
            ("192.0.2.1:_port", None),
            ("[192.0.2.1]", None),
            ("[::1", None),
            ("[::1]80", None),
            ("fe80::1%eth0", None),
            ("\"192.0.2.1\"", None),
            ("for=192.0.2.1", None),
            ("192.0.2.1 192.0.2.2", None),
        ] {
            let read = address(element.as_bytes()).map(|address| address.to_string());
            assert_eq!(read.as_deref(), expected, "{element}");
        }
        assert_eq!(address(b"192.0.2.1\xff"), None);
    }
}
