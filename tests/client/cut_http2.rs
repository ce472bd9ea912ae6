//! A message over HTTP/2 that is cut or reset is never taken for a whole one.

use crate::support::{
    client::{Place, Ran, WIRES, Wire, sha256},
    scripted::{Answer, END_STREAM, Frames, Scripted, Step},
};
use serde_json::Value;

const CONTENT: &[u8] = b"content in one frame";

const PLAIN: Wire = WIRES[2];
const TLS: Wire = WIRES[3];

fn with_trailers() -> Answer {
    Answer::new(CONTENT)
        .field("trailer", "content-digest, x-rows")
        .trailer("content-digest", sha256(CONTENT))
        .trailer("x-rows", "2")
}

async fn get(place: &Place, wire: Wire, urls: &[String]) -> Ran {
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    place.get(&[wire.options(), &urls].concat()).await
}

/// Cuts frames before each of their bytes, and then sends them whole, each time on a connection of its own.
async fn cut_everywhere(wire: Wire, frames: &Frames, end: &Step, whole: &str) {
    let length = frames.len();
    let steps = {
        let (bytes, end) = (Vec::from(frames.clone()), end.clone());
        move |sent: usize| {
            let mut steps = Step::respond(true, &bytes[..sent.min(length)]);
            steps.push(end.clone());
            steps
        }
    };
    let server = Scripted::start(wire.security(), steps).await;
    // A reset can overtake the last bytes.
    let lengths = if matches!(end, Step::Reset) { 0..length } else { 0..length + 1 };
    let urls: Vec<_> = lengths.clone().map(|sent| server.url(&format!("/{sent}"))).collect();
    let place = Place::new();
    let ran = get(&place, wire, &urls).await;
    let reports = ran.reports();
    assert_eq!(reports.len(), lengths.len(), "{end:?} over {wire:?}");
    for (sent, report) in reports.iter().enumerate() {
        let what = format!("{sent} of {length} bytes, then {end:?} over {wire:?}: {report}");
        let is_whole = sent == length;
        assert_eq!(report["verdict"], if is_whole { whole } else { "cut" }, "{what}");
        assert_eq!(report["exit_code"], if is_whole { 0 } else { 6 }, "{what}");
        let file = place.read(&sent.to_string());
        assert_eq!(file.as_deref(), is_whole.then_some(CONTENT), "{what}");
        let part = place.read(&format!("{sent}.part"));
        assert!(part.as_ref().is_none_or(|part| !is_whole && CONTENT.starts_with(part)), "{part:?}: {what}");
    }
    assert_eq!(server.received().len(), lengths.len(), "no request was repeated");
}

#[tokio::test]
async fn frames_cut_at_each_byte_are_cut() {
    for (answer, whole) in [
        (with_trailers(), "verified"),
        (Answer::new(CONTENT), "unverified"),
        (Answer::new(CONTENT).sized(), "unverified"),
        (Answer::new(CONTENT).field("content-digest", sha256(CONTENT)), "verified"),
    ] {
        for end in [Step::Close, Step::Reset] {
            cut_everywhere(PLAIN, &answer.http2(1), &end, whole).await;
        }
    }
}

#[tokio::test]
async fn frames_cut_at_each_byte_over_tls_are_cut() {
    for end in [Step::Close, Step::Abort] {
        cut_everywhere(TLS, &with_trailers().http2(1), &end, "verified").await;
    }
}

/// The codes of RFC 9113 §7 with their names, and one that has none.
const CODES: [(u32, &str); 15] = [
    (0, "NO_ERROR"),
    (1, "PROTOCOL_ERROR"),
    (2, "INTERNAL_ERROR"),
    (3, "FLOW_CONTROL_ERROR"),
    (4, "SETTINGS_TIMEOUT"),
    (5, "STREAM_CLOSED"),
    (6, "FRAME_SIZE_ERROR"),
    (7, "REFUSED_STREAM"),
    (8, "CANCEL"),
    (9, "COMPRESSION_ERROR"),
    (10, "CONNECT_ERROR"),
    (11, "ENHANCE_YOUR_CALM"),
    (12, "INADEQUATE_SECURITY"),
    (13, "HTTP_1_1_REQUIRED"),
    (2989, "code 2989"),
];

/// Checks that a transfer was cut, with a code in the message.
fn assert_cut_with(report: &Value, name: &str, what: &str) {
    assert_eq!((&report["verdict"], &report["exit_code"]), (&"cut".into(), &6.into()), "{what}: {report}");
    assert!(report["message"].as_str().expect("text").contains(name), "{what} with {name}: {report}");
}

#[tokio::test]
async fn reset_with_any_code_is_a_cut_and_the_code_is_shown() {
    let half = |stream: u8| with_trailers().http2_head(stream).data(stream, 0, &CONTENT[..9]);
    for (what, before) in [
        ("after the head", (|stream| with_trailers().http2_head(stream)) as fn(u8) -> Frames),
        ("in the content", half),
        ("before the trailers", |stream| with_trailers().http2_head(stream).data(stream, 0, CONTENT)),
    ] {
        // All on one connection, which stays open.
        let mut steps = Vec::new();
        for (n, (code, _)) in CODES.iter().enumerate() {
            let stream = u8::try_from(2 * n + 1).expect("few streams");
            let frames = before(stream).reset(stream, *code);
            match n {
                0 => steps.extend(Step::respond(true, frames)),
                _ => steps.extend([Step::Request, Step::Send(frames.into())]),
            }
        }
        let server = Scripted::start(TLS.security(), move |_| steps.clone()).await;
        let urls: Vec<_> = CODES.iter().map(|(code, _)| server.url(&format!("/{code}"))).collect();
        let place = Place::new();
        let ran = get(&place, TLS, &urls).await;
        let reports = ran.reports();
        assert_eq!(reports.len(), CODES.len(), "{ran:?}");
        for ((code, name), report) in CODES.iter().zip(&reports) {
            assert_cut_with(report, name, what);
            assert_eq!(place.read(&code.to_string()), None, "{name} {what}");
        }
        assert_eq!(server.received().len(), 1, "one connection, {what}");
    }
}

#[tokio::test]
async fn reset_before_the_response_is_a_cut() {
    for (code, name) in CODES {
        let script = Step::respond(true, Frames::new().reset(1, code));
        let server = Scripted::start(PLAIN.security(), move |_| script.clone()).await;
        let ran = get(&Place::new(), PLAIN, &[server.url("/file")]).await;
        assert_cut_with(&ran.report(), name, "before the head");
    }
}

/// RFC 9113 §8.1: a server that needs no more of the request may say so after a whole response.
#[tokio::test]
async fn reset_after_the_end_changes_nothing() {
    for (code, name) in CODES {
        let script = Step::respond(true, with_trailers().http2(1).reset(1, code));
        let server = Scripted::start(PLAIN.security(), move |_| script.clone()).await;
        let place = Place::new();
        let ran = get(&place, PLAIN, &[server.url("/file")]).await;
        assert_eq!((&ran.report()["verdict"], ran.code()), (&"verified".into(), 0), "{name}: {ran:?}");
        assert_eq!(place.read("file").as_deref(), Some(CONTENT), "{name}");
    }
}

#[tokio::test]
async fn connection_that_ends_with_goaway_is_a_cut() {
    let begun = |stream: u8| with_trailers().http2_head(stream).data(stream, 0, &CONTENT[..9]);
    for (code, name) in CODES {
        let closed = [Step::respond(true, begun(1).goaway(1, code)), vec![Step::Close]].concat();
        // Whichever of both is noticed first is shown.
        let server = Scripted::start(PLAIN.security(), move |_| closed.clone()).await;
        let ran = get(&Place::new(), PLAIN, &[server.url("/file")]).await;
        assert_eq!((&ran.report()["verdict"], ran.code()), (&"cut".into(), 6), "{name}: {ran:?}");
        // With NO_ERROR, streams may go on.
        if code != 0 {
            let goaway = Step::respond(true, begun(1).goaway(0, code));
            let server = Scripted::start(PLAIN.security(), move |_| goaway.clone()).await;
            let ran = get(&Place::new(), PLAIN, &[server.url("/file")]).await;
            assert_cut_with(&ran.report(), name, "GOAWAY");
        }
    }
}

/// RFC 9113 §6.8: streams up to the last one in a GOAWAY end as they would have.
#[tokio::test]
async fn graceful_goaway_lets_the_transfer_end_and_the_next_one_uses_another_connection() {
    let begun = with_trailers().http2_head(1).data(1, 0, &CONTENT[..9]).goaway(1, 0);
    let rest = with_trailers();
    let trailers = rest.trailers.as_ref().expect("trailers");
    let trailers = trailers.iter().map(|(name, value)| (&**name, &**value));
    let rest = Frames::new().data(1, 0, &CONTENT[9..]).section(1, END_STREAM, trailers);
    let script = Step::respond(true, begun.then(rest));
    let server = Scripted::start(TLS.security(), move |_| script.clone()).await;
    let place = Place::new();
    let ran = get(&place, TLS, &[server.url("/a"), server.url("/b")]).await;
    for report in ran.reports() {
        assert_eq!(report["verdict"], "verified", "{ran:?}");
    }
    assert_eq!(place.names(), ["a", "b"]);
    assert_eq!(server.received().len(), 2);
}

/// RFC 9113 §8.1.1: the content must have the announced length.
#[tokio::test]
async fn content_of_another_length_than_announced_is_a_cut() {
    let answer = |length: usize| Answer::new(CONTENT).field("content-length", length.to_string());
    for wire in [PLAIN, TLS] {
        for (announced, code) in [(CONTENT.len(), 0), (CONTENT.len() - 1, 6), (CONTENT.len() + 1, 6), (0, 6)]
        {
            let trailers = answer(announced).trailer("content-digest", sha256(CONTENT));
            for answer in [answer(announced), trailers] {
                let server = wire.answering(&answer).await;
                let place = Place::new();
                let ran = get(&place, wire, &[server.url("/file")]).await;
                assert_eq!(ran.code(), code, "{announced} over {wire:?}: {ran:?}");
                assert_eq!(ran.report()["verdict"] == "cut", code == 6, "{announced} over {wire:?}: {ran:?}");
                assert_eq!(place.read("file").is_some(), code == 0, "{announced} over {wire:?}");
            }
        }
    }
}

#[tokio::test]
async fn frames_after_the_end_change_nothing() {
    let whole = || with_trailers().http2(1);
    for (what, extra) in [
        ("content", Frames::new().data(1, 0, b"more")),
        ("the end again", Frames::new().data(1, END_STREAM, b"more")),
        ("a section", Frames::new().section(1, END_STREAM, [("x-more", &b"1"[..])])),
    ] {
        // The connection may go on: the error can be one of the stream (RFC 9113 §5.1).
        let next = [Step::Request, Step::Send(with_trailers().http2(3).into())];
        let script = [&Step::respond(true, whole().then(extra))[..], &next].concat();
        let server = Scripted::start(TLS.security(), move |_| script.clone()).await;
        let place = Place::new();
        let ran = get(&place, TLS, &[server.url("/a"), server.url("/b")]).await;
        for report in ran.reports() {
            assert_eq!(
                (&report["verdict"], &report["bytes"]),
                (&"verified".into(), &CONTENT.len().into()),
                "{what}: {ran:?}"
            );
        }
        assert_eq!(place.names(), ["a", "b"], "{what}: {ran:?}");
    }
}

/// RFC 9113 §8.1: trailers end the stream, and contain no pseudo-header fields.
#[tokio::test]
async fn malformed_messages_are_cut() {
    let head = || with_trailers().http2_head(1);
    let sent = || head().data(1, 0, CONTENT);
    let field = |name: &'static str, value: &'static [u8]| [(name, value)];
    for (what, frames, code) in [
        ("well-formed", with_trailers().http2(1), 0),
        ("trailers that do not end the stream", sent().section(1, 0, field("x-rows", b"2")), 6),
        // h2 drops it, so the announced fields are missing.
        ("a pseudo-header field", sent().section(1, END_STREAM, field(":status", b"200")), 9),
        ("a name in upper case", sent().section(1, END_STREAM, field("X-Rows", b"2")), 6),
        ("content before the head", Frames::new().data(1, END_STREAM, CONTENT), 6),
        ("no status", Frames::new().section(1, END_STREAM, field("x-a", b"1")), 6),
    ] {
        let script = [Step::respond(true, frames), vec![Step::Close]].concat();
        let server = Scripted::start(PLAIN.security(), move |_| script.clone()).await;
        let place = Place::new();
        let ran = get(&place, PLAIN, &[server.url("/file")]).await;
        assert_eq!(ran.code(), code, "{what}: {ran:?}");
        assert_eq!(place.read("file").is_some(), code == 0, "{what}");
    }
}
