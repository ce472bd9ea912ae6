use super::{forwarded_header::ForwardedHeader, trusted_proxy::TrustedProxy};
use http::HeaderMap;
use std::net::{IpAddr, SocketAddr};

/// Which peers are trusted proxies, and how they report the client's address.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProxyTrust {
    pub(crate) trusted: Vec<TrustedProxy>,
    pub(crate) header: ForwardedHeader,
    /// Whether connections of trusted proxies begin with a header of the PROXY protocol.
    pub(crate) proxy_protocol: bool,
}

impl ProxyTrust {
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|trusted| trusted.contains(address))
    }

    /// Whether the peers of Unix sockets are trusted.
    pub(crate) fn trusts_unix(&self) -> bool {
        self.trusted.iter().any(TrustedProxy::is_unix)
    }

    /// The client of a request that a trusted proxy has sent, if its fields contain an address: the rightmost one that is
    /// not a trusted proxy's, otherwise the leftmost one.
    ///
    /// Each proxy appends the address of its peer. An element that has no address ends the walk, because what is on its
    /// left may be the client's invention.
    pub(crate) fn forwarded_client(&self, headers: &HeaderMap) -> Option<SocketAddr> {
        let mut client = None;
        for hop in self.header.hops(headers) {
            let Some(address) = hop else { break };
            client = Some(address);
            if !self.trusts(address.ip()) {
                break;
            }
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn trust(header: ForwardedHeader) -> ProxyTrust {
        let trusted = ["10.0.0.0/8", "::1"].map(|text| text.parse().expect("a network"));
        ProxyTrust { trusted: trusted.to_vec(), header, proxy_protocol: false }
    }

    fn client(header: ForwardedHeader, fields: &[(&'static str, &str)]) -> Option<String> {
        let fields = fields.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"))
        });
        trust(header).forwarded_client(&fields.collect()).map(|address| address.to_string())
    }

    #[test]
    fn rightmost_address_that_is_not_trusted_is_the_client() {
        for (lines, expected) in [
            (&[][..], None),
            (&["192.0.2.1"][..], Some("192.0.2.1:0")),
            (&["9.9.9.9, 192.0.2.1:81"], Some("192.0.2.1:81")),
            (&["9.9.9.9, 192.0.2.1, 10.0.0.1, ::ffff:10.0.0.2, ::1"], Some("192.0.2.1:0")),
            (&["9.9.9.9", "192.0.2.1, 10.0.0.1", "10.0.0.2"], Some("192.0.2.1:0")),
            (&["9.9.9.9, 192.0.2.1", "", " , "], Some("192.0.2.1:0")),
            (&["10.0.0.3:7, 10.0.0.2", "10.0.0.1"], Some("10.0.0.3:7")),
            (&["9.9.9.9, unknown, 10.0.0.1"], Some("10.0.0.1:0")),
            (&["9.9.9.9, nonsense"], None),
            (&["9.9.9.9, \"192.0.2.1\""], None),
            (&["9.9.9.9,192.0.2.1,"], Some("192.0.2.1:0")),
        ] {
            let fields: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            assert_eq!(client(ForwardedHeader::XForwarded, &fields).as_deref(), expected, "{lines:?}");
        }
    }

    #[test]
    fn forwarded_is_read_in_the_same_way() {
        for (lines, expected) in [
            (&["for=9.9.9.9, for=192.0.2.1;proto=https, for=\"[::1]:80\""][..], Some("192.0.2.1:0")),
            (&["for=9.9.9.9", "for=\"192.0.2.1:81\", for=10.0.0.1"], Some("192.0.2.1:81")),
            (&["for=9.9.9.9, for=_hidden, for=10.0.0.1"], Some("10.0.0.1:0")),
            (&["for=9.9.9.9, for=unknown"], None),
            (&["for=9.9.9.9, proto=https"], None),
            (&["for=\"9.9.9.9, for=192.0.2.1"], Some("192.0.2.1:0")),
            (&["192.0.2.1"], None),
        ] {
            let fields: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
            assert_eq!(client(ForwardedHeader::Forwarded, &fields).as_deref(), expected, "{lines:?}");
        }
    }

    #[test]
    fn other_family_is_ignored() {
        let both = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.2")];
        assert_eq!(client(ForwardedHeader::XForwarded, &both).as_deref(), Some("192.0.2.1:0"));
        assert_eq!(client(ForwardedHeader::Forwarded, &both).as_deref(), Some("192.0.2.2:0"));
        assert_eq!(client(ForwardedHeader::XForwarded, &both[1..]), None);
        assert_eq!(client(ForwardedHeader::Forwarded, &both[..1]), None);
    }

    #[test]
    fn only_so_many_addresses_are_read() {
        let line = |trusted| format!("192.0.2.1{}", ", 10.0.0.1".repeat(trusted));
        for (trusted, expected) in [(63, "192.0.2.1:0"), (64, "10.0.0.1:0"), (1000, "10.0.0.1:0")] {
            let fields = [("x-forwarded-for", &*line(trusted))];
            assert_eq!(client(ForwardedHeader::XForwarded, &fields).as_deref(), Some(expected), "{trusted}");
        }
        let fields = [("x-forwarded-for", &*format!("192.0.2.1{}", ",".repeat(1000)))];
        assert_eq!(client(ForwardedHeader::XForwarded, &fields), None, "nor so many empty elements");
    }
}
