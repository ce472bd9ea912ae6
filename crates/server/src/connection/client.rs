use super::peer::Peer;
use crate::client_address::ProxyTrust;
use http::HeaderMap;
use std::{
    net::SocketAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// The client of a connection, as far as trusted proxies report it.
pub(crate) struct ConnectionClient {
    peer: Peer,
    trust: Arc<ProxyTrust>,
    is_peer_trusted: bool,
    /// The client in the header of the PROXY protocol.
    reported: OnceLock<SocketAddr>,
    believes_fields: AtomicBool,
}

impl ConnectionClient {
    pub(crate) fn new(peer: Peer, trust: Arc<ProxyTrust>) -> Self {
        let is_peer_trusted = match peer {
            Peer::Network(address) => trust.trusts(address.ip()),
            Peer::Unix => trust.trusts_unix(),
        };
        // Until a header of the PROXY protocol reports the client.
        let believes_fields = AtomicBool::new(is_peer_trusted && !trust.proxy_protocol);
        Self { peer, trust, is_peer_trusted, reported: OnceLock::new(), believes_fields }
    }

    pub(crate) fn peer(&self) -> Peer {
        self.peer
    }

    /// Whether the peer is a trusted proxy.
    pub(crate) fn is_peer_trusted(&self) -> bool {
        self.is_peer_trusted
    }

    /// Whether connections of trusted proxies begin with a header of the PROXY protocol.
    pub(crate) fn expects_proxy_header(&self) -> bool {
        self.trust.proxy_protocol
    }

    /// Notes the client that the header of the PROXY protocol reports. It counts only if the peer is trusted.
    ///
    /// Without a client, the requests are the peer's own, or those of somebody whom it does not name: their fields may be
    /// anybody's, although the peer is trusted.
    pub(crate) fn note_reported(&self, client: Option<SocketAddr>) {
        if self.is_peer_trusted
            && let Some(client) = client
        {
            let client = *self.reported.get_or_init(|| client);
            self.believes_fields.store(self.trust.trusts(client.ip()), Relaxed);
        }
    }

    /// The client of all requests whose fields report no other.
    pub(crate) fn of_connection(&self) -> Peer {
        self.reported.get().map_or(self.peer, |client| Peer::Network(*client))
    }

    /// The client of a request with these fields.
    pub(crate) fn of_request(&self, headers: &HeaderMap) -> Peer {
        if self.believes_fields.load(Relaxed)
            && let Some(client) = self.trust.forwarded_client(headers)
        {
            return Peer::Network(client);
        }
        self.of_connection()
    }
}

/// No proxy is trusted.
impl From<Peer> for ConnectionClient {
    fn from(peer: Peer) -> Self {
        Self::new(peer, Arc::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_address::TrustedProxy;
    use http::HeaderValue;

    const PROXY: &str = "10.0.0.1:1";
    const STRANGER: &str = "192.0.2.9:2";

    fn peer(text: &str) -> Peer {
        if text == "unix" { Peer::Unix } else { Peer::Network(text.parse().expect("an address")) }
    }

    fn client(from: &str, proxy_protocol: bool) -> ConnectionClient {
        let trusted = ["10.0.0.0/8", "unix"].map(|text| text.parse::<TrustedProxy>().expect("a network"));
        let trust = ProxyTrust { trusted: trusted.to_vec(), proxy_protocol, ..ProxyTrust::default() };
        ConnectionClient::new(peer(from), Arc::new(trust))
    }

    fn of_request(client: &ConnectionClient) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("9.9.9.9, 192.0.2.1:3"));
        headers.insert("forwarded", HeaderValue::from_static("for=9.9.9.9"));
        client.of_request(&headers).to_string()
    }

    #[test]
    fn fields_count_if_the_peer_is_trusted() {
        for (from, expected) in [(PROXY, "192.0.2.1:3"), ("unix", "192.0.2.1:3"), (STRANGER, STRANGER)] {
            let client = client(from, false);
            assert_eq!(of_request(&client), expected);
            assert_eq!(client.of_request(&HeaderMap::new()), peer(from), "without fields");
            assert_eq!(client.of_connection(), peer(from));
        }
        assert_eq!(of_request(&peer(PROXY).into()), PROXY, "no proxy is trusted");
    }

    #[test]
    fn reported_client_counts_if_the_peer_is_trusted_and_its_fields_if_it_is_trusted_as_well() {
        let address = |text: &str| Some(text.parse::<SocketAddr>().expect("an address"));
        for (from, reported, of_connection, request) in [
            (PROXY, address(STRANGER), STRANGER, STRANGER),
            (PROXY, address("10.0.0.2:4"), "10.0.0.2:4", "192.0.2.1:3"),
            (PROXY, None, PROXY, PROXY),
            ("unix", address(STRANGER), STRANGER, STRANGER),
            ("unix", None, "unix", "unix"),
            (STRANGER, address("10.0.0.2:4"), STRANGER, STRANGER),
            (STRANGER, None, STRANGER, STRANGER),
        ] {
            let client = client(from, true);
            assert!(client.expects_proxy_header());
            assert_eq!(of_request(&client), from, "before the header");
            client.note_reported(reported);
            assert_eq!(client.of_connection().to_string(), of_connection, "{from} {reported:?}");
            assert_eq!(of_request(&client), request, "{from} {reported:?}");
        }
    }
}
