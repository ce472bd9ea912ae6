use super::*;
use Step::{Data, Trailers};
use axum_trailers::digest::{Algorithm, Digest, Hashers};
use http::Method;

const VERIFIED_HEADER: &str = "verified: sha-256 (header field content-digest)";
const VERIFIED_TRAILER: &str = "verified: sha-256 (trailer field content-digest)";
const UNVERIFIED: &str = "complete, nothing to verify it with";

fn sha_256_of_hello() -> Digest {
    digest_of(Algorithm::Sha256, "hello")
}

pub(super) fn digest_of(algorithm: Algorithm, content: &str) -> Digest {
    let mut hashers = Hashers::new([algorithm]);
    hashers.update(content.as_bytes());
    hashers.finish().remove(0)
}

#[test]
fn each_digest_of_the_response_is_compared() {
    const BOTH: &str = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:, \
        sha-512=:m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==:";
    let differs =
        |by| format!("the digest differs: expected {WRONG_256} ({by} field content-digest), got {SHA_256}");
    let (header_differs, trailer_differs) = (differs("header"), differs("trailer"));
    let repr_differs = header_differs.replace("content-digest", "repr-digest");
    let trailer = |value| vec![HELLO, Trailers(value)];
    let cases: [(Fields, Vec<Step>, &[&str]); 13] = [
        (&[], vec![HELLO], &[UNVERIFIED]),
        (&[("content-digest", SHA_256)], vec![HELLO], &[VERIFIED_HEADER]),
        (&[("content-digest", WRONG_256)], vec![HELLO], &[&header_differs]),
        (
            &[("content-digest", SHA_256)],
            vec![Data("hallo")],
            &["the digest differs: expected sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=: \
            (header field content-digest), got sha-256=:03UdM/nNUEnErytGJzVFfk07rxMLy7h/OJ40n7rrILk=:"],
        ),
        (&[("content-digest", SHA_512)], vec![HELLO], &["verified: sha-512 (header field content-digest)"]),
        (&[("repr-digest", SHA_256)], vec![HELLO], &["verified: sha-256 (header field repr-digest)"]),
        (&[("repr-digest", WRONG_256)], vec![HELLO], &[&repr_differs]),
        (
            &[("content-digest", BOTH)],
            vec![HELLO],
            &[VERIFIED_HEADER, "verified: sha-512 (header field content-digest)"],
        ),
        (&[("trailer", "content-digest")], trailer(&[("content-digest", SHA_256)]), &[VERIFIED_TRAILER]),
        (&[("trailer", "content-digest")], trailer(&[("content-digest", WRONG_256)]), &[&trailer_differs]),
        // A right digest does not outweigh a wrong one, wherever they are.
        (
            &[("content-digest", WRONG_256), ("trailer", "content-digest")],
            trailer(&[("content-digest", SHA_256)]),
            &[&header_differs, VERIFIED_TRAILER],
        ),
        (
            &[("content-digest", SHA_256), ("trailer", "content-digest")],
            trailer(&[("content-digest", WRONG_256)]),
            &[&trailer_differs, VERIFIED_HEADER],
        ),
        (
            &[("content-digest", SHA_256), ("repr-digest", WRONG_256)],
            vec![HELLO],
            &[&repr_differs, VERIFIED_HEADER],
        ),
    ];
    for (fields, steps, expected) in cases {
        assert_eq!(h2(fields).findings(&steps, Verification::new()), expected, "{fields:?} {steps:?}");
    }
}

#[test]
fn digest_in_a_trailer_is_compared_whichever_algorithm_it_has() {
    for announcement in [&[("trailer", "content-digest")][..], &[]] {
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let chunked = [("transfer-encoding", "chunked")];
            let fields: &'static _ = Vec::leak([announcement, &chunked].concat());
            for (value, algorithm) in [(SHA_256, "sha-256"), (SHA_512, "sha-512")] {
                let steps = [HELLO, Trailers(Vec::leak(vec![("content-digest", value)]))];
                let findings = Head(version, 200, fields).findings(&steps, Verification::new());
                assert_eq!(findings, [format!("verified: {algorithm} (trailer field content-digest)")]);
            }
        }
    }
}

#[test]
fn unannounced_trailer_with_another_algorithm_than_the_header_is_a_note() {
    let body = h2(&[("content-digest", SHA_256)])
        .finished(&[HELLO, Trailers(&[("content-digest", SHA_512)])], Verification::new());
    assert_eq!(body.verdict().map(ToString::to_string).as_deref(), Some(VERIFIED_HEADER));
    assert_eq!(
        notes(&body),
        [
            "trailer field content-digest: its sha-512 digest was not compared: nothing announced this algorithm before the \
         content"
        ]
    );
}

#[test]
fn unsupported_algorithms_are_a_note() {
    let fields = &[("content-digest", "md5=:XUFAKrxLKna5cZ2REBfFkg==:, sha=:qvTGHdzF6KLavt4PO0gs2a6pQ00=:")];
    let body = h2(fields).finished(&[HELLO], Verification::new());
    assert_eq!(body.verdict().map(ToString::to_string).as_deref(), Some(UNVERIFIED));
    assert_eq!(notes(&body), ["header field content-digest: unsupported algorithms: md5, sha"]);

    let fields = &[("repr-digest", "md5=:XUFAKrxLKna5cZ2REBfFkg==:"), ("content-digest", SHA_256)];
    let body = h2(fields).finished(&[HELLO], Verification::new());
    assert_eq!(body.verdict().map(ToString::to_string).as_deref(), Some(VERIFIED_HEADER));
    assert_eq!(notes(&body), ["header field repr-digest: unsupported algorithms: md5"]);
}

#[test]
fn malformed_digest_field_is_as_if_it_had_not_come() {
    for (value, reason) in [
        (
            "garbage",
            "expected a dictionary of byte sequences, such as `sha-256=:…base64…:` (RFC 9530 section 2)",
        ),
        ("sha-256=:AAAA:", "a sha-256 digest has 32 bytes, not 3"),
        ("", "it contains no digest"),
    ] {
        let steps = [HELLO, Trailers(Vec::leak(vec![("content-digest", value)]))];
        for (fields, verdict) in [
            (
                &[("trailer", "content-digest")][..],
                "an announced trailer is missing: content-digest (it arrived malformed)",
            ),
            (&[], UNVERIFIED),
        ] {
            let body = h2(fields).finished(&steps, Verification::new());
            assert_eq!(body.verdict().map(ToString::to_string).as_deref(), Some(verdict), "{value}");
            assert_eq!(notes(&body), [format!("trailer field content-digest is malformed: {reason}")]);
        }
        let body = h2(Vec::leak(vec![("content-digest", value)])).finished(&[HELLO], Verification::new());
        assert_eq!(body.verdict().map(ToString::to_string).as_deref(), Some(UNVERIFIED), "{value}");
        assert_eq!(notes(&body), [format!("header field content-digest is malformed: {reason}")]);
    }
}

#[test]
fn users_digest_is_compared_with_the_whole() {
    let expecting = |digest| Verification::new().expect(digest);
    let by_user = "verified: sha-256 (the given digest)";
    assert_eq!(h2(&[]).findings(&[HELLO], expecting(sha_256_of_hello())), [by_user]);
    assert_eq!(
        h2(&[]).findings(&[HELLO], expecting(digest_of(Algorithm::Sha512, "hello"))),
        ["verified: sha-512 (the given digest)"]
    );
    assert_eq!(
        h2(&[("content-digest", SHA_256)]).findings(&[Data("hello")], expecting(sha_256_of_hello())),
        [by_user, VERIFIED_HEADER]
    );
    let differs = "the digest differs: expected \
        sha-256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 (the given digest), got \
        sha-256 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let wrong = || digest_of(Algorithm::Sha256, "");
    assert_eq!(h2(&[]).findings(&[HELLO], expecting(wrong())), [differs]);
    assert_eq!(h2(&[]).findings(&[HELLO], expecting(sha_256_of_hello()).expect(wrong())), [differs, by_user]);
}

#[test]
fn users_digest_that_cant_be_compared_is_a_failure() {
    let lacking = |reason| {
        format!("complete, but a digest is required: the given sha-256 digest can't be compared: {reason}")
    };
    let no_content = lacking("the response has no content");
    let lacking_of = |head: Head, method: &Method| {
        let steps: &[Step] =
            if head.1 == 204 || head.1 == 304 || method == Method::HEAD { &[] } else { &[HELLO] };
        head.findings(steps, Verification::new().method(method).expect(sha_256_of_hello()))
    };
    let status = |status| Head(Version::HTTP_2, status, &[]);
    assert_eq!(lacking_of(h2(&[]), &Method::HEAD), std::slice::from_ref(&no_content));
    for (code, expected) in [
        (204, vec![no_content]),
        (304, vec![lacking("the status of the response is 304 Not Modified")]),
        (301, vec![lacking("the status of the response is 301 Moved Permanently")]),
        (
            404,
            vec!["refused: 404 Not Found".to_owned(), lacking("the status of the response is 404 Not Found")],
        ),
    ] {
        assert_eq!(lacking_of(status(code), &Method::GET), expected, "{code}");
    }
    let fields = &[("content-range", "bytes 5-9/10"), ("content-digest", SHA_256)];
    let part = lacking_of(Head(Version::HTTP_2, 206, fields), &Method::GET);
    assert_eq!(part, [lacking("only a part of the whole arrived"), VERIFIED_HEADER.to_owned()]);
}

#[test]
fn required_digest_must_come_from_somewhere() {
    let required = || Verification::new().require_digest();
    let absent = "complete, but a digest is required: the response contains none";
    let cases: [(Fields, &[Step], &[&str]); 5] = [
        (&[], &[HELLO], &[absent]),
        (&[("content-digest", "md5=:XUFAKrxLKna5cZ2REBfFkg==:")], &[HELLO], &[absent]),
        (&[("content-digest", "garbage")], &[HELLO], &[absent]),
        (&[("content-digest", SHA_256)], &[HELLO], &[VERIFIED_HEADER]),
        (&[], &[HELLO, Trailers(&[("content-digest", SHA_256)])], &[VERIFIED_TRAILER]),
    ];
    for (fields, steps, expected) in cases {
        assert_eq!(h2(fields).findings(steps, required()), expected, "{fields:?} {steps:?}");
    }
    assert_eq!(
        h2(&[]).findings(&[HELLO], required().expect(sha_256_of_hello())),
        ["verified: sha-256 (the given digest)"]
    );
    let part = Head(Version::HTTP_2, 206, &[("content-range", "bytes 5-9/10"), ("repr-digest", SHA_256)]);
    assert_eq!(part.findings(&[HELLO], required()), [absent]);
    assert_eq!(part.findings(&[HELLO], Verification::new()), [UNVERIFIED]);
}

#[test]
fn response_without_content_compares_nothing() {
    let fields = &[("content-digest", SHA_256), ("content-length", "5"), ("trailer", "content-digest")];
    for (status, method) in [(200, Method::HEAD), (204, Method::GET), (304, Method::GET)] {
        let body = Head(Version::HTTP_11, status, fields).finished(&[], Verification::new().method(&method));
        assert_eq!(body.verdict().map(ToString::to_string).as_deref(), Some(UNVERIFIED), "{status} {method}");
        assert!(body.missing().is_empty() && body.digests().is_empty() && body.comparisons().is_empty());
        assert_eq!(
            notes(&body),
            ["header field content-digest: its sha-256 digest was not compared: the response has no content"]
        );
    }
    // The same head with content.
    let findings = Head(Version::HTTP_11, 200, fields).findings(&[], Verification::new());
    assert_eq!(findings, ["cut: 0 of 5 bytes arrived"]);
}

#[test]
fn content_coding_is_a_note() {
    for (value, expected) in [
        (&b"gzip"[..], Some("the content is coded: gzip")),
        (b"gzip, \xc2\x9b31m, identity", Some("the content is coded: gzip, \\u{9b}31m")),
        (b"identity", None),
        (b"", None),
    ] {
        let mut response = Response::new(ScriptedBody::new([HELLO]));
        *response.version_mut() = Version::HTTP_2;
        let value = http::HeaderValue::from_bytes(value).expect("a value");
        response.headers_mut().insert("content-encoding", value);
        let mut body = VerifiedBody::wrap(response).into_body();
        assert!(run(body.finish()).is_success());
        assert_eq!(notes(&body), expected.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn what_arrived_is_reported() {
    let fields = &[("content-digest", WRONG_256), ("trailer", "content-digest, x-rows")];
    let trailers = Trailers(&[("content-digest", SHA_256)]);
    let body = h2(fields).finished(&[Data("hel"), Data("lo"), trailers], Verification::new());
    assert_eq!(body.received(), 5);
    assert_eq!(body.trailers(), Some(&super::fields(&[("content-digest", SHA_256)])));
    assert_eq!(body.announced().iter().collect::<Vec<_>>(), ["content-digest", "x-rows"]);
    assert_eq!(body.missing(), ["x-rows"]);
    assert_eq!(body.digests(), [sha_256_of_hello()]);
    let compared = body.comparisons().iter().map(|comparison| {
        (
            comparison.by.to_string(),
            comparison.expected.to_string(),
            comparison.got.to_string(),
            comparison.matches(),
        )
    });
    assert_eq!(
        compared.collect::<Vec<_>>(),
        [
            ("header field content-digest".into(), WRONG_256.into(), SHA_256.into(), false),
            ("trailer field content-digest".into(), SHA_256.into(), SHA_256.into(), true),
        ]
    );
}

#[test]
fn only_needed_algorithms_are_computed() {
    const SHA_256_ONLY: &[&str] = &["sha-256"];
    const ALL: &[&str] = &["sha-256", "sha-512"];
    const BOTH_ANNOUNCED: (&str, &str) = ("trailer", "content-digest, repr-digest");
    let part = |fields| Head(Version::HTTP_2, 206, fields);
    let cases: [(&str, Head, &[&str]); 12] = [
        ("no trailer can follow", Head(Version::HTTP_11, 200, &[("content-length", "5")]), SHA_256_ONLY),
        ("any trailer can follow", h2(&[("content-length", "5")]), ALL),
        (
            "any trailer can follow chunks",
            Head(Version::HTTP_11, 200, &[("transfer-encoding", "chunked")]),
            ALL,
        ),
        ("a digest is announced", h2(&[("trailer", "repr-digest")]), ALL),
        ("the header has one", h2(&[("content-digest", SHA_256)]), SHA_256_ONLY),
        ("the header has another", h2(&[("repr-digest", SHA_512)]), &["sha-512"]),
        (
            "the header has one and announces one",
            h2(&[("repr-digest", SHA_256), BOTH_ANNOUNCED]),
            SHA_256_ONLY,
        ),
        ("the header has another and announces one", h2(&[("repr-digest", SHA_512), BOTH_ANNOUNCED]), ALL),
        (
            "another trailer is announced",
            h2(&[("content-digest", SHA_256), ("trailer", "x-a")]),
            SHA_256_ONLY,
        ),
        ("a part with the digest of the whole", part(&[("repr-digest", SHA_256), BOTH_ANNOUNCED]), ALL),
        ("a part with its digest", part(&[("content-digest", SHA_256), BOTH_ANNOUNCED]), SHA_256_ONLY),
        ("a part without trailers", part(&[("content-digest", SHA_256)]), SHA_256_ONLY),
    ];
    for (case, head, expected) in cases {
        let body = head.finished(&[HELLO], Verification::new());
        let computed: Vec<_> = body.digests().iter().map(|digest| digest.algorithm().key()).collect();
        assert_eq!(computed, expected, "{case}");
    }
}
