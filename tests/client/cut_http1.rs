//! A message over HTTP/1.1 that is cut anywhere is never taken for a whole one.

use crate::support::{
    client::{Place, WIRES, Wire, sha256},
    scripted::{Answer, Scripted, Step},
};

const CONTENT: &[u8] = b"content in two chunks";

const PLAIN: Wire = WIRES[0];
const TLS: Wire = WIRES[1];

fn chunked() -> Answer {
    Answer::new(CONTENT).field("trailer", "content-digest, x-rows")
}

fn with_trailers() -> Answer {
    chunked().trailer("content-digest", sha256(CONTENT)).trailer("x-rows", "2")
}

/// Cuts a message before each of its bytes, and then sends it whole, each time on a connection of its own. `head` is the
/// length of its header section.
async fn cut_everywhere(wire: Wire, message: &[u8], head: usize, end: &Step, whole: &str) {
    let steps = {
        let (message, end) = (message.to_vec(), end.clone());
        move |sent: usize| {
            vec![Step::Request, Step::Send(message[..sent.min(message.len())].to_vec()), end.clone()]
        }
    };
    let server = Scripted::start(wire.security(), steps).await;
    // A reset can overtake the last bytes.
    let lengths = if matches!(end, Step::Reset) { 0..message.len() } else { 0..message.len() + 1 };
    let urls: Vec<_> = lengths.clone().map(|sent| server.url(&format!("/{sent}"))).collect();
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let place = Place::new();
    let ran = place.get(&urls).await;
    let reports = ran.reports();
    assert_eq!(reports.len(), lengths.len(), "{end:?} over {wire:?}");
    for (sent, (report, received)) in reports.iter().zip(server.received()).enumerate() {
        let what = format!("{sent} of {} bytes, then {end:?} over {wire:?}: {report}", message.len());
        assert!(received.starts_with(&format!("GET /{sent} HTTP/1.1\r\n")), "one request each: {received}");
        let is_whole = sent == message.len();
        assert_eq!(report["verdict"], if is_whole { whole } else { "cut" }, "{what}");
        assert_eq!(report["exit_code"], if is_whole { 0 } else { 6 }, "{what}");
        let file = place.read(&sent.to_string());
        assert_eq!(file.as_deref(), is_whole.then_some(CONTENT), "{what}");
        let part = place.read(&format!("{sent}.part"));
        assert!(part.as_ref().is_none_or(|part| !is_whole && CONTENT.starts_with(part)), "{part:?}: {what}");
        if sent < head {
            assert!(part.is_none(), "{what}");
        }
    }
    assert_eq!(ran.code(), 6, "{ran:?}");
    assert_eq!(server.received().len(), lengths.len(), "no request was repeated");
}

#[tokio::test]
async fn chunked_message_cut_at_each_byte_is_cut() {
    for (answer, whole) in [
        (with_trailers(), "verified"),
        (Answer::new(CONTENT).trailer("x-rows", "2"), "unverified"),
        (Answer::new(CONTENT), "unverified"),
        (Answer::new(CONTENT).field("content-digest", sha256(CONTENT)), "verified"),
    ] {
        for end in [Step::Close, Step::Reset] {
            cut_everywhere(PLAIN, &answer.http1(), answer.http1_head().len(), &end, whole).await;
        }
    }
}

#[tokio::test]
async fn chunked_message_cut_at_each_byte_over_tls_is_cut() {
    let answer = with_trailers();
    for end in [Step::Close, Step::Abort] {
        cut_everywhere(TLS, &answer.http1(), answer.http1_head().len(), &end, "verified").await;
    }
}

#[tokio::test]
async fn message_with_a_length_cut_at_each_byte_is_cut() {
    for (answer, whole) in [
        (Answer::new(CONTENT).sized(), "unverified"),
        (Answer::new(CONTENT).sized().field("content-digest", sha256(CONTENT)), "verified"),
    ] {
        for (wire, end) in
            [(PLAIN, Step::Close), (PLAIN, Step::Reset), (TLS, Step::Close), (TLS, Step::Abort)]
        {
            cut_everywhere(wire, &answer.http1(), answer.http1_head().len(), &end, whole).await;
        }
    }
}

#[tokio::test]
async fn malformed_chunked_content_is_cut_and_says_so() {
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for (content, code) in [
        (&b"5\r\nhello\r\n0\r\n\r\n"[..], 0),
        (b"5\r\nhello\r\n0\r\nx-rows: 1\r\n\r\n", 0),
        (b"5;a=b\r\nhello\r\n0\r\n\r\n", 0),
        (b"x\r\nhello\r\n0\r\n\r\n", 6),
        (b"-5\r\nhello\r\n0\r\n\r\n", 6),
        (b"5\r\nhello!\r\n0\r\n\r\n", 6),
        (b"4\r\nhello\r\n0\r\n\r\n", 6),
        (b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n", 6),
        (b"5\r\nhello\r\n0\r\nno field\r\n\r\n", 6),
        (b"5\r\nhello\r\n0\r\nx-rows: \x01\r\n\r\n", 6),
        (b"5\r\nhello\r\n0\r\nx rows: 1\r\n\r\n", 6),
    ] {
        let bytes = [&head, content].concat();
        let server = Scripted::plain(vec![Step::Request, Step::Send(bytes)]).await;
        let place = Place::new();
        let ran = place.get(&[&server.url("/file")]).await;
        let what = format!("{}: {ran:?}", content.escape_ascii());
        assert_eq!(ran.code(), code, "{what}");
        assert_eq!(ran.report()["verdict"], if code == 0 { "unverified" } else { "cut" }, "{what}");
        assert_eq!(place.read("file").is_some(), code == 0, "{what}");
    }
}
