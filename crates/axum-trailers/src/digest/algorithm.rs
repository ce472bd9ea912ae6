use std::fmt;

/// A hashing algorithm for digests, one of those that the registry of
/// [RFC 9530 §5](https://www.rfc-editor.org/rfc/rfc9530#section-5) lists as active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// SHA-256: `sha-256`, 32 bytes.
    #[default]
    Sha256,
    /// SHA-512: `sha-512`, 64 bytes.
    Sha512,
}

impl Algorithm {
    /// All algorithms, in the order of their keys.
    pub const ALL: &'static [Self] = &[Self::Sha256, Self::Sha512];

    /// Its key in the registry and in digest fields.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha512 => "sha-512",
        }
    }

    /// The algorithm with this key. Keys are case-sensitive
    /// ([RFC 9651 §3.2](https://www.rfc-editor.org/rfc/rfc9651#section-3.2)).
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.key() == key)
    }

    /// The length of a digest in bytes.
    #[must_use]
    pub fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}
