/// The protocol that a connection is to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// ALPN names, the preferred first.
pub(crate) const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

impl Protocol {
    /// The protocol that ALPN chose. A client without ALPN gets HTTP/1.1: HTTP/2 over TLS is chosen by ALPN alone
    /// ([RFC 9113 §3.2](https://www.rfc-editor.org/rfc/rfc9113#section-3.2)).
    pub(crate) fn chosen_by(alpn: Option<&[u8]>) -> Self {
        if alpn == Some(ALPN[0]) { Self::Http2 } else { Self::Http1 }
    }
}
