use super::ConnectionInfo;
use crate::compat::ProtocolVersion;
use http::Version;
use std::fmt;

/// Makes a server break a response, to test clients and proxies. A handler inserts it into the response's extensions.
///
/// Ask [`check`](Self::check) first: what is not possible is ignored, and the response is complete. A response without content,
/// such as one to `HEAD`, can only be broken at its [`Head`](BreakPoint::Head). The access log contains
/// `ended="failed: broken by its handler …"`.
///
/// ```
/// use axum::{Extension, response::IntoResponse};
/// use axum_trailers::trailers::server::{BreakConnection, BreakKind, BreakPoint};
///
/// async fn broken() -> impl IntoResponse {
///     (Extension(BreakConnection::new(BreakKind::Reset, BreakPoint::Body)), "only half of this arrives\n")
/// }
/// # let _ = broken;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakConnection {
    kind: BreakKind,
    at: BreakPoint,
}

/// How a response is broken. Over HTTP/2 and HTTP/3, all but a [`Reset`](Self::Reset) end the connection with all its streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakKind {
    /// Over HTTP/2, `RST_STREAM` with `INTERNAL_ERROR`, and over HTTP/3 `RESET_STREAM` with `H3_INTERNAL_ERROR`: other streams
    /// go on. Over HTTP/1.1, a reset of the TCP connection, without a TLS alert.
    Reset,
    /// The connection is closed: over TLS with `close_notify`, and then with FIN; over HTTP/3 with `H3_NO_ERROR`.
    Close,
    /// A fatal TLS alert, and then FIN.
    Alert,
    /// `GOAWAY` with `INTERNAL_ERROR`, and then the connection is closed. HTTP/2 only. If another stream is in the middle of a
    /// frame, or the client does not read, the connection is only closed.
    GoAway,
}

/// Where a response is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakPoint {
    /// Instead of the header section.
    Head,
    /// After half of the content, between two chunks or frames. After the first chunk if the length is not known.
    Body,
    /// Within the chunk or `DATA` frame in the middle of the content: its head and half of its data are sent. Within the first
    /// one if the length is not known. If another stream of the HTTP/2 connection sends at the same moment, its frame may be the
    /// one that is cut.
    Chunk,
    /// After all content, instead of the last chunk and the trailer section. `Content-Length` is left out.
    Trailers,
}

/// Why a response can't be broken in the requested way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BreakImpossible {
    /// An alert without TLS.
    #[error("an alert needs TLS, and this connection has none")]
    NoTls,
    /// `GOAWAY` over HTTP/1.
    #[error("a GOAWAY needs HTTP/2")]
    NoGoAway,
    /// A reset of a Unix socket.
    #[error("a connection over a Unix socket can't be reset")]
    NoReset,
    /// A frame after a part of a frame.
    #[error(
        "over HTTP/2 no RST_STREAM or GOAWAY can follow a part of a frame: close the connection or send an alert"
    )]
    WithinFrame,
    /// An alert or `GOAWAY` over HTTP/3, or a part of a frame.
    #[error("over HTTP/3 a response can be reset, or its connection closed, between two frames")]
    OverQuic,
    /// A chunk or trailers over HTTP/1.0.
    #[error("HTTP/1.0 has neither chunks nor trailers")]
    OldProtocol,
}

impl BreakConnection {
    /// Breaks the response in this way, at this point.
    #[must_use]
    pub const fn new(kind: BreakKind, at: BreakPoint) -> Self {
        Self { kind, at }
    }

    /// How the response is broken.
    #[must_use]
    pub const fn kind(self) -> BreakKind {
        self.kind
    }

    /// Where the response is broken.
    #[must_use]
    pub const fn at(self) -> BreakPoint {
        self.at
    }

    /// Checks whether the connection and the protocol version of a request allow it.
    ///
    /// # Errors
    ///
    /// [`BreakImpossible`] says why not.
    pub fn check(
        self,
        connection: &ConnectionInfo,
        version: impl ProtocolVersion,
    ) -> Result<(), BreakImpossible> {
        let version = version.into_version();
        let has_frames = version >= Version::HTTP_2;
        match (self.kind, self.at) {
            (_, BreakPoint::Chunk | BreakPoint::Trailers) if version < Version::HTTP_11 => {
                Err(BreakImpossible::OldProtocol)
            }
            (BreakKind::Alert | BreakKind::GoAway, _) | (_, BreakPoint::Chunk)
                if version > Version::HTTP_2 =>
            {
                Err(BreakImpossible::OverQuic)
            }
            (BreakKind::Alert, _) if !connection.is_tls() => Err(BreakImpossible::NoTls),
            (BreakKind::GoAway, _) if !has_frames => Err(BreakImpossible::NoGoAway),
            (BreakKind::Reset, _) if !has_frames && connection.peer().is_none() => {
                Err(BreakImpossible::NoReset)
            }
            (BreakKind::Reset | BreakKind::GoAway, BreakPoint::Chunk) if has_frames => {
                Err(BreakImpossible::WithinFrame)
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for BreakConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.kind, self.at)
    }
}

impl fmt::Display for BreakKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reset => "reset",
            Self::Close => "close",
            Self::Alert => "alert",
            Self::GoAway => "goaway",
        })
    }
}

impl fmt::Display for BreakPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Head => "head",
            Self::Body => "body",
            Self::Chunk => "chunk",
            Self::Trailers => "trailers",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BreakKind::{Alert, Close, GoAway, Reset};
    use BreakPoint::{Body, Chunk, Head, Trailers};

    #[test]
    fn protocol_and_connection_decide_what_is_possible() {
        let client = ([192, 0, 2, 1], 1).into();
        let tls = ConnectionInfo::new(client, Some(client), true);
        let plain = ConnectionInfo::new(client, Some(client), false);
        let unix = ConnectionInfo::new(client, None, false);
        for (kind, at, connection, version, expected) in [
            (Reset, Head, &tls, Version::HTTP_11, Ok(())),
            (Reset, Chunk, &plain, Version::HTTP_11, Ok(())),
            (Reset, Body, &unix, Version::HTTP_11, Err(BreakImpossible::NoReset)),
            (Reset, Body, &unix, Version::HTTP_2, Ok(())),
            (Reset, Chunk, &tls, Version::HTTP_2, Err(BreakImpossible::WithinFrame)),
            (Close, Chunk, &tls, Version::HTTP_2, Ok(())),
            (Close, Body, &plain, Version::HTTP_10, Ok(())),
            (Close, Chunk, &plain, Version::HTTP_10, Err(BreakImpossible::OldProtocol)),
            (Close, Trailers, &plain, Version::HTTP_10, Err(BreakImpossible::OldProtocol)),
            (Alert, Trailers, &tls, Version::HTTP_11, Ok(())),
            (Alert, Trailers, &plain, Version::HTTP_2, Err(BreakImpossible::NoTls)),
            (GoAway, Head, &plain, Version::HTTP_2, Ok(())),
            (GoAway, Chunk, &tls, Version::HTTP_2, Err(BreakImpossible::WithinFrame)),
            (GoAway, Head, &tls, Version::HTTP_11, Err(BreakImpossible::NoGoAway)),
            (Reset, Trailers, &tls, Version::HTTP_3, Ok(())),
            (Close, Body, &tls, Version::HTTP_3, Ok(())),
            (Close, Chunk, &tls, Version::HTTP_3, Err(BreakImpossible::OverQuic)),
            (Reset, Chunk, &tls, Version::HTTP_3, Err(BreakImpossible::OverQuic)),
            (Alert, Head, &tls, Version::HTTP_3, Err(BreakImpossible::OverQuic)),
            (GoAway, Body, &tls, Version::HTTP_3, Err(BreakImpossible::OverQuic)),
        ] {
            let asked = BreakConnection::new(kind, at);
            assert_eq!(asked.check(connection, version), expected, "{asked} over {version:?}");
        }
    }
}
