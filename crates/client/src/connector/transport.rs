use http::Version;

/// What carried a response. The [`Client`](crate::Client) inserts it into the extensions of each response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transport {
    /// The protocol.
    pub version: Version,
    /// Whether the connection is encrypted. Then its end can't be forged: the server must send a `close_notify`
    /// ([RFC 8446 §6.1](https://www.rfc-editor.org/rfc/rfc8446#section-6.1)).
    pub is_tls: bool,
}

impl Transport {
    pub(crate) fn new(version: Version, is_tls: bool) -> Self {
        Self { version, is_tls }
    }
}
