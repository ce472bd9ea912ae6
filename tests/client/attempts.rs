//! Which requests `--continue` and `--retry` make if the answer is none that they can use.

use crate::support::{
    client::{Place, sha256},
    scripted::{Answer, Scripted, Security, Step, http1_requests},
};

const WHOLE: &[u8] = b"the first half, and the other half";
const CUT_AT: usize = 15;
const ETAG: &str = "\"v1\"";

fn whole() -> Answer {
    Answer::new(WHOLE).sized().field("etag", ETAG)
}

fn part(from: usize) -> Answer {
    let range = format!("bytes {from}-{}/{}", WHOLE.len() - 1, WHOLE.len());
    let answer = Answer::new(&WHOLE[from..]).sized().status(206).field("etag", ETAG);
    answer.field("content-range", range).field("repr-digest", sha256(WHOLE))
}

/// Without this field.
fn without(mut answer: Answer, field: &str) -> Answer {
    answer.fields.retain(|(name, _)| name != field);
    answer
}

/// Sends this much of what follows the head, and closes.
fn cut(answer: &Answer, at: usize) -> Vec<Step> {
    let bytes = [&answer.http1_head()[..], &answer.http1_content()[..at]].concat();
    vec![Step::Request, Step::Send(bytes), Step::Close]
}

fn closing(answer: &Answer) -> Vec<Step> {
    vec![Step::Request, Step::Send(answer.clone().field("connection", "close").http1()), Step::Close]
}

async fn server(scripts: Vec<Vec<Step>>) -> Scripted {
    Scripted::start(Security::Plain, move |n| scripts[n.min(scripts.len() - 1)].clone()).await
}

/// The `Range` field of each request.
fn ranges(server: &Scripted) -> Vec<String> {
    let received = server.received();
    let requests = received.iter().flat_map(|bytes| http1_requests(bytes.as_bytes()));
    requests.map(|request| request.field("range").unwrap_or_default().to_owned()).collect()
}

fn from(position: usize) -> String {
    format!("bytes={position}-")
}

/// A request for the whole has no such field.
fn no_range() -> String {
    String::new()
}

/// The response to a request for the last byte has the digest of the whole. There is none for an empty rest.
#[tokio::test]
async fn last_byte_of_a_complete_part_is_requested_again_to_verify_the_whole() {
    let end = WHOLE.len();
    let chunked = without(whole(), "content-length");
    // All content, but not its end.
    let unended = cut(&chunked, chunked.http1_content().len() - 5);
    let empty =
        closing(&Answer::new("").sized().status(416).field("content-range", format!("bytes */{end}")));
    for (what, scripts, requested) in [
        (
            "an unknown length",
            vec![unended, empty, closing(&part(end - 1))],
            vec![no_range(), from(end), from(end - 1)],
        ),
        // Nothing but a digest is missing.
        ("a known length", vec![closing(&whole()), closing(&part(end - 1))], vec![no_range(), from(end - 1)]),
    ] {
        let server = server(scripts).await;
        let place = Place::new();
        let first = place.get(&["--require-digest", &server.url("/file")]).await;
        assert!([6, 8].contains(&first.code()), "{what}: {first:?}");
        assert_eq!(place.read("file.part").as_deref(), Some(WHOLE), "{what}: {first:?}");
        let ran = place.get(&["--require-digest", "--continue", &server.url("/file")]).await;
        assert_eq!(ran.code(), 0, "{what}: {ran:?}");
        assert_eq!(ranges(&server), requested, "{what}");
        let report = ran.report();
        assert_eq!((&report["resumed_from"], &report["bytes"]), (&(end - 1).into(), &1.into()), "{report}");
        assert_eq!((place.read("file").as_deref(), place.names()), (Some(WHOLE), vec!["file".to_owned()]));
    }
}

/// A server that always says that the rest is empty is asked for the whole in the end.
#[tokio::test]
async fn server_that_has_no_range_is_asked_for_the_whole() {
    for (length, requested) in [
        (WHOLE.len(), vec![no_range(), from(CUT_AT), no_range()]),
        (CUT_AT, vec![no_range(), from(CUT_AT), from(CUT_AT - 1), no_range()]),
    ] {
        let empty = Answer::new("").sized().status(416).field("content-range", format!("bytes */{length}"));
        let mut scripts = vec![closing(&empty); requested.len()];
        scripts[0] = cut(&whole(), CUT_AT);
        scripts[requested.len() - 1] = closing(&whole());
        let server = server(scripts).await;
        let place = Place::new();
        assert_eq!(place.get(&[&server.url("/file")]).await.code(), 6);
        let ran = place.get(&["--continue", &server.url("/file")]).await;
        assert_eq!((ran.code(), ranges(&server)), (0, requested), "{ran:?}");
        assert!(ran.report()["notes"].to_string().contains("starting over"), "{ran:?}");
        assert_eq!(place.read("file").as_deref(), Some(WHOLE));
    }
}

/// A refusal is no reason to lose what is there.
#[tokio::test]
async fn part_stays_as_it_is_if_the_server_refuses() {
    for (option, status) in [("--continue", 404), ("--continue", 503), ("--quiet", 404)] {
        let refusal = Answer::new("no").sized().status(status);
        let server = server(vec![cut(&whole(), CUT_AT), closing(&refusal)]).await;
        let place = Place::new();
        assert_eq!(place.get(&[&server.url("/file")]).await.code(), 6);
        let before = (place.read("file.part"), place.read("file.part.json"));
        assert!(before.0.is_some() && before.1.is_some());
        let ran = place.get(&[option, &server.url("/file")]).await;
        assert_eq!(ran.code(), 5, "{ran:?}");
        assert_eq!((place.read("file.part"), place.read("file.part.json")), before, "{option}");
    }
}

/// A part that ends before the end of the whole is right, but not enough.
#[tokio::test]
async fn rest_that_is_too_short_is_a_cut_and_can_be_continued() {
    let middle = {
        let range = format!("bytes {CUT_AT}-{}/{}", CUT_AT + 4, WHOLE.len());
        let answer = Answer::new(&WHOLE[CUT_AT..CUT_AT + 5]).sized().status(206).field("etag", ETAG);
        answer.field("content-range", range)
    };
    let scripts = vec![cut(&whole(), CUT_AT), closing(&middle), closing(&part(CUT_AT + 5))];
    let server = server(scripts).await;
    let place = Place::new();
    for (n, code) in [6, 6, 0].into_iter().enumerate() {
        let ran = place.get(&["--continue", &server.url("/file")]).await;
        assert_eq!(ran.code(), code, "{n}: {ran:?}");
    }
    assert_eq!(ranges(&server), [no_range(), from(CUT_AT), from(CUT_AT + 5)]);
    assert_eq!(place.read("file").as_deref(), Some(WHOLE));
}

/// If only the rest has a digest, nothing verifies the beginning. The report says that, and it is not enough if a digest is
/// required.
#[tokio::test]
async fn digest_of_the_rest_does_not_verify_the_beginning() {
    let rest = without(part(CUT_AT), "repr-digest").field("content-digest", sha256(&WHOLE[CUT_AT..]));
    for (options, code, says) in [
        (&[][..], 0, format!("only the part from byte {CUT_AT} on")),
        (&["--require-digest"], 8, format!("resumed at byte {CUT_AT}")),
    ] {
        let server = server(vec![cut(&whole(), CUT_AT), closing(&rest)]).await;
        let place = Place::new();
        assert_eq!(place.get(&[&server.url("/file")]).await.code(), 6);
        let ran = place.get(&[&["--continue"], options, &[&server.url("/file")]].concat()).await;
        assert_eq!(ran.code(), code, "{ran:?}");
        assert!(ran.report()["message"].to_string().contains(&says), "{ran:?}");
        assert_eq!(place.read("file").is_some(), code == 0);
    }
}

/// Standard output has no beginning to go back to.
#[tokio::test]
async fn retry_to_standard_output_goes_on_and_verifies_the_whole() {
    let wrong = without(part(CUT_AT), "repr-digest").field("repr-digest", sha256(b"other"));
    let changed = without(whole(), "etag").field("etag", "\"v2\"");
    for (what, options, rest, code, output) in [
        ("right", &["--retry", "1"][..], part(CUT_AT), 0, WHOLE),
        ("wrong", &["--retry", "1"], wrong, 7, WHOLE),
        ("changed", &["--retry", "1"], changed, 6, &WHOLE[..CUT_AT]),
        ("no retry", &[], part(CUT_AT), 6, &WHOLE[..CUT_AT]),
    ] {
        let server = server(vec![cut(&whole(), CUT_AT), closing(&rest)]).await;
        let ran = Place::new().run(&[&["get"], options, &[&server.url("/file")]].concat()).await;
        assert_eq!((ran.code(), &ran.stdout[..]), (code, output), "{what}: {ran:?}");
        assert_eq!(ran.stderr.contains("next attempt in 1 s"), !options.is_empty(), "{what}: {ran:?}");
    }
}

#[tokio::test]
async fn pause_that_is_too_long_is_not_waited_for() {
    for (options, retry_after, says) in [
        (&["--retry", "5"][..], "301", "asks for a pause of 301 s"),
        (&["--retry", "5"], "99999999999999999999999", "asks for a pause of"),
        (&["--retry", "5", "--max-time", "30"], "60", "--max-time leaves no time"),
    ] {
        let refusal = Answer::new("").sized().status(503).field("retry-after", retry_after);
        let server = server(vec![closing(&refusal)]).await;
        let ran = Place::new().get(&[options, &[&server.url("/file")]].concat()).await;
        assert_eq!((ran.code(), ranges(&server).len()), (5, 1), "{ran:?}");
        assert!(ran.report()["notes"].to_string().contains(says), "{ran:?}");
    }
}

#[tokio::test]
async fn user_s_range_is_a_request_for_a_part_and_not_to_be_continued() {
    let server = server(vec![closing(&part(CUT_AT))]).await;
    let place = Place::new();
    let ran = place.get(&["-H", "Range: bytes=15-", &server.url("/file")]).await;
    assert_eq!((ran.code(), place.read("file").as_deref()), (0, Some(&WHOLE[CUT_AT..])), "{ran:?}");
    let ran = place.get(&["-H", "Range: bytes=15-", "--continue", &server.url("/file")]).await;
    assert_eq!((ran.code(), ranges(&server).len()), (2, 1), "{ran:?}");
    assert!(ran.stderr.contains("leave out the header field Range"), "{ran:?}");
}

/// What is not there can't replace a file, or a part of it.
#[tokio::test]
async fn file_is_untouched_by_a_success_without_content() {
    const CONDITION: [&str; 2] = ["-H", "If-None-Match: \"v1\""];
    for (status, options, code) in [
        (304, &CONDITION[..], 0),
        (304, &[], 5),
        (304, &["--continue"], 5),
        (204, &[], 0),
        (204, &["--continue"], 0),
    ] {
        let head = format!("HTTP/1.1 {status} Status\r\netag: \"v1\"\r\nconnection: close\r\n\r\n");
        let without_content = vec![Step::Request, Step::Send(head.into_bytes()), Step::Close];
        let server = server(vec![cut(&whole(), CUT_AT), without_content]).await;
        let place = Place::new();
        place.write("file", b"before");
        assert_eq!(place.get(&[&server.url("/file")]).await.code(), 6);
        let before = place.names();
        let ran = place.get(&[options, &[&server.url("/file")]].concat()).await;
        assert_eq!((ran.code(), place.names()), (code, before), "{status} {options:?}: {ran:?}");
        assert_eq!(place.read("file").as_deref(), Some(&b"before"[..]), "{status} {options:?}");
        assert_eq!(place.read("file.part").as_deref(), Some(&WHOLE[..CUT_AT]), "{status} {options:?}");
        let says_so = ran.report()["message"].to_string().contains("so nothing was written");
        assert_eq!(says_so, code == 0, "{status} {options:?}: {ran:?}");
    }
}
