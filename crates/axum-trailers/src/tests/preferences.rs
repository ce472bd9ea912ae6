use super::prelude::*;
use crate::digest::{
    Algorithm::{Sha256, Sha512},
    Preferences, WANT_CONTENT_DIGEST,
};

fn read(want: &str) -> Option<Preferences> {
    let mut headers = HeaderMap::new();
    headers.insert("want-content-digest", HeaderValue::from_str(want).expect("a field value"));
    Preferences::read(&headers, &WANT_CONTENT_DIGEST)
}

#[test]
fn known_weights_decide_and_other_members_are_ignored() {
    let cases = [
        ("sha-256=1, sha-512=10", Sha256, Some(Sha512)),
        ("sha-256=10, sha-512=9", Sha512, Some(Sha256)),
        ("sha-256=5, sha-512=5", Sha256, Some(Sha256)),
        ("sha-512=5, sha-256=5", Sha512, Some(Sha512)),
        ("sha-512=1;q=2", Sha256, Some(Sha512)),
        // RFC 9530, appendices C.1 and C.2.
        ("sha-256=3, sha=10", Sha512, Some(Sha256)),
        ("sha=10", Sha512, Some(Sha512)),
        ("sha-256=0", Sha256, None),
        ("sha-256=0", Sha512, Some(Sha512)),
        ("sha-256=0, sha-512=1", Sha256, Some(Sha512)),
        ("sha-512=11, sha-256=1", Sha512, Some(Sha256)),
        ("sha-512=-1", Sha256, Some(Sha256)),
        ("sha-512=0.5", Sha256, Some(Sha256)),
        ("sha-512", Sha256, Some(Sha256)),
        ("sha-512=(1)", Sha256, Some(Sha256)),
        ("", Sha256, Some(Sha256)),
    ];
    for (want, default, expected) in cases {
        let chosen = read(want).expect("well-formed").choose(default);
        assert_eq!(chosen, expected, "{want:?} with {default} as the default");
    }
    for malformed in ["sha-512=10,", "sha-512=10;", "SHA-512=10", "sha-512;q=1.0000"] {
        assert_eq!(read(malformed), None, "{malformed}");
    }
    assert_eq!(Preferences::read(&HeaderMap::new(), &WANT_CONTENT_DIGEST), None);
}
