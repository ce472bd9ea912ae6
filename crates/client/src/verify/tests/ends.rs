use super::*;
use crate::{Cut, Transport, Verdict, VerifyError};
use Step::{Data, Trailers};
use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt, Full};
use std::time::Duration;

const UNVERIFIED: &str = "complete, nothing to verify it with";
const VERIFIED: &str = "verified: sha-256 (header field content-digest)";
const UNKNOWN: &str = "cut: only the end of the connection ended the content, which may be incomplete";

fn http1(fields: Fields) -> Head {
    Head(Version::HTTP_11, 200, fields)
}

#[test]
fn announced_length_must_arrive() {
    for (fields, steps, expected) in [
        (&[("content-length", "5")][..], &[HELLO][..], UNVERIFIED),
        (&[("content-length", "5"), ("content-length", "5")], &[HELLO], UNVERIFIED),
        (&[("content-length", "6")], &[HELLO], "cut: 5 of 6 bytes arrived"),
        (&[("content-length", "6")], &[HELLO, Trailers(&[])], "cut: 5 of 6 bytes arrived"),
        (&[("content-length", "6")], &[HELLO, Step::Error], "cut: scripted"),
        (&[("content-length", "4")], &[HELLO], "cut: more than the announced 4 bytes arrived"),
        (&[("content-length", "0")], &[], UNVERIFIED),
        (
            &[("content-length", "5"), ("content-length", "6")],
            &[HELLO],
            "cut: the message is malformed: Content-Length is contradictory",
        ),
        (
            &[("content-length", "five")],
            &[HELLO],
            "cut: the message is malformed: Content-Length is contradictory",
        ),
    ] {
        for head in [http1(fields), h2(fields)] {
            assert_eq!(head.findings(steps, Verification::new()), [expected], "{head:?}");
        }
    }
    // The chunked coding overrides the length (RFC 9112 §6.3). HTTP/2 has none.
    let fields = &[("content-length", "6"), ("transfer-encoding", "chunked")];
    assert_eq!(http1(fields).findings(&[HELLO], Verification::new()), [UNVERIFIED]);
    assert_eq!(h2(fields).findings(&[HELLO], Verification::new()), ["cut: 5 of 6 bytes arrived"]);
}

#[test]
fn content_of_a_response_that_has_none_is_a_cut() {
    let head = Head(Version::HTTP_2, 204, &[]);
    assert_eq!(
        head.findings(&[HELLO], Verification::new()),
        ["cut: more than the announced 0 bytes arrived"]
    );
    assert_eq!(head.findings(&[], Verification::new()), [UNVERIFIED]);
}

#[test]
fn end_of_the_connection_proves_nothing_without_a_digest_or_tls() {
    let old = |fields| Head(Version::HTTP_10, 200, fields);
    for (case, head, expected) in [
        ("no framing", http1(&[]), UNKNOWN),
        ("HTTP/1.0", old(&[]), UNKNOWN),
        ("HTTP/1.0 with a length", old(&[("content-length", "5")]), UNVERIFIED),
        ("chunked", http1(&[("transfer-encoding", "chunked")]), UNVERIFIED),
        ("HTTP/2", h2(&[]), UNVERIFIED),
        ("a digest", http1(&[("content-digest", SHA_256)]), VERIFIED),
    ] {
        assert_eq!(head.findings(&[HELLO], Verification::new()), [expected], "{case}");
    }
    let wrong = http1(&[("content-digest", WRONG_256)]).findings(&[HELLO], Verification::new());
    assert_eq!(wrong.len(), 2);
    assert_eq!(wrong[0], UNKNOWN);
    assert!(wrong[1].starts_with("the digest differs"), "{wrong:?}");
    let requiring = http1(&[]).findings(&[HELLO], Verification::new().require_digest());
    assert_eq!(requiring, [UNKNOWN, "complete, but a digest is required: the response contains none"]);
}

#[test]
fn transfer_encoding_is_exactly_chunked() {
    const MALFORMED: &str = "cut: the message is malformed: Transfer-Encoding is not `chunked`";
    for (fields, expected) in [
        (&[("transfer-encoding", "chunked")][..], UNVERIFIED),
        (&[("transfer-encoding", "Chunked")], UNVERIFIED),
        (&[("transfer-encoding", " CHUNKED\t")], UNVERIFIED),
        (&[("transfer-encoding", "chunked,")], MALFORMED),
        (&[("transfer-encoding", ",chunked")], MALFORMED),
        (&[("transfer-encoding", "chunked, chunked")], MALFORMED),
        (&[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")], MALFORMED),
        (&[("transfer-encoding", "chunked"), ("transfer-encoding", "")], MALFORMED),
        (&[("transfer-encoding", "gzip, chunked")], MALFORMED),
        (&[("transfer-encoding", "chunked, gzip")], MALFORMED),
        (&[("transfer-encoding", "identity")], MALFORMED),
        (&[("transfer-encoding", "identity"), ("content-length", "5")], MALFORMED),
        (&[("transfer-encoding", "chunked;a=b")], MALFORMED),
        (&[("transfer-encoding", "")], MALFORMED),
    ] {
        assert_eq!(http1(fields).findings(&[HELLO], Verification::new()), [expected], "{fields:?}");
        assert_eq!(h2(fields).findings(&[HELLO], Verification::new()), [UNVERIFIED], "HTTP/2 has none");
        // A response without content has no coding either.
        assert_eq!(Head(Version::HTTP_11, 304, fields).findings(&[], Verification::new()), [UNVERIFIED]);
    }
    // A digest does not help: what was compared is not what the sender meant.
    let verified = http1(&[("transfer-encoding", "chunked,"), ("content-digest", SHA_256)]);
    assert_eq!(verified.findings(&[HELLO], Verification::new())[0], MALFORMED);
}

#[test]
fn close_notify_proves_the_end() {
    for (is_tls, expected) in [(true, UNVERIFIED), (false, UNKNOWN)] {
        let mut response = Response::new(ScriptedBody::new([HELLO]));
        response.extensions_mut().insert(Transport::new(Version::HTTP_11, is_tls));
        let verdict = run(VerifiedBody::wrap(response).into_body().finish());
        assert_eq!(verdict.to_string(), expected);
    }
}

#[test]
fn nothing_of_a_cut_transfer_is_compared_or_missing() {
    let fields = &[("content-digest", WRONG_256), ("trailer", "content-digest")];
    let verification = || Verification::new().require_digest().require_trailers();
    let body = h2(fields).finished(&[HELLO, Step::Error], verification());
    assert_eq!(body.findings().iter().map(ToString::to_string).collect::<Vec<_>>(), ["cut: scripted"]);
    assert!(body.comparisons().is_empty() && body.digests().is_empty());
    assert_eq!(body.missing(), ["content-digest"]);

    let complete = h2(fields).findings(&[HELLO], verification());
    assert_eq!(complete.len(), 2, "{complete:?}");
}

#[test]
fn what_follows_the_trailer_section_is_a_cut() {
    let section = Trailers(&[("x-a", "1")]);
    for (steps, expected) in [
        (
            &[HELLO, section.clone(), HELLO][..],
            "cut: the message is malformed: content follows the trailer section",
        ),
        (
            &[HELLO, section.clone(), section.clone()],
            "cut: the message is malformed: a second trailer section arrived",
        ),
        (&[HELLO, section.clone(), Step::Error], "cut: scripted"),
        (&[HELLO, section.clone(), Step::Pending], UNVERIFIED),
    ] {
        assert_eq!(h2(&[]).findings(steps, Verification::new()), [expected], "{steps:?}");
    }
}

#[test]
fn trailer_section_has_a_bound() {
    let name = |n| http::HeaderName::try_from(format!("x-{n}")).expect("a name");
    let of_size = |fields: usize, size: usize| {
        let value = http::HeaderValue::try_from("a".repeat(size / fields - 40)).expect("a value");
        (1000..1000 + fields).map(|n| (name(n), value.clone())).collect::<http::HeaderMap>()
    };
    for (section, is_small) in [
        (of_size(1, 60 * 1024), true),
        (of_size(1, 70 * 1024), false),
        (of_size(1000, 60 * 1024), true),
        (of_size(1001, 60 * 1024), false),
    ] {
        let trailers = async { Some(Ok::<_, std::convert::Infallible>(section.clone())) };
        let body = Full::<Bytes>::from("hello").with_trailers(trailers);
        let mut response = Response::new(Box::pin(body));
        *response.version_mut() = Version::HTTP_2;
        let mut body = VerifiedBody::wrap(response).into_body();
        let verdict = run(body.finish()).to_string();
        assert_eq!(verdict == UNVERIFIED, is_small, "{verdict}");
        assert_eq!(body.trailers().is_some(), is_small);
    }
}

#[test]
fn refusal_is_listed_before_everything_else() {
    for (status, steps, expected) in [
        (404, &[HELLO][..], &["refused: 404 Not Found", UNVERIFIED][..]),
        (503, &[HELLO, Step::Error], &["refused: 503 Service Unavailable", "cut: scripted"]),
        (599, &[HELLO], &["refused: 599 <unknown status code>", UNVERIFIED]),
        (302, &[HELLO], &[UNVERIFIED]),
    ] {
        assert_eq!(
            Head(Version::HTTP_2, status, &[]).findings(steps, Verification::new()),
            expected,
            "{status}"
        );
    }
}

#[test]
fn outer_cut_ends_the_body_in_an_error() {
    let timeout = || Cut::TimedOut(Duration::from_secs(5));
    let mut body = h2(&[]).with(ScriptedBody::new([HELLO, HELLO]), Verification::new()).into_body();
    let frame = run(body.frame()).expect("a frame").expect("no error");
    assert_eq!(frame.into_data().expect("data"), "hello");
    body.cut(timeout());
    let verdict = Verdict::Cut(timeout());
    assert_eq!(run(body.finish()), verdict);
    assert!(!body.is_end_stream());
    assert_eq!(run(body.frame()).expect("an error").expect_err("not data").into_verdict(), verdict);
    assert!(body.is_end_stream() && run(body.frame()).is_none());
    body.cut(Cut::Closed);
    assert_eq!(run(body.finish()), verdict, "the first counts");

    let mut body = h2(&[]).finished(&[HELLO], Verification::new());
    body.cut(timeout());
    assert_eq!(run(body.finish()), Verdict::Unverified, "it had ended");
}

#[test]
fn verdict_is_the_same_however_the_body_was_read() {
    for (steps, is_success) in [(&[Data("hel"), Data("lo")][..], true), (&[HELLO, Step::Error], false)] {
        let body = || h2(&[]).with(ScriptedBody::new(steps.iter().cloned()), Verification::new()).into_body();
        let mut by_finish = body();
        let verdict = run(by_finish.finish());
        assert_eq!(verdict.is_success(), is_success);
        assert_eq!(run(by_finish.finish()), verdict);

        let mut by_frames = body();
        let mut error = None;
        while let Some(frame) = run(by_frames.frame()) {
            error = frame.err();
        }
        assert_eq!(error, (!is_success).then(|| VerifyError::new(verdict.clone())));
        assert_eq!(run(by_frames.finish()), verdict);

        let mut half = body();
        assert!(run(half.frame()).is_some_and(|frame| frame.is_ok()));
        assert_eq!(half.verdict(), None);
        assert_eq!(run(half.finish()), verdict);
    }
}
