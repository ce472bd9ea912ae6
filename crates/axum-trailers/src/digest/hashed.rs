use http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};

/// The digests of a response, each with the `Content-Encoding` of the bytes that it is of. It is in the response's extensions.
///
/// A compression layer around the digest layer changes the bytes afterwards, and the digest is then wrong. A server that looks
/// here can leave such a digest out.
#[derive(Clone, Debug, Default)]
pub struct Hashed(Vec<(HeaderName, Vec<HeaderValue>)>);

impl Hashed {
    /// Notes in the extensions that the field `name` has the digest of the content as it is encoded now.
    pub fn note(headers: &HeaderMap, extensions: &mut Extensions, name: &HeaderName) {
        let now = codings(headers).cloned().collect();
        let mut hashed: Self = extensions.remove().unwrap_or_default();
        hashed.0.retain(|(other, _)| other != name);
        hashed.0.push((name.clone(), now));
        extensions.insert(hashed);
    }

    /// The fields whose digest is of bytes with another `Content-Encoding` than this header section has.
    pub fn outdated(&self, headers: &HeaderMap) -> impl Iterator<Item = &HeaderName> {
        let is_outdated = |then: &Vec<_>| !then.iter().eq(codings(headers));
        self.0.iter().filter(move |(_, then)| is_outdated(then)).map(|(name, _)| name)
    }
}

fn codings(headers: &HeaderMap) -> impl Iterator<Item = &HeaderValue> {
    headers.get_all(header::CONTENT_ENCODING).iter()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{CONTENT_DIGEST, REPR_DIGEST},
        *,
    };

    #[test]
    fn digest_is_outdated_once_the_content_is_encoded_otherwise() {
        let gzip = HeaderValue::from_static("gzip");
        let (mut headers, mut extensions) = (HeaderMap::new(), Extensions::new());
        let outdated = |headers: &HeaderMap, extensions: &Extensions| -> Vec<_> {
            extensions.get::<Hashed>().expect("it is there").outdated(headers).cloned().collect()
        };
        Hashed::note(&headers, &mut extensions, &CONTENT_DIGEST);
        Hashed::note(&headers, &mut extensions, &REPR_DIGEST);
        assert!(outdated(&headers, &extensions).is_empty());
        headers.append(header::CONTENT_ENCODING, gzip.clone());
        assert_eq!(outdated(&headers, &extensions), [CONTENT_DIGEST, REPR_DIGEST]);
        Hashed::note(&headers, &mut extensions, &CONTENT_DIGEST);
        assert_eq!(outdated(&headers, &extensions), [REPR_DIGEST]);
        headers.append(header::CONTENT_ENCODING, gzip);
        assert_eq!(outdated(&headers, &extensions), [REPR_DIGEST, CONTENT_DIGEST]);
        headers.remove(header::CONTENT_ENCODING);
        assert_eq!(outdated(&headers, &extensions), [CONTENT_DIGEST]);
    }
}
