use super::*;
use Step::Trailers;

const UNVERIFIED: &str = "complete, nothing to verify it with";

fn missing(which: &str) -> String {
    format!("an announced trailer is missing: {which}")
}

#[test]
fn announced_section_must_arrive_and_so_must_its_digest() {
    const DIGEST: (&str, &str) = ("content-digest", SHA_256);
    let verified = "verified: sha-256 (trailer field content-digest)";
    let none = |names| missing(&format!("{names} (no trailer section arrived)"));
    let both = "x-rows, content-digest";
    for (announced, steps, expected, names) in [
        ("x-rows", &[HELLO][..], vec![none("x-rows"), UNVERIFIED.into()], "x-rows"),
        (both, &[HELLO], vec![none(both), UNVERIFIED.into()], both),
        (
            both,
            &[HELLO, Trailers(&[("x-rows", "1")])],
            vec![missing("content-digest"), UNVERIFIED.into()],
            "content-digest",
        ),
        (
            "repr-digest, content-digest",
            &[HELLO, Trailers(&[DIGEST])],
            vec![missing("repr-digest"), verified.into()],
            "repr-digest",
        ),
        // Another missing field is no failure.
        (both, &[HELLO, Trailers(&[DIGEST])], vec![verified.into()], "x-rows"),
        ("x-rows", &[HELLO, Trailers(&[])], vec![UNVERIFIED.into()], "x-rows"),
        ("x-rows", &[HELLO, Trailers(&[("x-rows", "")])], vec![UNVERIFIED.into()], ""),
    ] {
        let head = h2(Vec::leak(vec![("trailer", announced)]));
        assert_eq!(head.findings(steps, Verification::new()), expected, "{announced} {steps:?}");
        let body = head.finished(steps, Verification::new());
        let reported: Vec<_> = body.missing().iter().map(http::HeaderName::as_str).collect();
        assert_eq!(reported.join(", "), names, "{announced} {steps:?}");
    }
}

#[test]
fn each_announced_trailer_can_be_required() {
    let head = h2(&[("trailer", "x-rows, x-sum")]);
    let required = || Verification::new().require_trailers();
    let some = [HELLO, Trailers(&[("x-sum", "1")])];
    assert_eq!(head.findings(&some, Verification::new()), [UNVERIFIED]);
    assert_eq!(head.findings(&some, required()), [missing("x-rows"), UNVERIFIED.to_owned()]);
    let all = [HELLO, Trailers(&[("x-sum", "1"), ("x-rows", "1")])];
    assert_eq!(head.findings(&all, required()), [UNVERIFIED]);
    assert_eq!(h2(&[]).findings(&[HELLO], required()), [UNVERIFIED]);
}

#[test]
fn forbidden_names_are_not_announced() {
    let head = h2(&[("trailer", "content-length, not a token, authorization")]);
    assert_eq!(head.findings(&[HELLO], Verification::new().require_trailers()), [UNVERIFIED]);
}

#[test]
fn grpc_response_announces_its_status() {
    let none = missing("grpc-status (no trailer section arrived)");
    let without = missing("grpc-status");
    let grpc = [("content-type", "application/grpc")];
    let ok = Trailers(&[("grpc-status", "0")]);
    let other = Trailers(&[("x-a", "1")]);
    let cases: [(Fields, &[Step], &[&str]); 11] = [
        (&[("content-type", "application/grpc")], &[HELLO, ok.clone()], &[UNVERIFIED]),
        (&[("content-type", "application/grpc")], &[HELLO], &[&none, UNVERIFIED]),
        (&[("content-type", "application/grpc")], &[HELLO, other.clone()], &[&without, UNVERIFIED]),
        (&[("content-type", "Application/GRPC+proto")], &[HELLO], &[&none, UNVERIFIED]),
        (&[("content-type", "application/grpc; a=b")], &[HELLO], &[&none, UNVERIFIED]),
        (&[("content-type", "application/grpc"), ("trailer", "grpc-status")], &[HELLO], &[&none, UNVERIFIED]),
        // Its trailers are in the content.
        (&[("content-type", "application/grpc-web+proto")], &[HELLO], &[UNVERIFIED]),
        (&[("content-type", "application/grpcx")], &[HELLO], &[UNVERIFIED]),
        (&[("content-type", "text/plain")], &[HELLO], &[UNVERIFIED]),
        // A response without content has it in the header section.
        (&[("content-type", "application/grpc"), ("grpc-status", "0")], &[], &[UNVERIFIED]),
        (
            &[("content-type", "application/grpc"), ("grpc-status", "5")],
            &[],
            &["the sender reports a failure: grpc-status 5 (NOT_FOUND)", UNVERIFIED],
        ),
    ];
    for (fields, steps, expected) in cases {
        assert_eq!(h2(fields).findings(steps, Verification::new()), expected, "{fields:?} {steps:?}");
    }
    let mut head = h2(Vec::leak(grpc.to_vec())).finished(&[HELLO], Verification::new());
    assert_eq!(head.missing(), ["grpc-status"]);
    assert!(head.announced().is_empty(), "the header section announces nothing");
    assert!(!run(head.finish()).is_success());
}
