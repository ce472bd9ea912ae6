/// Which protocol a connection uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// Over TLS, HTTP/2 if the server agrees ([ALPN](https://www.rfc-editor.org/rfc/rfc7301)), else HTTP/1.1. Without
    /// TLS, HTTP/1.1.
    #[default]
    Negotiated,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2. Over TLS the server must agree; without TLS, it must expect it
    /// ([RFC 9113 §3.3](https://www.rfc-editor.org/rfc/rfc9113#section-3.3)).
    Http2,
    /// HTTP/3 ([RFC 9114](https://www.rfc-editor.org/rfc/rfc9114)): QUIC, on the UDP port with the number in the URL. It needs
    /// an `https` URL, and can't pass a proxy.
    #[cfg(feature = "http3")]
    Http3,
}

impl Protocol {
    /// The names that are offered in the TLS handshake.
    pub(super) fn alpn(self) -> Vec<Vec<u8>> {
        let names: &[&[u8]] = match self {
            Self::Negotiated => &[b"h2", b"http/1.1"],
            Self::Http1 => &[b"http/1.1"],
            Self::Http2 => &[b"h2"],
            #[cfg(feature = "http3")]
            Self::Http3 => &[b"h3"],
        };
        names.iter().map(|name| name.to_vec()).collect()
    }
}
