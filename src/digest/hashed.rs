use http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};

/// Left in the extensions of a response: its digests, each with the content codings of the bytes that it is of.
///
/// A layer further out may encode them: compression inside out. Then the digest is of other bytes than those that arrive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hashed(Vec<(HeaderName, Vec<HeaderValue>)>);

impl Hashed {
    /// Notes that the content of a response is hashed for this field as it is now.
    pub(crate) fn note(headers: &HeaderMap, extensions: &mut Extensions, name: &HeaderName) {
        let now = codings(headers).cloned().collect();
        let mut hashed: Self = extensions.remove().unwrap_or_default();
        hashed.0.retain(|(other, _)| other != name);
        hashed.0.push((name.clone(), now));
        extensions.insert(hashed);
    }

    /// The digests that are of other bytes than the content that has this header section.
    pub(crate) fn outdated(&self, headers: &HeaderMap) -> impl Iterator<Item = &HeaderName> {
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
