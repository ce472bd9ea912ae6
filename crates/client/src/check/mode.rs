use crate::connector::Protocol;
use std::{fmt, str::FromStr};

/// The protocol of a probe, and whether it asks for trailers with `TE: trailers`
/// ([RFC 9110 §10.1.4](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.4)).
///
/// For `http://` URLs, HTTP/2 is used with prior knowledge
/// ([RFC 9113 §3.3](https://www.rfc-editor.org/rfc/rfc9113#section-3.3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// HTTP/2 with `TE: trailers`.
    Http2Te,
    /// HTTP/2.
    Http2,
    /// HTTP/1.1 with `TE: trailers` and `Connection: TE`.
    Http1Te,
    /// HTTP/1.1.
    Http1,
}

impl Mode {
    /// All modes.
    pub const ALL: &'static [Self] = &[Self::Http2Te, Self::Http2, Self::Http1Te, Self::Http1];

    /// Its name, such as `http2-te`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http2Te => "http2-te",
            Self::Http2 => "http2",
            Self::Http1Te => "http1-te",
            Self::Http1 => "http1",
        }
    }

    /// Whether the requests contain `TE: trailers`.
    #[must_use]
    pub fn sends_te(self) -> bool {
        matches!(self, Self::Http2Te | Self::Http1Te)
    }

    /// Whether it is HTTP/2.
    #[must_use]
    pub fn is_http2(self) -> bool {
        matches!(self, Self::Http2Te | Self::Http2)
    }

    pub(super) fn protocol(self) -> Protocol {
        if self.is_http2() { Protocol::Http2 } else { Protocol::Http1 }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that no mode has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected http2-te, http2, http1-te or http1")]
pub struct UnknownMode;

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(name: &str) -> Result<Self, UnknownMode> {
        Self::ALL.iter().copied().find(|mode| mode.as_str() == name).ok_or(UnknownMode)
    }
}
