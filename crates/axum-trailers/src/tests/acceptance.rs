use super::prelude::*;
use crate::trailers::{Acceptance, WithheldReason};

const NOT_ASKED: Acceptance = Acceptance::Withheld(WithheldReason::NotAsked);
const OLD: Acceptance = Acceptance::Withheld(WithheldReason::OldProtocol);

#[test]
fn protocol_and_te_decide() {
    let cases: &[(Version, &[&str], Acceptance)] = &[
        (Version::HTTP_2, &[], Acceptance::Accepted),
        (Version::HTTP_3, &[], NOT_ASKED),
        (Version::HTTP_3, &["trailers"], Acceptance::Accepted),
        (Version::HTTP_11, &[], NOT_ASKED),
        (Version::HTTP_11, &["trailers"], Acceptance::Accepted),
        (Version::HTTP_11, &["Trailers"], Acceptance::Accepted),
        (Version::HTTP_11, &["deflate;q=0.5 , trailers"], Acceptance::Accepted),
        (Version::HTTP_11, &["gzip", "trailers"], Acceptance::Accepted),
        (Version::HTTP_11, &["gzip"], NOT_ASKED),
        (Version::HTTP_11, &["trailersx, trailers;q=0"], NOT_ASKED),
        (Version::HTTP_11, &[""], NOT_ASKED),
        (Version::HTTP_10, &["trailers"], OLD),
    ];
    for (version, te, expected) in cases {
        let request = Request::builder().version(*version);
        let request = te.iter().fold(request, |request, value| request.header(header::TE, *value));
        let decided = Acceptance::from_request(&request.body(()).expect("a request"));
        assert_eq!(decided, *expected, "{version:?} {te:?}");
    }
}

#[test]
fn what_the_server_decided_comes_first() {
    let mut request = Request::builder().version(Version::HTTP_2).body(()).expect("a request");
    assert_eq!(Acceptance::from_request(&request), Acceptance::Accepted);
    request.extensions_mut().insert(NOT_ASKED);
    assert_eq!(Acceptance::from_request(&request), NOT_ASKED);
}
