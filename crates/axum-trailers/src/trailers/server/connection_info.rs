use super::forbidden_trailers::ForbiddenTrailers;
use http::HeaderName;
use std::{net::SocketAddr, sync::Arc};

/// What a server knows about a request apart from the request itself: its client, its connection, and how it is framed.
/// axum-trailers-server inserts it into the extensions of each request.
///
/// For tests and for authors of servers: [`new`](Self::new) begins with what every connection has, and the functions
/// `with_…` add the rest. Clones share what they have in common, so a server prepares one per connection and completes a
/// clone of it for each request.
///
/// ```
/// use axum_trailers::trailers::server::{ConnectionInfo, Framing};
///
/// let client = ([192, 0, 2, 1], 50_000).into();
/// let connection = ConnectionInfo::new(client, Some(client), true).with_alpn("h2").with_tls_version("TLSv1.3");
/// let request = connection.clone().with_framing(Framing::Frames);
/// assert_eq!((request.alpn(), request.framing()), (Some("h2"), Framing::Frames));
/// ```
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    client: SocketAddr,
    connection: Arc<Shared>,
    is_new: bool,
    framing: Framing,
    forbidden: Option<ForbiddenTrailers>,
}

/// What all requests of a connection have in common.
#[derive(Clone, Debug)]
struct Shared {
    peer: Option<SocketAddr>,
    is_tls: bool,
    alpn: Option<Box<str>>,
    sni: Option<Box<str>>,
    tls_version: Option<&'static str>,
}

/// How the content of a request is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// The request has no content, and does not say that its length is 0.
    None,
    /// By `Content-Length`, in bytes.
    ContentLength(u64),
    /// By the chunked coding of HTTP/1.1.
    Chunked,
    /// By the end of the stream, over HTTP/2 and HTTP/3.
    Frames,
}

impl ConnectionInfo {
    /// `peer` is the other end of the connection, if it has an address. `client` is the address that it speaks for, if it
    /// is a proxy that the server trusts, and otherwise its own. `is_tls` is whether the connection is encrypted.
    ///
    /// The request is the first one of the connection and has no content, and nothing else is known.
    #[must_use]
    pub fn new(client: SocketAddr, peer: Option<SocketAddr>, is_tls: bool) -> Self {
        let connection = Shared { peer, is_tls, alpn: None, sni: None, tls_version: None };
        Self {
            client,
            connection: Arc::new(connection),
            is_new: true,
            framing: Framing::None,
            forbidden: None,
        }
    }

    /// Sets the client of the request.
    #[must_use]
    pub fn with_client(self, client: SocketAddr) -> Self {
        Self { client, ..self }
    }

    /// Sets the protocol that ALPN has chosen.
    #[must_use]
    pub fn with_alpn(mut self, protocol: &str) -> Self {
        Arc::make_mut(&mut self.connection).alpn = Some(protocol.into());
        self
    }

    /// Sets the server name that the client has sent in its handshake.
    #[must_use]
    pub fn with_sni(mut self, name: &str) -> Self {
        Arc::make_mut(&mut self.connection).sni = Some(name.into());
        self
    }

    /// Sets the version of TLS, such as `TLSv1.3`.
    #[must_use]
    pub fn with_tls_version(mut self, version: &'static str) -> Self {
        Arc::make_mut(&mut self.connection).tls_version = Some(version);
        self
    }

    /// Sets whether the request is the first one of its connection.
    #[must_use]
    pub fn with_new(self, is_new: bool) -> Self {
        Self { is_new, ..self }
    }

    /// Sets how the content is delimited.
    #[must_use]
    pub fn with_framing(self, framing: Framing) -> Self {
        Self { framing, ..self }
    }

    /// Sets where the server records the names of forbidden trailers.
    #[must_use]
    pub fn with_forbidden_trailers(self, names: ForbiddenTrailers) -> Self {
        Self { forbidden: Some(names), ..self }
    }

    /// The client. Its port is 0 if it is not known, and its address is unspecified (`[::]`) if that is not known.
    #[must_use]
    pub fn client(&self) -> SocketAddr {
        self.client
    }

    /// The other end of the connection, which may be a proxy. `None` over a Unix socket.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.connection.peer
    }

    /// Whether the connection of the peer is encrypted. That of the client of a proxy may differ.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.connection.is_tls
    }

    /// The protocol that ALPN has chosen: `h2` or `http/1.1`. `None` without TLS, and if the peer has offered none.
    #[must_use]
    pub fn alpn(&self) -> Option<&str> {
        self.connection.alpn.as_deref()
    }

    /// The server name that the peer has sent in its TLS handshake (SNI,
    /// [RFC 6066 §3](https://www.rfc-editor.org/rfc/rfc6066#section-3)). `None` if it has sent none, as to an IP address.
    #[must_use]
    pub fn sni(&self) -> Option<&str> {
        self.connection.sni.as_deref()
    }

    /// The version of TLS: `TLSv1.3` or `TLSv1.2`. `None` without TLS.
    #[must_use]
    pub fn tls_version(&self) -> Option<&str> {
        self.connection.tls_version
    }

    /// Whether the request is the first one of its connection.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// How the content of the request is delimited.
    #[must_use]
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// The names of the request trailers that the server has left out because
    /// [RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1) forbids them. Empty until the trailers have
    /// been read.
    #[must_use]
    pub fn forbidden_trailers(&self) -> &[HeaderName] {
        self.forbidden.as_ref().map_or(&[], ForbiddenTrailers::names)
    }
}
