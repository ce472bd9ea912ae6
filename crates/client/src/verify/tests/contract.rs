use super::*;
use Step::{Data, End, Error as Fail, Pending, Trailers};
use axum_trailers::digest::Algorithm;
use axum_trailers_testing::read_by_contract;
use http_body_util::{BodyExt, Collected, Full};

const DIGEST: Step = Trailers(&[("content-digest", SHA_256)]);

#[test]
fn content_and_trailers_pass_unchanged() {
    let announced = h2(&[("trailer", "content-digest")]);
    let scripts: [&[Step]; 6] = [
        &[Data("hello"), DIGEST],
        &[Pending, Data("hel"), Pending, Data(""), Data("lo"), End, Pending, DIGEST],
        &[Data("hello"), DIGEST, Pending],
        &[Data("hello"), Trailers(&[("content-digest", SHA_256), ("x-a", "1"), ("x-a", "2")])],
        &[Data("hello")],
        &[],
    ];
    for script in scripts {
        let head = if script.iter().any(|step| matches!(step, Trailers(_))) { announced } else { h2(&[]) };
        let bare = read_by_contract(ScriptedBody::new(script.iter().cloned()).sized());
        let body =
            head.with(ScriptedBody::new(script.iter().cloned()).sized(), Verification::new()).into_body();
        let read = read_by_contract(body);
        assert!(read.error.is_none(), "{script:?}: {:?}", read.error);
        assert_eq!((read.content, read.trailers), (bare.content, bare.trailers), "{script:?}");
    }
}

#[test]
fn error_is_the_last_thing() {
    let scripts: [(Fields, &[Step], &str); 6] = [
        (&[], &[Data("hello"), Fail], "cut: scripted"),
        (&[], &[Pending, Fail], "cut: scripted"),
        (&[], &[Data("hello"), DIGEST, Fail], "cut: scripted"),
        (
            &[],
            &[Data("hello"), Trailers(&[("x-stream-error", "late")])],
            "the sender reports a failure: x-stream-error: late",
        ),
        (
            &[("trailer", "x-a")],
            &[Data("hello")],
            "an announced trailer is missing: x-a (no trailer section arrived)",
        ),
        (
            &[("content-length", "4")],
            &[Data("hello"), Data("more")],
            "cut: more than the announced 4 bytes arrived",
        ),
    ];
    for (fields, script, error) in scripts {
        let body =
            h2(fields).with(ScriptedBody::new(script.iter().cloned()), Verification::new()).into_body();
        let read = read_by_contract(body);
        assert_eq!(read.error.expect("an error").to_string(), error, "{script:?}");
        assert_eq!(read.trailers, None, "{script:?}");
    }
}

#[test]
fn refusal_is_no_error() {
    let read = |steps: [Step; 2], fields| {
        read_by_contract(
            Head(Version::HTTP_2, 404, fields)
                .with(ScriptedBody::new(steps), Verification::new())
                .into_body(),
        )
    };
    let refused = read([Data("not "), Data("here")], &[]);
    assert!(refused.error.is_none());
    assert_eq!(refused.content, "not here");
    let cut = read([Data("not "), Fail], &[]);
    assert_eq!(cut.error.expect("an error").to_string(), "cut: scripted");
    let wrong = read([Data("not "), Data("here")], &[("content-digest", SHA_256)]);
    assert!(wrong.error.expect("an error").to_string().starts_with("the digest differs"));
}

#[test]
fn chunks_pass_without_a_copy() {
    let content = bytes::Bytes::from("hello".repeat(100_000));
    let mut response = Response::new(Full::new(content.clone()));
    *response.version_mut() = Version::HTTP_2;
    let mut body = VerifiedBody::wrap(response).into_body();
    let frame = run(body.frame()).expect("a frame").expect("no error");
    assert_eq!(frame.into_data().expect("data").as_ptr(), content.as_ptr());
}

/// Large chunks are hashed in steps, and on another thread if there is a runtime.
#[test]
fn large_content_waits_for_its_digest() {
    let content: &'static str = "0123456789abcdef".repeat(64 * 1024).leak();
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let digest = super::digests::digest_of(algorithm, content).to_string();
        let trailers = Trailers(vec![("content-digest", &*digest.leak())].leak());
        for size in [1000, 16 * 1024, content.len()] {
            let mut steps: Vec<_> = (0..content.len())
                .step_by(size)
                .map(|at| Data(&content[at..content.len().min(at + size)]))
                .collect();
            steps.push(trailers.clone());
            let head = h2(&[("trailer", "content-digest")]);

            let body = head.with(ScriptedBody::new(steps.clone()).sized(), Verification::new()).into_body();
            let read = read_by_contract(body);
            assert!(read.error.is_none() && read.content == content, "{size}: {:?}", read.error);

            let verified = format!("verified: {algorithm} (trailer field content-digest)");
            assert_eq!(head.findings(&steps, Verification::new()), [verified], "{size}");
            steps.remove(0);
            let findings = head.findings(&steps, Verification::new());
            assert!(findings[0].starts_with("the digest differs"), "{size}: {findings:?}");
        }
    }
}

#[test]
fn copy_of_a_wrong_content_fails() {
    let copy = |digest| {
        let fields = Vec::leak(vec![("content-digest", digest)]);
        let body = h2(fields).with(ScriptedBody::new([HELLO]), Verification::new()).into_body();
        run(body.collect()).map(Collected::to_bytes)
    };
    assert_eq!(copy(SHA_256).expect("it fits"), "hello");
    assert!(
        matches!(copy(WRONG_256), Err(error) if matches!(error.verdict(), crate::Verdict::DigestDiffers { .. }))
    );
}

#[test]
fn types_can_be_sent_and_moved() {
    fn holds<T: Send + Sync + Unpin + 'static>() {}
    holds::<VerifiedBody<crate::ResponseBody>>();
    holds::<VerifiedBody<hyper::body::Incoming>>();
    holds::<crate::VerifyError>();
    holds::<Verification>();
}
