use http::{HeaderMap, HeaderName, HeaderValue, Response, header};

/// Left in the extensions of a response: its digests, each with the content codings of the bytes that it is of.
///
/// A layer further out may encode them: compression inside out. Then the digest is of other bytes than those that arrive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hashed(Vec<(HeaderName, Vec<HeaderValue>)>);

impl Hashed {
    /// Notes that the content of a response is hashed for this field as it is now.
    pub(crate) fn note<B>(response: &mut Response<B>, name: &HeaderName) {
        let now = codings(response.headers()).cloned().collect();
        let mut hashed: Self = response.extensions_mut().remove().unwrap_or_default();
        hashed.0.retain(|(other, _)| other != name);
        hashed.0.push((name.clone(), now));
        response.extensions_mut().insert(hashed);
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

    fn outdated(response: &Response<()>) -> Vec<&HeaderName> {
        response.extensions().get::<Hashed>().expect("it is there").outdated(response.headers()).collect()
    }

    #[test]
    fn digest_is_outdated_once_the_content_is_encoded_otherwise() {
        let gzip = HeaderValue::from_static("gzip");
        let mut response = Response::new(());
        Hashed::note(&mut response, &CONTENT_DIGEST);
        Hashed::note(&mut response, &REPR_DIGEST);
        assert!(outdated(&response).is_empty());
        response.headers_mut().append(header::CONTENT_ENCODING, gzip.clone());
        assert_eq!(outdated(&response), [CONTENT_DIGEST, REPR_DIGEST]);
        Hashed::note(&mut response, &CONTENT_DIGEST);
        assert_eq!(outdated(&response), [REPR_DIGEST]);
        response.headers_mut().append(header::CONTENT_ENCODING, gzip);
        assert_eq!(outdated(&response), [REPR_DIGEST, CONTENT_DIGEST]);
        response.headers_mut().remove(header::CONTENT_ENCODING);
        assert_eq!(outdated(&response), [CONTENT_DIGEST]);
    }
}
