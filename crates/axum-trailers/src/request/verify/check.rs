use super::ContentDigestError;
use crate::{
    compat::{Fields, Request},
    digest::{Algorithm, CONTENT_DIGEST, Digest, DigestField, Hashers},
    trailers::Declared,
};
use http::{HeaderMap, Method, Version, header};

/// Whether a request needs a digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Need {
    /// A digest is checked if there is one.
    #[default]
    Optional,
    /// A digest is required.
    Required,
}

/// The digests in progress for one request, and what its header section contains about them.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    need: Need,
    has_content: bool,
    header: DigestField,
    announced: Declared,
    hashers: Hashers,
}

impl Check {
    /// # Errors
    ///
    /// If the header section is enough to refuse the request before its content arrives.
    pub(crate) fn from_request(request: &impl Request, need: Need) -> Result<Self, ContentDigestError> {
        let announced = Declared::read(request.fields()).into_owned();
        let header = read(request.fields())?;
        let (has_content, may_have_trailers) = (has_content(request), may_have_trailers(request));
        if !may_have_trailers && announced.is_empty() {
            enough(&header, need, has_content)?;
        }
        // An unannounced trailer may use any algorithm. That costs a second hash if a trailer is possible and no header
        // field names the algorithm.
        let by_header = !header.known.is_empty() && !announced.contains(&CONTENT_DIGEST);
        let algorithms: Vec<_> = if by_header || !may_have_trailers {
            header.known.iter().map(Digest::algorithm).collect()
        } else {
            Algorithm::ALL.to_vec()
        };
        Ok(Self { need, has_content, header, announced, hashers: Hashers::new(algorithms) })
    }

    pub(crate) fn data(&mut self, chunk: &[u8]) {
        self.has_content |= !chunk.is_empty();
        self.hashers.update(chunk);
    }

    /// Compares the digests of the content with those in the header section and the trailers.
    pub(crate) fn end(self, trailers: &HeaderMap) -> Result<(), ContentDigestError> {
        if let Some(name) = self.announced.missing_in(trailers) {
            return Err(ContentDigestError::TrailerNeverCame { name });
        }
        let (mut said, trailer) = (self.header, read(trailers)?);
        said.known.extend(trailer.known);
        said.unknown.extend(trailer.unknown);
        enough(&said, self.need, self.has_content)?;
        let came = self.hashers.finish();
        for expected in said.known {
            match came.iter().find(|digest| digest.algorithm() == expected.algorithm()) {
                Some(got) if *got == expected => {}
                Some(got) => {
                    let (expected, got) = (expected.to_string(), got.to_string());
                    return Err(ContentDigestError::Mismatch { expected, got });
                }
                None => {
                    let reason = "an unannounced trailer field uses another algorithm than the header field";
                    return Err(ContentDigestError::Malformed {
                        reason: reason.to_owned(),
                        got: expected.to_string(),
                    });
                }
            }
        }
        Ok(())
    }
}

/// Whether the field is enough to check the content. Unknown digests next to a known one are ignored (RFC 9530 §2).
fn enough(said: &DigestField, need: Need, has_content: bool) -> Result<(), ContentDigestError> {
    if !said.known.is_empty() {
        Ok(())
    } else if !said.unknown.is_empty() {
        Err(ContentDigestError::UnknownAlgorithm { got: said.unknown.clone() })
    } else if need == Need::Required && has_content {
        Err(ContentDigestError::Missing)
    } else {
        Ok(())
    }
}

/// The digests of a section.
fn read(section: &impl Fields) -> Result<DigestField, ContentDigestError> {
    let field = DigestField::read(section, &CONTENT_DIGEST).map_err(|malformed| {
        let got: Vec<_> = section.values(&CONTENT_DIGEST).map(String::from_utf8_lossy).collect();
        ContentDigestError::Malformed { reason: malformed.to_string(), got: got.join(", ") }
    })?;
    Ok(field.unwrap_or_default())
}

/// Over HTTP/1.1 trailers need the chunked coding (RFC 9112 §7.1.2).
fn may_have_trailers(request: &impl Request) -> bool {
    request.version() >= Version::HTTP_2 || request.fields().has(header::TRANSFER_ENCODING.as_str())
}

/// Whether the head of a request implies content, even an empty one: by its method or by a field.
fn has_content(request: &impl Request) -> bool {
    let methods = [Method::POST, Method::PUT, Method::PATCH];
    let fields = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
    methods.contains(&request.method()) || fields.iter().any(|name| request.fields().has(name.as_str()))
}
