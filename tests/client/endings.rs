//! Where a message ends: at the end of its framing, or of a connection whose end is proven.

use crate::support::{
    client::{Place, WIRES, Wire, hex_sha256, sha256},
    scripted::{Answer, Scripted, Step},
};

const CONTENT: &[u8] = b"up to the end of the connection";

const PLAIN: Wire = WIRES[0];
const TLS: Wire = WIRES[1];

/// A message without a length, whose end is that of the connection.
fn delimited_by_close(version: &str, digest: Option<&[u8]>) -> Vec<u8> {
    let digest = digest.map(|content| format!("content-digest: {}\r\n", sha256(content))).unwrap_or_default();
    [format!("{version} 200 OK\r\n{digest}connection: close\r\n\r\n").as_bytes(), CONTENT].concat()
}

#[tokio::test]
async fn end_of_the_connection_is_an_end_only_if_it_is_proven() {
    let (right, wrong) = (Some(CONTENT), Some(&b"other content"[..]));
    for (wire, digest, end, verdict, code) in [
        (PLAIN, None, Step::Close, "cut", 6),
        (PLAIN, None, Step::Reset, "cut", 6),
        (PLAIN, right, Step::Close, "verified", 0),
        (PLAIN, wrong, Step::Close, "cut", 6),
        (TLS, None, Step::Close, "unverified", 0),
        (TLS, None, Step::Abort, "cut", 6),
        (TLS, right, Step::Close, "verified", 0),
        (TLS, right, Step::Abort, "cut", 6),
        (TLS, wrong, Step::Close, "digest_differs", 7),
    ] {
        for version in ["HTTP/1.1", "HTTP/1.0"] {
            let script = vec![Step::Request, Step::Send(delimited_by_close(version, digest)), end.clone()];
            let server = Scripted::start(wire.security(), move |_| script.clone()).await;
            let place = Place::new();
            let ran = place.get(&[&server.url("/file")]).await;
            let what = format!("{version} over {wire:?}, then {end:?}: {ran:?}");
            let report = ran.report();
            assert_eq!(report["verdict"], verdict, "{what}");
            assert_eq!(ran.code(), code, "{what}");
            assert_eq!(place.read("file").is_some(), code == 0, "{what}");
        }
    }
}

/// A user's digest proves the end as well.
#[tokio::test]
async fn user_s_digest_proves_the_end() {
    for (digest, code) in [(hex_sha256(CONTENT), 0), (hex_sha256(b"other content"), 6)] {
        let bytes = delimited_by_close("HTTP/1.1", None);
        let server = Scripted::plain(vec![Step::Request, Step::Send(bytes), Step::Close]).await;
        let ran = Place::new().get(&["--sha256", &digest, &server.url("/file")]).await;
        assert_eq!(ran.code(), code, "{ran:?}");
    }
}

/// Data after a whole message belongs to no response: it is not content, and the connection is not used again.
#[tokio::test]
async fn data_after_the_end_is_not_content_and_the_next_transfer_uses_another_connection() {
    let digest = sha256(CONTENT);
    let sized = Answer::new(CONTENT).sized().field("content-digest", &digest);
    let chunked = Answer::new(CONTENT).field("trailer", "content-digest").trailer("content-digest", &digest);
    for wire in [PLAIN, TLS] {
        for answer in [&sized, &chunked] {
            for (extra, connections) in
                [(&b""[..], 1), (b"more", 2), (b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged", 2)]
            {
                let first = [&answer.http1(), extra].concat();
                let both = vec![Step::Request, Step::Send(first), Step::Request, Step::Send(answer.http1())];
                let server = Scripted::start(wire.security(), move |_| both.clone()).await;
                let place = Place::new();
                let ran = place.get(&[&server.url("/a"), &server.url("/b")]).await;
                let what = format!("{} over {wire:?}: {ran:?}", extra.escape_ascii());
                for report in ran.reports() {
                    assert_eq!(report["verdict"], "verified", "{what}");
                    assert_eq!(report["bytes"], CONTENT.len(), "{what}");
                }
                assert_eq!(ran.code(), 0, "{what}");
                assert_eq!(place.read("a").as_deref(), Some(CONTENT), "{what}");
                assert_eq!(place.read("b").as_deref(), Some(CONTENT), "{what}");
                assert_eq!(server.received().len(), connections, "{what}");
            }
        }
    }
}

/// RFC 9112 §6.3: two lengths that differ are no length.
#[tokio::test]
async fn contradictory_lengths_are_no_success() {
    for (fields, is_whole) in [
        ("content-length: 5\r\n", true),
        ("content-length: 5\r\ncontent-length: 5\r\n", true),
        ("content-length: 5\r\ncontent-length: 4\r\n", false),
        ("content-length: 5, 4\r\n", false),
        ("content-length: +5\r\n", false),
        ("content-length: 0x5\r\n", false),
        ("content-length: 18446744073709551616\r\n", false),
        ("transfer-encoding: gzip\r\n", false),
    ] {
        let bytes = format!("HTTP/1.1 200 OK\r\n{fields}\r\nhello").into_bytes();
        let server = Scripted::plain(vec![Step::Request, Step::Send(bytes), Step::Close]).await;
        let place = Place::new();
        let ran = place.get(&[&server.url("/file")]).await;
        assert_eq!(ran.code(), if is_whole { 0 } else { 6 }, "{fields}: {ran:?}");
        assert_eq!(place.read("file").is_some(), is_whole, "{fields}");
    }
}

/// RFC 9112 §6.3: these have no content, whatever their fields say. A 304 answers only who has the content already.
#[tokio::test]
async fn response_without_content_is_complete_at_the_end_of_its_head() {
    let conditional = ["-H", "If-None-Match: \"v1\""];
    for (status, options, fields, code) in [
        (204, &[][..], "", 0),
        (204, &[], "content-length: 0\r\n", 0),
        (304, &conditional, "content-length: 5\r\n", 0),
        (304, &conditional, "", 0),
        (304, &[], "", 5),
    ] {
        let bytes = format!("HTTP/1.1 {status} Status\r\n{fields}\r\n").into_bytes();
        let server = Scripted::plain(vec![Step::Request, Step::Send(bytes)]).await;
        let place = Place::new();
        let ran = place.get(&[options, &[&server.url("/file")]].concat()).await;
        assert_eq!(ran.code(), code, "{status} {options:?} {fields}: {ran:?}");
        assert_eq!(place.read("file"), None, "nothing to write: {status} {options:?} {fields}: {ran:?}");
    }
}
