use super::prelude::*;
use crate::{
    body::TrailersPolledEarly,
    request::{
        ContentDigestError,
        verify::{Check, Need, Verdict, VerifyBody},
    },
};
use axum_trailers_testing::{
    Read, ScriptedBody,
    Step::{self, Data, End, Error as Fail, Pending, Trailers},
};
use proptest::prelude::*;
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

type Fields<'a> = &'a [(&'a str, &'a str)];
type Case<'a> = (&'a str, Fields<'a>, Need, Vec<Step>, ContentDigestError);

const HELLO: &str = "{\"hello\": \"world\"}\n";
const SHA_256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
const EMPTY: &str = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
const SHA_512: &str =
    "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";

fn put(fields: &[(&str, &str)]) -> Builder {
    let request = Request::put("/").version(Version::HTTP_2);
    fields.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

/// Reads a body to its end, or returns the error of a header section that is enough to refuse it.
fn verify(request: Builder, need: Need, steps: &[Step]) -> Result<Read, ContentDigestError> {
    let check = Check::from_request(&request.body(()).expect("a request"), need)?;
    let verdict = Verdict::default();
    let body = VerifyBody::new(Split::new(ScriptedBody::new(steps.iter().cloned())), check, verdict.clone());
    let read = read_by_contract(body);
    let error = read.error.as_ref().and_then(|error| error.downcast_ref());
    assert_eq!(error, verdict.get(), "the verdict is the reader's error");
    Ok(read)
}

fn refused(request: Builder, need: Need, steps: &[Step]) -> Option<ContentDigestError> {
    match verify(request, need, steps) {
        Err(error) => Some(error),
        Ok(read) => read.error.map(|error| *error.downcast().expect("about the digest")),
    }
}

#[test]
fn right_digest_passes_the_whole_body() {
    let split = [Pending, Data("{\"hello\""), Data(""), Pending, Data(": \"world\"}\n"), End, Pending];
    let trailers = |value| [split.as_slice(), &[Trailers(value)]].concat();
    let both: &[_] = &[("x-sum", "1"), ("content-digest", SHA_512)];
    let unknown: &[_] = &[("content-digest", "md5=:AA==:")];
    let announced: &[_] = &[("content-digest", "md5=:AA==:"), ("trailer", "content-digest")];
    let same: &[_] = &[("content-digest", SHA_256)];
    let cases: [(Fields<'_>, Vec<Step>); 9] = [
        (unknown, trailers(both)),
        (announced, trailers(both)),
        (same, trailers(unknown)),
        (&[("content-digest", SHA_256)], split.to_vec()),
        (&[("content-digest", "md5=:AA==:"), ("content-digest", SHA_256)], split.to_vec()),
        (&[("content-digest", SHA_256), ("content-digest", SHA_512)], split.to_vec()),
        (&[("trailer", "content-digest")], trailers(both)),
        (&[], trailers(both)),
        (&[("content-digest", SHA_256)], trailers(same)),
    ];
    for (fields, steps) in cases {
        let read = verify(put(fields), Need::Required, &steps).expect("not refused");
        assert!(read.error.is_none(), "{fields:?}: {:?}", read.error);
        assert_eq!((&*read.content, read.pending), (HELLO, 3), "{fields:?}");
        assert_eq!(read.trailers.is_some(), steps.len() > split.len(), "{fields:?}");
    }
}

#[test]
fn wrong_digest_ends_the_body_in_its_error() {
    use ContentDigestError::{Malformed, Mismatch, Missing, TrailerNeverCame, UnknownAlgorithm};
    let mismatch = || Mismatch { expected: EMPTY.to_owned(), got: SHA_256.to_owned() };
    let never = |name| TrailerNeverCame { name: http::HeaderName::from_static(name) };
    let unknown = || UnknownAlgorithm { got: vec!["md5".to_owned()] };
    let data = Data(HELLO);
    let wrong = Trailers(&[("content-digest", EMPTY)]);
    let right = Trailers(&[("content-digest", SHA_256)]);
    let cases: [Case<'_>; 12] = [
        (
            "unannounced trailer of another algorithm than was computed",
            &[("content-digest", SHA_256)],
            Need::Optional,
            vec![data.clone(), Trailers(&[("content-digest", SHA_512)])],
            Malformed {
                reason: "an unannounced trailer field uses another algorithm than the header field"
                    .to_owned(),
                got: SHA_512.to_owned(),
            },
        ),
        ("wrong header", &[("content-digest", EMPTY)], Need::Optional, vec![data.clone()], mismatch()),
        ("wrong trailer", &[], Need::Optional, vec![data.clone(), wrong.clone()], mismatch()),
        (
            "right header, wrong announced trailer",
            &[("content-digest", SHA_256), ("trailer", "content-digest")],
            Need::Optional,
            vec![data.clone(), wrong],
            mismatch(),
        ),
        (
            "one of two wrong",
            &[("content-digest", SHA_512), ("content-digest", EMPTY)],
            Need::Optional,
            vec![data.clone()],
            mismatch(),
        ),
        ("missing", &[], Need::Required, vec![data.clone()], Missing),
        ("empty field", &[("content-digest", "")], Need::Required, vec![data.clone()], Missing),
        (
            "digest never came",
            &[("trailer", "content-digest")],
            Need::Optional,
            vec![data.clone()],
            never("content-digest"),
        ),
        (
            "another trailer never came",
            &[("trailer", "x-sum, content-digest")],
            Need::Optional,
            vec![data.clone(), right],
            never("x-sum"),
        ),
        ("unknown", &[("content-digest", "md5=:AA==:")], Need::Optional, vec![data.clone()], unknown()),
        (
            "unknown in the trailer",
            &[],
            Need::Optional,
            vec![data.clone(), Trailers(&[("content-digest", "md5=:AA==:")])],
            unknown(),
        ),
        (
            "malformed",
            &[("content-digest", "sha-256=1")],
            Need::Optional,
            vec![data],
            Malformed {
                reason: "expected a dictionary of byte sequences, such as `sha-256=:…base64…:` (RFC 9530 section 2)"
                    .to_owned(),
                got: "sha-256=1".to_owned(),
            },
        ),
    ];
    for (case, fields, need, steps, expected) in cases {
        assert_eq!(refused(put(fields), need, &steps), Some(expected), "{case}");
    }
}

#[test]
fn digest_is_needed_only_if_it_is_required_and_there_is_content() {
    let cases = [
        (Method::PUT, Need::Optional, None, vec![], false),
        (Method::PUT, Need::Required, None, vec![], true),
        (Method::GET, Need::Required, None, vec![], false),
        (Method::GET, Need::Required, None, vec![Data("")], false),
        (Method::GET, Need::Required, None, vec![Data("a")], true),
        (Method::DELETE, Need::Optional, None, vec![Data("a")], false),
        (Method::DELETE, Need::Required, Some("0"), vec![], true),
        (Method::GET, Need::Optional, Some("0"), vec![], false),
    ];
    for (method, need, length, steps, refuses) in cases {
        let mut request = put(&[]).method(method.clone());
        if let Some(length) = length {
            request = request.header("content-length", length);
        }
        let expected = refuses.then_some(ContentDigestError::Missing);
        assert_eq!(refused(request, need, &steps), expected, "{method} {need:?} {length:?} {steps:?}");
    }
}

#[test]
fn error_of_the_inner_body_is_unchanged() {
    for steps in [vec![Data("a"), Fail], vec![Data("a"), End, Fail]] {
        let read = verify(put(&[("content-digest", SHA_256)]), Need::Required, &steps).expect("not refused");
        assert!(read.error.expect("an error").is::<std::io::Error>());
    }
}

#[test]
fn trailers_polled_early_are_an_error() {
    let check =
        Check::from_request(&put(&[]).body(()).expect("a request"), Need::Optional).expect("nothing wrong");
    let body = VerifyBody::new(Split::new(ScriptedBody::new([Data("a")])), check, Verdict::default());
    let mut body = pin!(body);
    let cx = &mut Context::from_waker(Waker::noop());
    let early = poll_trailers(body.as_mut(), cx);
    assert!(matches!(early, Poll::Ready(Err(error)) if error.is::<TrailersPolledEarly>()));
}

proptest! {
    #[test]
    fn any_split_of_the_right_bytes_passes_and_one_wrong_bit_does_not(
        content in proptest::collection::vec(any::<u8>(), 1..100),
        cut: proptest::sample::Index,
        wrong: Option<(proptest::sample::Index, u8)>,
    ) {
        let mut hashers = crate::digest::Hashers::new(crate::digest::Algorithm::ALL.iter().copied());
        hashers.update(&content);
        let digests: Vec<_> = hashers.finish().iter().map(ToString::to_string).collect();
        let mut came = content.clone();
        if let Some((at, bit)) = wrong {
            came[at.index(content.len())] ^= 1 << (bit % 8);
        }
        let (head, tail) = came.split_at(cut.index(came.len()));
        for digest in digests {
            let request = put(&[("content-digest", &digest)]).body(()).expect("a request");
            let mut check = Check::from_request(&request, Need::Required).expect("nothing wrong");
            check.data(head);
            check.data(tail);
            prop_assert_eq!(check.end(&http::HeaderMap::new()).is_err(), wrong.is_some());
        }
    }
}
