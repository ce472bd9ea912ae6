use super::ContentDigestError;
use crate::{
    digest::{Algorithm, CONTENT_DIGEST, Digest, DigestField, Hashers},
    trailers::Declared,
};
use http::{HeaderMap, Method, Request, Version, header};

/// Whether a request needs a digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Need {
    /// One that is there is checked.
    #[default]
    Optional,
    /// There must be one.
    Required,
}

/// The digests under way for one request, and what its header section said of them.
#[derive(Clone, Debug)]
pub(super) struct Check {
    need: Need,
    expected: Vec<Digest>,
    announced: Declared,
    hashers: Hashers,
}

impl Check {
    /// # Errors
    ///
    /// Where the header section says enough to refuse the request before its content comes.
    pub(super) fn of<B>(request: &Request<B>, need: Need) -> Result<Self, ContentDigestError> {
        let headers = request.headers();
        let announced = Declared::read(headers);
        let expected = read(headers)?;
        // An unannounced trailer may be of any algorithm, too. It costs a second hash where it can come, and where
        // nothing else says which one is needed.
        let by_header = !expected.is_empty() && !announced.contains(&CONTENT_DIGEST);
        let algorithms: Vec<_> = if by_header {
            expected.iter().map(|digest| digest.algorithm).collect()
        } else if may_have_trailers(request) {
            Algorithm::ALL.to_vec()
        } else {
            expected.iter().map(|digest| digest.algorithm).collect()
        };
        let need = if has_content(request) { need } else { Need::Optional };
        Ok(Self { need, expected, announced, hashers: Hashers::new(algorithms) })
    }

    pub(super) fn data(&mut self, chunk: &[u8]) {
        self.hashers.update(chunk);
    }

    /// Holds what came against what was said of it.
    pub(super) fn end(self, trailers: &HeaderMap) -> Result<(), ContentDigestError> {
        if let Some(name) = self.announced.iter().find(|name| !trailers.contains_key(*name)) {
            return Err(ContentDigestError::TrailerNeverCame { name: name.clone() });
        }
        let mut expected = self.expected;
        expected.extend(read(trailers)?);
        if expected.is_empty() && self.need == Need::Required {
            return Err(ContentDigestError::Missing);
        }
        let came = self.hashers.finish();
        for expected in expected {
            // A digest in an unannounced trailer beside one in the header section may be of an algorithm that was not
            // computed. It need not be used (RFC 9530 §2), since the other one was.
            let Some(got) = came.iter().find(|digest| digest.algorithm == expected.algorithm) else {
                continue;
            };
            if *got != expected {
                let (expected, got) = (expected.to_string(), got.to_string());
                return Err(ContentDigestError::Mismatch { expected, got });
            }
        }
        Ok(())
    }
}

/// The known digests of a section. Unknown ones beside them are left out (RFC 9530 §2).
fn read(section: &HeaderMap) -> Result<Vec<Digest>, ContentDigestError> {
    let field = DigestField::read(section, &CONTENT_DIGEST).map_err(|malformed| {
        let values = section.get_all(CONTENT_DIGEST).iter();
        let got: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        ContentDigestError::Malformed { reason: malformed.to_string(), got: got.join(", ") }
    })?;
    match field {
        Some(field) if field.known.is_empty() && !field.unknown.is_empty() => {
            Err(ContentDigestError::UnknownAlgorithm { got: field.unknown })
        }
        field => Ok(field.unwrap_or_default().known),
    }
}

/// Over HTTP/1.1 trailers follow chunks alone (RFC 9112 §7.1.2).
fn may_have_trailers<B>(request: &Request<B>) -> bool {
    request.version() >= Version::HTTP_2 || request.headers().contains_key(header::TRANSFER_ENCODING)
}

/// Whether a request is one that has content, be it of no bytes: by its method, or since it says so.
fn has_content<B>(request: &Request<B>) -> bool {
    let methods = [Method::POST, Method::PUT, Method::PATCH];
    let fields = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
    methods.contains(request.method()) || fields.iter().any(|name| request.headers().contains_key(name))
}
