use crate::compat::ProtocolVersion;
use http::Version;

/// Makes a server send the trailers or the length of a response against its rules, to test clients and proxies. A handler
/// inserts it into the response's extensions.
///
/// Ask [`check`](Self::check) first: what is not possible is ignored.
///
/// ```
/// use axum::{Extension, response::IntoResponse};
/// use axum_trailers::trailers::server::{FramingOverride, LengthOverride};
///
/// /// The connection ends after 5 of 9 bytes.
/// async fn short() -> impl IntoResponse {
///     let short = FramingOverride::new().with_length(LengthOverride::Short);
///     (Extension(short), [("content-length", "9")], "hello")
/// }
/// # let _ = short;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FramingOverride {
    trailers: Option<TrailerOverride>,
    length: Option<LengthOverride>,
}

/// How a server treats the trailers of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrailerOverride {
    /// They are sent although the request lacks `TE: trailers`.
    WithoutTe,
    /// `Trailer` is sent, and no trailer section follows. That is not a failure. If the trailers report one, the transfer is cut.
    AnnouncedOnly,
    /// They are sent, but not announced in `Trailer`.
    Unannounced,
}

/// How a server treats the `Content-Length` of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LengthOverride {
    /// It is sent, although trailers follow. Over HTTP/1.1 none can follow, so they are left out, and a failure after the last
    /// byte of the content is lost.
    Exact,
    /// The same, and the content may be shorter. Over HTTP/2 and HTTP/3 the stream then ends, over HTTP/1.1 the connection is closed.
    Short,
}

/// Why the trailers or the length of a response can't be sent in the requested way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OverrideImpossible {
    /// Trailers over HTTP/1.0.
    #[error("HTTP/1.0 has no trailers")]
    OldProtocol,
    /// `Content-Length` and trailers over HTTP/1.1.
    #[error("over HTTP/1.1 no trailers can follow content with a Content-Length")]
    LengthAndTrailers,
}

impl FramingOverride {
    /// Changes nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { trailers: None, length: None }
    }

    /// Treats the trailers in this way.
    #[must_use]
    pub const fn with_trailers(self, trailers: TrailerOverride) -> Self {
        Self { trailers: Some(trailers), ..self }
    }

    /// Treats `Content-Length` in this way.
    #[must_use]
    pub const fn with_length(self, length: LengthOverride) -> Self {
        Self { length: Some(length), ..self }
    }

    /// How the trailers are treated, if that differs from the rules.
    #[must_use]
    pub const fn trailers(self) -> Option<TrailerOverride> {
        self.trailers
    }

    /// How `Content-Length` is treated, if that differs from the rules.
    #[must_use]
    pub const fn length(self) -> Option<LengthOverride> {
        self.length
    }

    /// Checks whether the protocol version of the request allows it.
    ///
    /// # Errors
    ///
    /// [`OverrideImpossible`] says why not.
    pub fn check(self, version: impl ProtocolVersion) -> Result<(), OverrideImpossible> {
        let version = version.into_version();
        let follow = matches!(self.trailers, Some(TrailerOverride::WithoutTe | TrailerOverride::Unannounced));
        match version {
            Version::HTTP_09 | Version::HTTP_10 if self.trailers.is_some() => {
                Err(OverrideImpossible::OldProtocol)
            }
            Version::HTTP_11 if self.length.is_some() && follow => Err(OverrideImpossible::LengthAndTrailers),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_decides_what_is_possible() {
        let none = FramingOverride::new();
        let short = none.with_length(LengthOverride::Short);
        for (asked, in_10, in_11, in_2) in [
            (none, true, true, true),
            (short, true, true, true),
            (none.with_trailers(TrailerOverride::WithoutTe), false, true, true),
            (none.with_trailers(TrailerOverride::AnnouncedOnly), false, true, true),
            (short.with_trailers(TrailerOverride::AnnouncedOnly), false, true, true),
            (short.with_trailers(TrailerOverride::Unannounced), false, false, true),
        ] {
            let versions = [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2];
            assert_eq!(
                versions.map(|version| asked.check(version).is_ok()),
                [in_10, in_11, in_2],
                "{asked:?}"
            );
        }
    }
}
