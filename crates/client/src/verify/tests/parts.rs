use super::*;
use crate::Prefix;
use Step::{Data, Trailers};
use axum_trailers::digest::{Algorithm, Hashers};

const UNVERIFIED: &str = "complete, nothing to verify it with";
const WORLD: Step = Data(" world");
/// Of `hello world`.
const WHOLE: &str = "sha-256=:uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=:";
/// Of ` world`.
const REST: &str = "sha-256=:BF8T3YZLr6rQ3Zd6yXHeVJsJDLKDbwYdB3mybdm7j0s=:";

const fn part(fields: Fields) -> Head {
    Head(Version::HTTP_2, 206, fields)
}

fn after_hello() -> Verification {
    let mut hashers = Hashers::new(Algorithm::ALL.iter().copied());
    hashers.update(b"hello");
    Verification::new().after(Prefix::new(hashers, 5))
}

fn whole_is_verified(place: &str) -> String {
    format!("verified: sha-256 ({place} field repr-digest)")
}

#[test]
fn rest_is_verified_by_the_digest_of_the_whole() {
    let by_rest = "verified: sha-256 (header field content-digest)";
    let head = part(&[("content-range", "bytes 5-10/11"), ("repr-digest", WHOLE), ("content-digest", REST)]);
    assert_eq!(head.findings(&[WORLD], after_hello()), [by_rest, &whole_is_verified("header")]);

    let head = part(&[("content-range", "bytes 5-10/11"), ("trailer", "repr-digest")]);
    let trailer = |value| Trailers(Vec::leak(vec![("repr-digest", value)]));
    assert_eq!(head.findings(&[WORLD, trailer(WHOLE)], after_hello()), [whole_is_verified("trailer")]);
    assert_eq!(
        head.findings(&[WORLD, trailer(REST)], after_hello()),
        [format!("the digest differs: expected {REST} (trailer field repr-digest), got {WHOLE}")]
    );
    let body = head.finished(&[WORLD, trailer(WHOLE)], after_hello());
    assert_eq!(body.digests()[0].to_string(), WHOLE);
}

#[test]
fn rest_is_verified_by_the_users_digest() {
    let head = part(&[("content-range", "bytes 5-10/11")]);
    let digest = |content| super::digests::digest_of(Algorithm::Sha512, content);
    let verified = ["verified: sha-512 (the given digest)"];
    assert_eq!(head.findings(&[WORLD], after_hello().expect(digest("hello world"))), verified);
    let findings = head.findings(&[WORLD], after_hello().expect(digest(" world")));
    assert!(findings[0].starts_with("the digest differs: expected sha-512 1536769a"), "{findings:?}");
}

#[test]
fn digest_of_the_whole_is_not_compared_with_a_part() {
    let note =
        "header field repr-digest: its sha-256 digest was not compared: only a part of the whole arrived";
    for (range, prefixed) in [
        (&[("content-range", "bytes 5-10/11")][..], false),
        (&[("content-range", "bytes 4-9/10")], true),
        (&[("content-range", "bytes 5-10/12")], true),
        (&[("content-range", "bytes 5-10/*")], true),
        (&[("content-range", "bytes 0-5/11")], true),
        (&[("content-range", "pages 5-10/11")], true),
        (&[], true),
        (&[("content-type", "multipart/byteranges; boundary=a")], true),
    ] {
        let head = part(Vec::leak([range, &[("repr-digest", WHOLE)]].concat()));
        let body = head.finished(&[WORLD], if prefixed { after_hello() } else { Verification::new() });
        assert_eq!(body.verdict().map(ToString::to_string).as_deref(), Some(UNVERIFIED), "{range:?}");
        assert_eq!(notes(&body), [note], "{range:?}");
        assert_eq!(body.digests()[0].to_string(), REST, "{range:?}");

        let head = part(Vec::leak([range, &[("content-digest", REST)]].concat()));
        let findings = head.findings(&[WORLD], after_hello());
        assert_eq!(findings, ["verified: sha-256 (header field content-digest)"], "{range:?}");
    }
}

#[test]
fn full_range_is_the_whole_and_so_is_a_200() {
    let range: Fields = &[("content-range", "bytes 0-10/11"), ("repr-digest", WHOLE)];
    for head in [part(range), Head(Version::HTTP_2, 200, &[("repr-digest", WHOLE)])] {
        for verification in [Verification::new(), after_hello()] {
            let body = head.finished(&[Data("hello"), WORLD], verification);
            let findings: Vec<_> = body.findings().iter().map(ToString::to_string).collect();
            assert_eq!(findings, [whole_is_verified("header")], "{head:?}");
            assert_eq!(body.digests()[0].to_string(), WHOLE);
        }
    }
    let other = Head(Version::HTTP_2, 200, &[("repr-digest", REST)]);
    let differs = format!("the digest differs: expected {REST} (header field repr-digest), got {WHOLE}");
    assert_eq!(other.findings(&[Data("hello"), WORLD], after_hello()), [differs]);
}

#[test]
fn prefix_that_lacks_an_algorithm_is_a_note() {
    let mut hashers = Hashers::new([Algorithm::Sha512]);
    hashers.update(b"hello");
    let verification = Verification::new().after(Prefix::new(hashers, 5));
    let head = part(&[("content-range", "bytes 5-10/11"), ("repr-digest", WHOLE)]);
    let body = head.finished(&[WORLD], verification);
    assert_eq!(body.verdict().map(ToString::to_string).as_deref(), Some(UNVERIFIED));
    assert_eq!(
        notes(&body),
        [
            "header field repr-digest: its sha-256 digest was not compared: nothing announced this algorithm before the content"
        ]
    );
}

#[test]
fn content_range_bounds_the_length() {
    const RANGE: &str = "bytes 5-10/11";
    for (fields, steps, expected) in [
        (&[("content-range", RANGE)][..], &[Data(" worl")][..], "cut: 5 of 6 bytes arrived"),
        (&[("content-range", RANGE)], &[Data(" worlds")], "cut: more than the announced 6 bytes arrived"),
        (
            &[("content-range", RANGE), ("content-length", "7")],
            &[Data(" worlds")],
            "cut: the message is malformed: Content-Range is contradictory",
        ),
        (&[("content-range", RANGE), ("content-length", "6")], &[WORLD], UNVERIFIED),
        (&[("content-range", RANGE)], &[WORLD], UNVERIFIED),
    ] {
        assert_eq!(part(fields).findings(steps, after_hello()), [expected], "{fields:?}");
        // Of a 200 the field means nothing.
        if !fields.iter().any(|(name, _)| *name == "content-length") {
            assert_eq!(Head(Version::HTTP_2, 200, fields).findings(steps, after_hello()), [UNVERIFIED]);
        }
    }
}

#[test]
fn content_range_delimits_a_part_that_ends_with_the_connection() {
    const UNKNOWN: &str = "cut: only the end of the connection ended the content, which may be incomplete";
    const RANGE: Fields = &[("content-range", "bytes 5-10/11")];
    let head = |status, fields| Head(Version::HTTP_11, status, fields);
    for (head, steps, expected) in [
        (head(206, RANGE), &[WORLD][..], UNVERIFIED),
        (head(206, RANGE), &[Data(" worl")], "cut: 5 of 6 bytes arrived"),
        (head(206, RANGE), &[Data(" worlds")], "cut: more than the announced 6 bytes arrived"),
        (head(206, &[]), &[WORLD], UNKNOWN),
        (head(206, &[("content-range", "pages 5-10/11")]), &[WORLD], UNKNOWN),
        (head(200, RANGE), &[WORLD], UNKNOWN),
    ] {
        assert_eq!(head.findings(steps, after_hello()), [expected], "{head:?} {steps:?}");
    }
}
