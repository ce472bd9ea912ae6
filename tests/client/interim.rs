//! Interim responses (1xx) before the response are passed over, and bounded.

use crate::support::{
    client::{Place, WIRES, Wire, sha256},
    scripted::{Answer, Frames, Scripted, Step},
};

const CONTENT: &[u8] = b"after the interim responses";

fn answer() -> Answer {
    Answer::new(CONTENT).field("trailer", "content-digest").trailer("content-digest", sha256(CONTENT))
}

/// An interim response with this status and field.
fn interim(wire: Wire, status: &str, field: (&str, &[u8])) -> Vec<u8> {
    let (name, value) = field;
    if wire.is_http2 {
        return Frames::new().section(1, 0, [(":status", status.as_bytes()), (name, value)]).into();
    }
    [format!("HTTP/1.1 {status} Interim\r\n{name}: ").as_bytes(), value, b"\r\n\r\n"].concat()
}

fn with_answer(wire: Wire, interim: &[u8]) -> Vec<Step> {
    let whole = if wire.is_http2 { answer().http2(1).into() } else { answer().http1() };
    Step::respond(wire.is_http2, [interim, &whole].concat())
}

#[tokio::test]
async fn interim_responses_before_the_response_are_passed_over() {
    let link = ("link", &b"</style.css>; rel=preload"[..]);
    for wire in WIRES {
        for (what, statuses) in [
            ("100", &["100"][..]),
            ("103", &["103"]),
            ("102, 103 and 100", &["102", "103", "100"]),
            ("199", &["199"]),
        ] {
            let interim: Vec<u8> = statuses.iter().flat_map(|status| interim(wire, status, link)).collect();
            let script = with_answer(wire, &interim);
            let server = Scripted::start(wire.security(), move |_| script.clone()).await;
            let place = Place::new();
            let ran = place.get(&[wire.options(), &[&server.url("/file")]].concat()).await;
            let report = ran.report();
            assert_eq!(report["verdict"], "verified", "{what} over {wire:?}: {ran:?}");
            assert_eq!(report["status"], 200, "{what} over {wire:?}");
            assert_eq!(place.read("file").as_deref(), Some(CONTENT), "{what} over {wire:?}");
        }
    }
}

/// A server that sends interim responses for ever gets no patience.
#[tokio::test]
async fn flood_of_interim_responses_is_a_cut() {
    for wire in WIRES {
        for (what, field) in [("small", ("x-a", &b"b"[..])), ("large", ("x-a", &[b'a'; 4000]))] {
            let bytes = interim(wire, "103", field);
            let times = 64 * 1024 * 1024 / bytes.len();
            let steps: Vec<_> = Step::respond(wire.is_http2, &b""[..]);
            let script = [steps, vec![Step::Flood { bytes, times }]].concat();
            let server = Scripted::start(wire.security(), move |_| script.clone()).await;
            let ran = Place::new().get(&[wire.options(), &[&server.url("/file")]].concat()).await;
            let report = ran.report();
            assert_eq!((&report["verdict"], ran.code()), (&"cut".into(), 6), "{what} over {wire:?}: {ran:?}");
            let message = report["message"].as_str().expect("text");
            assert!(
                message.contains("1xx") || message.contains("interim"),
                "{what} over {wire:?}: {message}"
            );
        }
    }
}

/// A client that asked for no other protocol does not get one.
#[tokio::test]
async fn switch_to_another_protocol_is_no_success() {
    let bytes =
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\ncontent".to_vec();
    let server = Scripted::plain(vec![Step::Request, Step::Send(bytes), Step::Close]).await;
    let place = Place::new();
    let ran = place.get(&[&server.url("/file")]).await;
    assert_eq!((&ran.report()["verdict"], ran.code()), (&"refused".into(), 5), "{ran:?}");
    assert_eq!(place.read("file"), None);
}
