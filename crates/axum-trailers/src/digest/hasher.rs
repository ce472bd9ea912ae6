use super::{Algorithm, MalformedDigest};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderValue;
use sha2::{Digest as _, Sha256, Sha512};
use std::fmt;

/// The digest of some content. `Display` writes it as a member of a digest field: `sha-256=:…base64…:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

impl Digest {
    /// Wraps a digest that was computed elsewhere. Use [`Hashers`] to compute one.
    ///
    /// # Errors
    ///
    /// [`MalformedDigest::Length`] if its length is not the [length](Algorithm::length) of the algorithm's digests.
    pub fn new(algorithm: Algorithm, bytes: Vec<u8>) -> Result<Self, MalformedDigest> {
        if bytes.len() == algorithm.length() {
            Ok(Self { algorithm, bytes })
        } else {
            Err(MalformedDigest::Length { algorithm, length: bytes.len() })
        }
    }

    /// Its algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The bytes of the digest: 32 for SHA-256, 64 for SHA-512.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The value of a digest field with only this digest: a dictionary with one byte sequence
    /// ([RFC 9530 §2](https://www.rfc-editor.org/rfc/rfc9530#section-2),
    /// [RFC 9651 §3.3.5](https://www.rfc-editor.org/rfc/rfc9651#section-3.3.5)).
    #[must_use]
    pub fn to_field_value(&self) -> HeaderValue {
        HeaderValue::try_from(self.to_string()).expect("base64 and colons make a field value")
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=:{}:", self.algorithm, BASE64_STANDARD.encode(&self.bytes))
    }
}

/// Computes digests of content that arrives in pieces, one for each algorithm. The digests do not depend on how the
/// content is divided.
#[derive(Clone, Debug, Default)]
pub struct Hashers(Vec<Hasher>);

#[derive(Clone, Debug)]
enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hashers {
    /// Starts a digest for each of these algorithms. Duplicates are ignored.
    #[must_use]
    pub fn new(algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        let mut algorithms: Vec<_> = algorithms.into_iter().collect();
        algorithms.sort_by_key(|algorithm| algorithm.key());
        algorithms.dedup();
        Self(algorithms.into_iter().map(Hasher::new).collect())
    }

    /// Adds the next piece of the content.
    pub fn update(&mut self, data: &[u8]) {
        self.0.iter_mut().for_each(|hasher| hasher.update(data));
    }

    /// Returns the digests of all content added, in the order of the algorithms' keys.
    #[must_use]
    pub fn finish(self) -> Vec<Digest> {
        self.0.into_iter().map(Hasher::finish).collect()
    }
}

impl Hasher {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    fn update(&mut self, data: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(data),
            Self::Sha512(hash) => hash.update(data),
        }
    }

    fn finish(self) -> Digest {
        match self {
            Self::Sha256(hash) => Digest { algorithm: Algorithm::Sha256, bytes: hash.finalize().to_vec() },
            Self::Sha512(hash) => Digest { algorithm: Algorithm::Sha512, bytes: hash.finalize().to_vec() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Algorithm::{Sha256, Sha512};

    fn digest(algorithm: Algorithm, content: &[u8]) -> String {
        let mut hashers = Hashers::new([algorithm]);
        hashers.update(content);
        hashers.finish()[0].to_string()
    }

    /// All SHA-256 and SHA-512 digests of RFC 9530, appendices B to D.
    #[test]
    fn vectors_of_rfc_9530() {
        const HELLO: &[u8] = b"{\"hello\": \"world\"}\n";
        // The RFC's dump begins with 8B 08, but its digests match the output of brotli's encoder.
        const BROTLI: &[u8] = b"\x0b\x09\x80{\"hello\": \"world\"}\n\x03";
        let cases: [(&str, Algorithm, &[u8], &str); 13] = [
            ("B.1 full", Sha256, HELLO, "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="),
            ("B.2 none", Sha256, b"", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            ("B.3 range", Sha256, &HELLO[10..], "jjcgBDWNAtbYUXI37CVG3gRuGOAjaaDRGpIUFsdyepQ="),
            ("B.4 brotli", Sha256, BROTLI, "d435Qo+nKZ+gLcUHn7GQtQ72hiBVAgqoLsZnZPiTGPk="),
            (
                "B.6 brotli",
                Sha512,
                BROTLI,
                "db7fdBbgZMgX1Wb2MjA8zZj+rSNgfmDCEEXM8qLWfpfoNY0sCpHAzZbj09X1/7HAb7Od5Qfto4QpuBsFbUO3dQ==",
            ),
            (
                "B.7 request",
                Sha256,
                b"{\"title\": \"New Title\"}\n",
                "mEkdbO7Srd9LIOegftO0aBX+VPTVz7/CSHes2Z27gc4=",
            ),
            (
                "B.7 response",
                Sha256,
                b"{\n  \"id\": \"123\",\n  \"title\": \"New Title\"\n}\n",
                "uVSlinTTdQUwm2On4k8TJUikGN1bf/Ds8WPX4oe0h9I=",
            ),
            (
                "B.8 status",
                Sha256,
                b"{\n  \"status\": \"created\",\n  \"id\": \"123\",\n  \"ts\": 1569327729,\n  \"instance\": \"/books/123\"\n}\n",
                "yXIGDTN5VrfoyisKlXgRKUHHMs35SNtyC3szSz1dbO8=",
            ),
            (
                "B.10 error",
                Sha256,
                b"{\n  \"title\": \"Not Found\",\n  \"detail\": \"Cannot PATCH a non-existent resource\",\n  \"status\": 404\n}\n",
                "EXB0S2VF2H7ijkAVJkH1Sm0pBho0iDZcvVUHHXTTZSA=",
            ),
            ("B.11 trailer", Sha256, HELLO, "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="),
            (
                "C.2 chosen by the server",
                Sha512,
                HELLO,
                "YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==",
            ),
            (
                "D sha-512",
                Sha512,
                b"{\"hello\": \"world\"}",
                "WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==",
            ),
            ("D sha-256", Sha256, b"{\"hello\": \"world\"}", "X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="),
        ];
        for (case, algorithm, content, base64) in cases {
            assert_eq!(digest(algorithm, content), format!("{algorithm}=:{base64}:"), "{case}");
        }
    }

    #[test]
    fn duplicate_algorithms_hash_once() {
        let mut hashers = Hashers::new([Sha512, Sha256, Sha512]);
        hashers.update(b"a");
        let algorithms: Vec<_> = hashers.finish().iter().map(|digest| digest.algorithm).collect();
        assert_eq!(algorithms, [Sha256, Sha512]);
    }
}
