use super::prelude::*;
use crate::{
    digest::{CONTENT_DIGEST, REPR_DIGEST},
    trailers::server::DigestedCodings,
};

#[test]
fn digest_is_outdated_once_the_content_is_encoded_otherwise() {
    let gzip = HeaderValue::from_static("gzip");
    let mut response = HttpResponse::new(());
    let outdated = |response: &HttpResponse<()>| -> Vec<_> {
        let digested = response.extensions().get::<DigestedCodings>().expect("it is there");
        digested.outdated(response.headers()).cloned().collect()
    };
    DigestedCodings::record(&mut response, &CONTENT_DIGEST);
    DigestedCodings::record(&mut response, &REPR_DIGEST);
    assert!(outdated(&response).is_empty());
    response.headers_mut().append(header::CONTENT_ENCODING, gzip.clone());
    assert_eq!(outdated(&response), [CONTENT_DIGEST, REPR_DIGEST]);
    DigestedCodings::record(&mut response, &CONTENT_DIGEST);
    assert_eq!(outdated(&response), [REPR_DIGEST]);
    response.headers_mut().append(header::CONTENT_ENCODING, gzip);
    assert_eq!(outdated(&response), [REPR_DIGEST, CONTENT_DIGEST]);
    response.headers_mut().remove(header::CONTENT_ENCODING);
    assert_eq!(outdated(&response), [CONTENT_DIGEST]);
}

/// A server removes the whitespace from the head before it compares.
#[test]
fn whitespace_around_a_coding_does_not_matter() {
    let mut response = HttpResponse::new(());
    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(" gzip\t"));
    DigestedCodings::record(&mut response, &CONTENT_DIGEST);
    let digested: DigestedCodings = response.extensions().get().cloned().expect("it is there");
    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    assert_eq!(digested.outdated(response.headers()).count(), 0);
}
