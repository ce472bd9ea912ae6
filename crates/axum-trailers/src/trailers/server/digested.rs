use http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};

/// The content codings (`Content-Encoding`) of the bytes that each digest of a response covers.
/// [`ContentDigestLayer`](crate::layers::ContentDigestLayer) inserts it into the response's extensions.
///
/// A compression layer around the digest layer changes the bytes afterwards, which makes the digest wrong. A server
/// sends none of the [`outdated`](Self::outdated) fields, neither in the header section nor in the trailer section.
#[derive(Clone, Debug, Default)]
pub struct DigestedCodings(Vec<(HeaderName, Vec<HeaderValue>)>);

impl DigestedCodings {
    /// Records in the extensions that field `name` contains the digest of the content as it is encoded now.
    pub(crate) fn record(headers: &HeaderMap, extensions: &mut Extensions, name: &HeaderName) {
        let now = codings(headers).cloned().collect();
        let mut all: Self = extensions.remove().unwrap_or_default();
        all.0.retain(|(other, _)| other != name);
        all.0.push((name.clone(), now));
        extensions.insert(all);
    }

    /// The fields whose digest covers bytes with a different `Content-Encoding` than this header section has.
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
    use super::*;
    use crate::digest::{CONTENT_DIGEST, REPR_DIGEST};

    #[test]
    fn digest_is_outdated_once_the_content_is_encoded_otherwise() {
        let gzip = HeaderValue::from_static("gzip");
        let (mut headers, mut extensions) = (HeaderMap::new(), Extensions::new());
        let outdated = |headers: &HeaderMap, extensions: &Extensions| -> Vec<_> {
            extensions.get::<DigestedCodings>().expect("it is there").outdated(headers).cloned().collect()
        };
        DigestedCodings::record(&headers, &mut extensions, &CONTENT_DIGEST);
        DigestedCodings::record(&headers, &mut extensions, &REPR_DIGEST);
        assert!(outdated(&headers, &extensions).is_empty());
        headers.append(header::CONTENT_ENCODING, gzip.clone());
        assert_eq!(outdated(&headers, &extensions), [CONTENT_DIGEST, REPR_DIGEST]);
        DigestedCodings::record(&headers, &mut extensions, &CONTENT_DIGEST);
        assert_eq!(outdated(&headers, &extensions), [REPR_DIGEST]);
        headers.append(header::CONTENT_ENCODING, gzip);
        assert_eq!(outdated(&headers, &extensions), [REPR_DIGEST, CONTENT_DIGEST]);
        headers.remove(header::CONTENT_ENCODING);
        assert_eq!(outdated(&headers, &extensions), [CONTENT_DIGEST]);
    }
}
