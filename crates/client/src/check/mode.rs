use crate::connector::Protocol;
use http::Version;
use std::{fmt, str::FromStr};

/// The protocol of a probe, and whether it asks for trailers with `TE: trailers`
/// ([RFC 9110 §10.1.4](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.4)).
///
/// For `http://` URLs, HTTP/2 is used with prior knowledge
/// ([RFC 9113 §3.3](https://www.rfc-editor.org/rfc/rfc9113#section-3.3)). HTTP/3 needs an `https://` URL and the feature
/// `http3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// HTTP/3 with `TE: trailers`.
    #[cfg(feature = "http3")]
    Http3Te,
    /// HTTP/3.
    #[cfg(feature = "http3")]
    Http3,
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
    /// The modes over HTTP/3.
    #[cfg(feature = "http3")]
    pub const HTTP3: &'static [Self] = &[Self::Http3Te, Self::Http3];

    /// The modes over TCP.
    pub const TCP: &'static [Self] = &[Self::Http2Te, Self::Http2, Self::Http1Te, Self::Http1];

    /// Its name, such as `http2-te`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            #[cfg(feature = "http3")]
            Self::Http3Te => "http3-te",
            #[cfg(feature = "http3")]
            Self::Http3 => "http3",
            Self::Http2Te => "http2-te",
            Self::Http2 => "http2",
            Self::Http1Te => "http1-te",
            Self::Http1 => "http1",
        }
    }

    /// Whether the requests contain `TE: trailers`.
    #[must_use]
    pub fn sends_te(self) -> bool {
        match self {
            #[cfg(feature = "http3")]
            Self::Http3Te => true,
            #[cfg(feature = "http3")]
            Self::Http3 => false,
            Self::Http2Te | Self::Http1Te => true,
            Self::Http2 | Self::Http1 => false,
        }
    }

    /// Whether it is HTTP/2.
    #[must_use]
    pub fn is_http2(self) -> bool {
        matches!(self, Self::Http2Te | Self::Http2)
    }

    /// Whether it is HTTP/3. Without the feature `http3`, none is.
    #[must_use]
    pub fn is_http3(self) -> bool {
        self.version() == Version::HTTP_3
    }

    pub(super) fn version(self) -> Version {
        match self {
            #[cfg(feature = "http3")]
            Self::Http3Te | Self::Http3 => Version::HTTP_3,
            Self::Http2Te | Self::Http2 => Version::HTTP_2,
            Self::Http1Te | Self::Http1 => Version::HTTP_11,
        }
    }

    pub(super) fn protocol(self) -> Protocol {
        match self {
            #[cfg(feature = "http3")]
            Self::Http3Te | Self::Http3 => Protocol::Http3,
            Self::Http2Te | Self::Http2 => Protocol::Http2,
            Self::Http1Te | Self::Http1 => Protocol::Http1,
        }
    }

    /// Whether a client of this mode need not get trailers: of HTTP/1.1
    /// ([RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1)), and of HTTP/3, where browsers fail with them.
    pub(super) fn may_lack_trailers(self) -> bool {
        self.version() != Version::HTTP_2 && !self.sends_te()
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that no mode has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "http3", error("expected http3-te, http3, http2-te, http2, http1-te or http1"))]
#[cfg_attr(not(feature = "http3"), error("expected http2-te, http2, http1-te or http1"))]
pub struct UnknownMode;

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(name: &str) -> Result<Self, UnknownMode> {
        let mut all = Self::TCP.iter().copied();
        #[cfg(feature = "http3")]
        let mut all = all.by_ref().chain(Self::HTTP3.iter().copied());
        all.find(|mode| mode.as_str() == name).ok_or(UnknownMode)
    }
}
