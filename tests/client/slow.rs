//! A server that is too slow does not keep the client: without a connection, without a response, or in the content.

use crate::support::{
    client::{Place, WIRES, Wire, sha256},
    scripted::{Answer, Frames, Scripted, Security, Step},
};
use futures_util::future::join_all;
use std::time::Duration;

const CONTENT: &[u8] = b"one byte after the other";

fn answer() -> Answer {
    Answer::new(CONTENT).field("trailer", "content-digest").trailer("content-digest", sha256(CONTENT))
}

/// Sends the head and a part of the content, and then nothing.
fn stalled(wire: Wire) -> Vec<Step> {
    if wire.is_http2 {
        return Step::respond(true, answer().http2_head(1).data(1, 0, &CONTENT[..9]));
    }
    Step::respond(false, [&answer().http1_head()[..], b"9\r\none byte \r\n"].concat())
}

#[tokio::test]
async fn transfer_without_a_byte_for_too_long_is_a_cut() {
    join_all(WIRES.map(|wire| async move {
        let script = stalled(wire);
        let server = Scripted::start(wire.security(), move |_| script.clone()).await;
        let place = Place::new();
        let ran = place.get(&[wire.options(), &["--speed-time", "1", &server.url("/file")]].concat()).await;
        let report = ran.report();
        assert_eq!((&report["verdict"], ran.code()), (&"cut".into(), 6), "{wire:?}: {ran:?}");
        assert!(
            report["message"].as_str().expect("text").contains("no progress for 1 s"),
            "{wire:?}: {ran:?}"
        );
        assert_eq!(place.read("file"), None, "{wire:?}");
    }))
    .await;
}

/// The whole takes longer than the bound, but no byte does.
#[tokio::test]
async fn slow_transfer_is_not_a_stalled_one() {
    join_all(WIRES.map(|wire| async move {
        let pause = Duration::from_millis(100);
        let mut script = Step::respond(wire.is_http2, &b""[..]);
        let bytes = if wire.is_http2 {
            let each =
                CONTENT.iter().fold(answer().http2_head(1), |frames, byte| frames.data(1, 0, &[*byte]));
            each.then(Frames::new().section(1, 1, [("content-digest", sha256(CONTENT).as_bytes())])).into()
        } else {
            answer().http1()
        };
        let size = bytes.len() / 30;
        script.push(Step::Pace { bytes, size, pause });
        let server = Scripted::start(wire.security(), move |_| script.clone()).await;
        let ran =
            Place::new().get(&[wire.options(), &["--speed-time", "2", &server.url("/file")]].concat()).await;
        let report = ran.report();
        assert_eq!((&report["verdict"], ran.code()), (&"verified".into(), 0), "{wire:?}: {ran:?}");
        assert!(report["seconds"].as_f64().expect("a number") > 2.0, "{wire:?}: {report}");
    }))
    .await;
}

#[tokio::test]
async fn response_that_does_not_come_is_a_timeout() {
    join_all(WIRES.map(|wire| async move {
        let script = Step::respond(wire.is_http2, &b""[..]);
        let server = Scripted::start(wire.security(), move |_| script.clone()).await;
        for option in ["--max-time", "--speed-time"] {
            let ran =
                Place::new().get(&[wire.options(), &[option, "1", &server.url("/file")]].concat()).await;
            assert_eq!(
                (&ran.report()["verdict"], ran.code()),
                (&"not_connected".into(), 3),
                "{option} over {wire:?}: {ran:?}"
            );
        }
    }))
    .await;
}

#[tokio::test]
async fn transfer_that_takes_too_long_is_a_cut() {
    join_all(WIRES.map(|wire| async move {
        let head = if wire.is_http2 { answer().http2_head(1).into() } else { answer().http1_head() };
        let byte = if wire.is_http2 { Frames::new().data(1, 0, b"a").into() } else { b"1\r\na\r\n".to_vec() };
        // For ever, to this client.
        let endless =
            Step::Pace { size: byte.len(), bytes: byte.repeat(1000), pause: Duration::from_millis(50) };
        let script = [Step::respond(wire.is_http2, head), vec![endless]].concat();
        let server = Scripted::start(wire.security(), move |_| script.clone()).await;
        let place = Place::new();
        let ran = place.get(&[wire.options(), &["--max-time", "1", &server.url("/file")]].concat()).await;
        assert_eq!((&ran.report()["verdict"], ran.code()), (&"cut".into(), 6), "{wire:?}: {ran:?}");
        assert_eq!(place.read("file"), None, "{wire:?}");
        // As after any cut, the beginning can be continued.
        assert!(place.read("file.part").is_some_and(|part| part.starts_with(b"aa")), "{wire:?}: {ran:?}");
    }))
    .await;
}

#[tokio::test]
async fn fast_transfer_is_not_cut_by_its_bounds() {
    let bounds = ["--max-time", "20", "--connect-timeout", "20", "--speed-time", "20"];
    for wire in WIRES {
        let server = wire.answering(&answer()).await;
        let ran = Place::new().get(&[wire.options(), &bounds, &[&server.url("/file")]].concat()).await;
        assert_eq!(ran.code(), 0, "{wire:?}: {ran:?}");
    }
}

/// It accepts the TCP connection, but does not answer the TLS handshake.
#[tokio::test]
async fn handshake_that_does_not_end_is_no_connection() {
    let server = Scripted::plain(Vec::new()).await;
    let url = format!("https://localhost:{}/file", server.address.port());
    for option in ["--connect-timeout", "--max-time"] {
        let ran = Place::new().get(&[option, "1", &url]).await;
        assert_eq!((&ran.report()["verdict"], ran.code()), (&"not_connected".into(), 3), "{option}: {ran:?}");
    }
}

#[tokio::test]
async fn connection_that_is_closed_at_once_is_no_success() {
    // A reset can come so early that there is no connection.
    for (scheme, end, codes) in [
        ("http", Step::Close, &[6][..]),
        ("http", Step::Reset, &[3, 6]),
        ("https", Step::Close, &[4]),
        ("https", Step::Reset, &[3, 4]),
    ] {
        let server = Scripted::plain(vec![end.clone()]).await;
        let ran = Place::new().get(&[&format!("{scheme}://localhost:{}/file", server.address.port())]).await;
        assert!(codes.contains(&ran.code()), "{scheme}, {end:?}: {ran:?}");
    }
}

/// A bound is for each transfer.
#[tokio::test]
async fn next_url_has_the_whole_time() {
    let wire = WIRES[0];
    let (first, second) = (stalled(wire), Step::answer(false, &answer()));
    let script = move |n| if n == 0 { first.clone() } else { second.clone() };
    let server = Scripted::start(Security::Plain, script).await;
    let place = Place::new();
    let ran = place.get(&["--max-time", "1.5", &server.url("/a"), &server.url("/b")]).await;
    let codes: Vec<_> = ran.reports().iter().map(|report| report["exit_code"].clone()).collect();
    assert_eq!((ran.code(), codes), (6, vec![6.into(), 0.into()]), "{ran:?}");
}
