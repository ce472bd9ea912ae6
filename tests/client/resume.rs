//! `--continue` and `--retry` fetch the rest of a file only where it fits what is there.

use crate::support::{
    client::{Place, Ran, hex_sha256, sha256},
    scripted::{Answer, Scripted, Step, http1_requests},
};
use futures_util::future::join_all;

const WHOLE: &[u8] = b"the first half, and the other half";
const CUT_AT: usize = 15;

/// What the server has after a change.
const CHANGED: &[u8] = b"THE FIRST HALF, AND THE OTHER HALF";

/// The whole, with a length.
fn whole(content: &[u8], etag: &str) -> Answer {
    Answer::new(content).sized().field("etag", etag).field("accept-ranges", "bytes")
}

/// A part, from this position to the end.
fn part(content: &[u8], from: usize, etag: &str) -> Answer {
    let range = format!("bytes {from}-{}/{}", content.len() - 1, content.len());
    whole(&content[from..], etag).status(206).field("content-range", range)
}

/// Sends the head and the first half of the content, and closes.
fn cut(answer: &Answer) -> Vec<Step> {
    let bytes = [&answer.http1_head()[..], &answer.content[..CUT_AT]].concat();
    vec![Step::Request, Step::Send(bytes), Step::Close]
}

/// A server with a script for each connection; the last one is repeated.
async fn server(scripts: Vec<Vec<Step>>) -> Scripted {
    let script = move |n: usize| scripts[n.min(scripts.len() - 1)].clone();
    Scripted::start(crate::support::scripted::Security::Plain, script).await
}

/// One request per connection.
fn closing(answer: &Answer) -> Vec<Step> {
    vec![Step::Request, Step::Send(answer.clone().field("connection", "close").http1()), Step::Close]
}

/// The fields of each request that make a range.
fn ranges(server: &Scripted) -> Vec<[Option<String>; 2]> {
    let received = server.received();
    let requests = received.iter().flat_map(|bytes| http1_requests(bytes.as_bytes()));
    requests.map(|request| ["range", "if-range"].map(|name| request.field(name).map(str::to_owned))).collect()
}

const NO_RANGE: [Option<String>; 2] = [None, None];

fn from(position: usize, etag: &str) -> [Option<String>; 2] {
    [Some(format!("bytes={position}-")), Some(etag.to_owned())]
}

/// Cuts a transfer, continues it once, and returns both.
async fn continued(place: &Place, server: &Scripted, options: &[&str]) -> (Ran, Ran) {
    let url = server.url("/file");
    let first = place.get(&[&url]).await;
    assert_eq!(first.code(), 6, "{first:?}");
    assert_eq!(place.read("file"), None, "{first:?}");
    assert_eq!(place.read("file.part").as_deref(), Some(&WHOLE[..CUT_AT]), "{first:?}");
    let second = place.get(&[&["--continue"], options, &[&url]].concat()).await;
    (first, second)
}

/// Only the file is left.
fn assert_whole(place: &Place, content: &[u8], what: &str) {
    assert_eq!(place.read("file").as_deref(), Some(content), "{what}");
    assert_eq!(place.names(), ["file"], "{what}");
}

#[tokio::test]
async fn rest_that_fits_completes_the_file() {
    let digest = |answer: Answer, content: &[u8]| answer.field("repr-digest", sha256(content));
    let etag = "\"v1\"";
    let of_part = |content: &[u8]| part(WHOLE, CUT_AT, etag).field("content-digest", sha256(content));
    for (what, rest, verdict, code) in [
        ("no digest", part(WHOLE, CUT_AT, etag), "unverified", 0),
        ("a digest", digest(part(WHOLE, CUT_AT, etag), WHOLE), "verified", 0),
        ("a wrong digest", digest(part(WHOLE, CUT_AT, etag), CHANGED), "digest_differs", 7),
        // Nothing verifies the first half, which was cut.
        ("the digest of the part", of_part(&WHOLE[CUT_AT..]), "unverified", 0),
        ("a wrong digest of the part", of_part(WHOLE), "digest_differs", 7),
    ] {
        let server = server(vec![cut(&whole(WHOLE, etag)), closing(&rest)]).await;
        let place = Place::new();
        let (_, ran) = continued(&place, &server, &[]).await;
        assert_eq!(ranges(&server), [NO_RANGE, from(CUT_AT, etag)], "{what}: {ran:?}");
        let report = ran.report();
        assert_eq!((&report["verdict"], ran.code()), (&verdict.into(), code), "{what}: {ran:?}");
        assert_eq!(report["resumed_from"], CUT_AT, "{what}: {ran:?}");
        let compared = &report["compared"][0]["matches"];
        assert_eq!(
            compared.as_bool(),
            if what == "no digest" { None } else { Some(code == 0) },
            "{what}: {ran:?}"
        );
        let says_part = report["message"].as_str().expect("text").contains("only the part from byte 15");
        assert_eq!(says_part, what == "the digest of the part", "{what}: {ran:?}");
        if code == 0 {
            assert_whole(&place, WHOLE, what);
        } else {
            // It is of no use, and must not be continued.
            assert_eq!(place.read("file"), None, "{what}");
            let names = place.names();
            assert!(
                place.read("file.bad").is_some() && place.read("file.part").is_none(),
                "{what}: {names:?}"
            );
        }
    }
}

/// A digest in a trailer comes after a 206, too.
#[tokio::test]
async fn whole_is_verified_by_a_trailer_of_the_rest() {
    for (content, code) in [(WHOLE, 0), (CHANGED, 7)] {
        let mut rest = part(WHOLE, CUT_AT, "\"v1\"")
            .trailer("repr-digest", sha256(content))
            .field("trailer", "repr-digest");
        rest.fields.retain(|(name, _)| name != "content-length");
        let server = server(vec![cut(&whole(WHOLE, "\"v1\"")), closing(&rest)]).await;
        let place = Place::new();
        let (_, ran) = continued(&place, &server, &[]).await;
        assert_eq!(ran.code(), code, "{ran:?}");
        assert_eq!(place.read("file").is_some(), code == 0, "{ran:?}");
    }
}

/// The user's digest is that of the whole.
#[tokio::test]
async fn whole_is_verified_by_the_user_s_digest() {
    for (content, code) in [(WHOLE, 0), (&WHOLE[CUT_AT..], 7)] {
        let hex = hex_sha256(content);
        let server =
            server(vec![cut(&whole(WHOLE, "\"v1\"")), closing(&part(WHOLE, CUT_AT, "\"v1\""))]).await;
        let place = Place::new();
        let (_, ran) = continued(&place, &server, &["--sha256", &hex]).await;
        assert_eq!(ran.code(), code, "{ran:?}");
        assert_eq!(place.read("file").is_some(), code == 0, "{ran:?}");
    }
}

#[tokio::test]
async fn content_that_has_changed_is_fetched_from_the_beginning() {
    let server = server(vec![cut(&whole(WHOLE, "\"v1\"")), closing(&whole(CHANGED, "\"v2\""))]).await;
    let place = Place::new();
    let (_, ran) = continued(&place, &server, &[]).await;
    assert_eq!(ranges(&server), [NO_RANGE, from(CUT_AT, "\"v1\"")]);
    assert_eq!(ran.code(), 0, "{ran:?}");
    assert_whole(&place, CHANGED, "200 instead of 206");
}

/// Each of these would make a file of two halves that do not belong together. The server has the changed content, and
/// sends it whole to a request without a range.
#[tokio::test]
async fn part_that_does_not_fit_is_not_appended() {
    let etag = "\"v1\"";
    let end = WHOLE.len() - 1;
    let length = WHOLE.len();
    let ranged = |range: String| {
        Answer::new(&CHANGED[CUT_AT..]).sized().status(206).field("etag", etag).field("content-range", range)
    };
    let none = || Answer::new(&CHANGED[CUT_AT..]).sized().status(206).field("etag", etag);
    let multipart = || {
        let body =
            format!("--b\r\ncontent-range: bytes {CUT_AT}-{end}/{length}\r\n\r\nTHE OTHER HALF\r\n--b--\r\n");
        Answer::new(body)
            .sized()
            .status(206)
            .field("etag", etag)
            .field("content-type", "multipart/byteranges; boundary=b")
    };
    let twice = |first: String, second: String| ranged(first).field("content-range", second);
    let fits = format!("bytes {CUT_AT}-{end}/{length}");
    for (what, rest) in [
        ("a later start", ranged(format!("bytes {}-{end}/{length}", CUT_AT + 1))),
        ("an earlier start", ranged(format!("bytes {}-{end}/{length}", CUT_AT - 1))),
        ("from the beginning", ranged(format!("bytes 0-{end}/{length}"))),
        ("another total", ranged(format!("bytes {CUT_AT}-{end}/{}", length + 1))),
        ("an end after the total", ranged(format!("bytes {CUT_AT}-{length}/{length}"))),
        ("an end before the start", ranged(format!("bytes {CUT_AT}-{}/{length}", CUT_AT - 1))),
        ("another unit", ranged(format!("lines {CUT_AT}-{end}/{length}"))),
        ("no number", ranged(format!("bytes {CUT_AT}-x/{length}"))),
        ("a huge number", ranged(format!("bytes {CUT_AT}-{end}/99999999999999999999999"))),
        ("unsatisfied", ranged(format!("bytes */{length}"))),
        ("empty", ranged(String::new())),
        ("two that differ", twice(fits.clone(), format!("bytes 0-{end}/{length}"))),
        ("none", none()),
        ("multipart", multipart()),
        ("another ETag", part(CHANGED, CUT_AT, "\"v2\"")),
        ("a weak ETag", part(CHANGED, CUT_AT, "W/\"v1\"")),
    ] {
        let server =
            server(vec![cut(&whole(WHOLE, etag)), closing(&rest), closing(&whole(CHANGED, "\"v2\""))]).await;
        let place = Place::new();
        let (_, ran) = continued(&place, &server, &[]).await;
        assert_eq!(ran.code(), 0, "{what}: {ran:?}");
        assert_eq!(ranges(&server), [NO_RANGE, from(CUT_AT, etag), NO_RANGE], "{what}: {ran:?}");
        assert_whole(&place, CHANGED, what);
    }
}

/// A 206 to a request without a range is not the whole.
#[tokio::test]
async fn part_that_was_not_requested_is_not_a_whole_file() {
    for answer in [part(WHOLE, CUT_AT, "\"v1\""), Answer::new(&WHOLE[..CUT_AT]).sized().status(206)] {
        let server = server(vec![closing(&answer)]).await;
        for options in [&[][..], &["--continue"]] {
            let place = Place::new();
            let ran = place.get(&[options, &[&server.url("/file")]].concat()).await;
            assert_ne!(ran.code(), 0, "{ran:?}");
            assert_eq!(place.read("file"), None, "{ran:?}");
        }
    }
}

/// RFC 9110 §13.1.5: `If-Range` needs a strong validator. Without one, nothing proves that the halves belong together.
#[tokio::test]
async fn without_a_strong_validator_the_transfer_starts_over() {
    let dated = Answer::new(WHOLE).sized().field("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    for (what, first) in [
        ("no ETag", Answer::new(WHOLE).sized()),
        ("a weak ETag", whole(WHOLE, "W/\"v1\"")),
        ("an ETag that is none", whole(WHOLE, "v1")),
        ("a date", dated),
    ] {
        let server = server(vec![cut(&first), closing(&whole(CHANGED, "\"v2\""))]).await;
        let place = Place::new();
        let (_, ran) = continued(&place, &server, &[]).await;
        assert_eq!(ranges(&server), [NO_RANGE, NO_RANGE], "{what}: {ran:?}");
        assert_eq!(ran.code(), 0, "{what}: {ran:?}");
        assert_whole(&place, CHANGED, what);
    }
}

/// The validators of two URLs have nothing to do with each other (RFC 9110 §8.8.3).
#[tokio::test]
async fn part_of_another_url_is_not_continued() {
    let server = server(vec![cut(&whole(WHOLE, "\"v1\"")), closing(&whole(CHANGED, "\"v1\""))]).await;
    let place = Place::new();
    let first = place.get(&[&server.url("/a/file")]).await;
    assert_eq!(first.code(), 6, "{first:?}");
    let ran = place.get(&["--continue", &server.url("/b/file")]).await;
    assert_eq!(ranges(&server), [NO_RANGE, NO_RANGE], "{ran:?}");
    assert_eq!(ran.code(), 0, "{ran:?}");
    assert_whole(&place, CHANGED, "another URL");
}

/// Without the option, a part is of no interest.
#[tokio::test]
async fn without_the_option_the_transfer_starts_over() {
    let server = server(vec![cut(&whole(WHOLE, "\"v1\"")), closing(&whole(WHOLE, "\"v1\""))]).await;
    let place = Place::new();
    assert_eq!(place.get(&[&server.url("/file")]).await.code(), 6);
    let ran = place.get(&[&server.url("/file")]).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    assert_eq!(ranges(&server), [NO_RANGE, NO_RANGE]);
    assert_whole(&place, WHOLE, "from the beginning");
}

#[tokio::test]
async fn continue_without_a_part_fetches_the_whole() {
    let server = server(vec![closing(&whole(WHOLE, "\"v1\""))]).await;
    let place = Place::new();
    let ran = place.get(&["--continue", &server.url("/file")]).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    assert_eq!(ranges(&server), [NO_RANGE]);
    assert_whole(&place, WHOLE, "without a part");
}

/// A part that someone else has made, or changed, does not become a file.
#[tokio::test]
async fn part_without_a_validator_beside_it_is_not_continued() {
    let server = server(vec![closing(&whole(WHOLE, "\"v1\""))]).await;
    let place = Place::new();
    place.write("file.part", b"something else");
    let ran = place.get(&["--continue", &server.url("/file")]).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    assert_eq!(ranges(&server), [NO_RANGE]);
    assert_whole(&place, WHOLE, "a part of someone else");
}

/// A transfer can end between its last byte and its verdict.
#[tokio::test]
async fn part_that_is_already_complete_becomes_the_file() {
    let first = whole(WHOLE, "\"v1\"").field("repr-digest", sha256(WHOLE));
    // The content has no more bytes than these, but the client waits for its end.
    let mut chunked = first.clone();
    chunked.fields.retain(|(name, _)| name != "content-length");
    let bytes =
        [chunked.http1_head(), format!("{:x}\r\n", WHOLE.len()).into_bytes(), WHOLE.to_vec()].concat();
    let unsatisfied =
        Answer::new("").sized().status(416).field("content-range", format!("bytes */{}", WHOLE.len()));
    let scripts =
        vec![vec![Step::Request, Step::Send(bytes), Step::Close], closing(&unsatisfied), closing(&first)];
    let server = server(scripts).await;
    let place = Place::new();
    let ran = place.get(&[&server.url("/file")]).await;
    assert_eq!(ran.code(), 6, "{ran:?}");
    assert_eq!(place.read("file.part").as_deref(), Some(WHOLE));
    let ran = place.get(&["--continue", &server.url("/file")]).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    assert_whole(&place, WHOLE, "416");
}

#[tokio::test]
async fn part_can_be_cut_again_and_again() {
    let etag = "\"v1\"";
    let mut scripts = vec![cut(&whole(WHOLE, etag))];
    for from in CUT_AT..WHOLE.len() - 1 {
        let answer = part(WHOLE, from, etag).field("repr-digest", sha256(WHOLE));
        let bytes = [&answer.http1_head()[..], &answer.content[..1]].concat();
        scripts.push(vec![Step::Request, Step::Send(bytes), Step::Close]);
    }
    scripts.push(closing(&part(WHOLE, WHOLE.len() - 1, etag).field("repr-digest", sha256(WHOLE))));
    let runs = scripts.len();
    let server = server(scripts).await;
    let place = Place::new();
    for n in 0..runs {
        let ran = place.get(&["--continue", &server.url("/file")]).await;
        assert_eq!(ran.code(), if n + 1 < runs { 6 } else { 0 }, "{n}: {ran:?}");
    }
    let expected: Vec<_> =
        std::iter::once(NO_RANGE).chain((CUT_AT..WHOLE.len()).map(|at| from(at, etag))).collect();
    assert_eq!(ranges(&server), expected);
    assert_whole(&place, WHOLE, "all parts");
}

#[tokio::test]
async fn retry_continues_by_itself() {
    let etag = "\"v1\"";
    let rest = || closing(&part(WHOLE, CUT_AT, etag).field("repr-digest", sha256(WHOLE)));
    let refused = |status: u16| closing(&Answer::new("").sized().status(status).field("retry-after", "0"));
    let rows = [
        ("cut once", &["--retry", "2"][..], vec![cut(&whole(WHOLE, etag)), rest()], 0, 2),
        ("no retry", &[], vec![cut(&whole(WHOLE, etag)), rest()], 6, 1),
        ("cut too often", &["--retry", "1"], vec![cut(&whole(WHOLE, etag)); 3], 6, 2),
        ("busy", &["--retry", "2"], vec![refused(503), closing(&whole(WHOLE, etag))], 0, 2),
        ("busy, then cut", &["--retry", "2"], vec![refused(503), cut(&whole(WHOLE, etag)), rest()], 0, 3),
        ("too many requests", &["--retry", "1"], vec![refused(429), closing(&whole(WHOLE, etag))], 0, 2),
        ("not found", &["--retry", "2"], vec![refused(404), closing(&whole(WHOLE, etag))], 5, 1),
        (
            "a wrong digest",
            &["--retry", "2"],
            vec![
                closing(&whole(WHOLE, etag).field("repr-digest", sha256(CHANGED))),
                closing(&whole(WHOLE, etag)),
            ],
            7,
            1,
        ),
        (
            "closed without a response",
            &["--retry", "1"],
            vec![vec![Step::Request, Step::Close], closing(&whole(WHOLE, etag))],
            0,
            2,
        ),
    ];
    join_all(rows.map(|(what, options, scripts, code, requests)| async move {
        let server = server(scripts).await;
        let place = Place::new();
        let ran = place.get(&[options, &[&server.url("/file")]].concat()).await;
        assert_eq!(ran.code(), code, "{what}: {ran:?}");
        assert_eq!(ranges(&server).len(), requests, "{what}: {:?}", ranges(&server));
        if code == 0 {
            assert_whole(&place, WHOLE, what);
        }
    }))
    .await;
}

/// On standard output, what was written can't be taken back.
#[tokio::test]
async fn retry_to_standard_output_never_repeats_bytes() {
    let etag = "\"v1\"";
    for (rest, code, output) in [
        (closing(&part(WHOLE, CUT_AT, etag)), 0, WHOLE),
        (closing(&whole(CHANGED, "\"v2\"")), 6, &WHOLE[..CUT_AT]),
    ] {
        let server = server(vec![cut(&whole(WHOLE, etag)), rest]).await;
        let ran = Place::new().run(&["get", "--retry", "1", "-o", "-", &server.url("/file")]).await;
        let is_as_expected = ran.code() == code && ran.stdout == output;
        // Not to repeat at all is as right.
        let is_cut = ran.code() == 6 && ran.stdout == WHOLE[..CUT_AT];
        assert!(is_as_expected || is_cut, "{ran:?}");
    }
}
