//! Header and trailer sections are bounded in size and number, over both protocols.

use crate::support::{
    client::{Place, Ran, WIRES, Wire, sha256},
    scripted::{Answer, Scripted, Step},
};

const CONTENT: &[u8] = b"between two sections";

fn answer() -> Answer {
    Answer::new(CONTENT).field("trailer", "content-digest").trailer("content-digest", sha256(CONTENT))
}

async fn get(place: &Place, wire: Wire, answer: &Answer) -> Ran {
    let server = wire.answering(answer).await;
    place.get(&[wire.options(), &[&server.url("/file")]].concat()).await
}

/// So many fields with values of this size.
fn fields(number: usize, size: usize) -> impl Iterator<Item = (String, String)> {
    (0..number).map(move |n| (format!("x-{n}"), "a".repeat(size)))
}

#[tokio::test]
async fn large_trailer_section_is_a_cut() {
    for wire in WIRES {
        for (number, size, is_fine) in [
            (1, 8 * 1024, true),
            (60, 100, true),
            (1, 1024 * 1024, false),
            (64, 16 * 1024, false),
            (1000, 1, false),
            (1000, 1024, false),
            (10_000, 1, false),
        ] {
            let answer =
                fields(number, size).fold(answer(), |answer, (name, value)| answer.trailer(&name, value));
            let place = Place::new();
            let ran = get(&place, wire, &answer).await;
            let what = format!("{number} trailers of {size} bytes over {wire:?}: {ran:?}");
            assert_eq!(ran.report()["verdict"], if is_fine { "verified" } else { "cut" }, "{what}");
            assert_eq!(ran.code(), if is_fine { 0 } else { 6 }, "{what}");
            assert_eq!(place.read("file").is_some(), is_fine, "{what}");
        }
    }
}

#[tokio::test]
async fn large_header_section_is_a_cut() {
    for wire in WIRES {
        for (number, size, is_fine) in [
            (1, 8 * 1024, true),
            (60, 100, true),
            (1, 1024 * 1024, false),
            (64, 16 * 1024, false),
            (1000, 1024, false),
            (10_000, 1, false),
        ] {
            let answer =
                fields(number, size).fold(answer(), |answer, (name, value)| answer.field(&name, value));
            let place = Place::new();
            let ran = get(&place, wire, &answer).await;
            let what = format!("{number} fields of {size} bytes over {wire:?}: {ran:?}");
            assert_eq!(ran.report()["verdict"], if is_fine { "verified" } else { "cut" }, "{what}");
            assert_eq!(ran.code(), if is_fine { 0 } else { 6 }, "{what}");
            assert_eq!(place.read("file").is_some(), is_fine, "{what}");
        }
    }
}

/// A section, a chunk extension or a line without an end does not fill the memory.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn section_without_an_end_is_cut_in_bounded_memory() {
    let line = |text: &str| [text.as_bytes(), &b"a".repeat(8000)[..]].concat();
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n".to_vec();
    for (what, before, flood) in [
        ("fields", b"HTTP/1.1 200 OK\r\n".to_vec(), line("x-a: b\r\nx-b: ")),
        ("one field", b"HTTP/1.1 200 OK\r\nx-a: ".to_vec(), line("")),
        ("a status line", b"HTTP/1.1 200 ".to_vec(), line("")),
        ("trailers", [&chunked[..], b"0\r\n"].concat(), line("x-a: b\r\nx-b: ")),
        ("one trailer", [&chunked[..], b"0\r\nx-a: "].concat(), line("")),
        ("a chunk extension", [&chunked[..], b"5;"].concat(), line("")),
    ] {
        let times = 256 * 1024 * 1024 / flood.len();
        let script = vec![Step::Request, Step::Send(before), Step::Flood { bytes: flood, times }];
        let server = Scripted::plain(script).await;
        let place = Place::new();
        let url = server.url("/file");
        let mut command = std::process::Command::new("sh");
        // The figure is in KiB. A debug build of the client itself takes some 20 MiB.
        let limited = "ulimit -v 1048576 && exec \"$0\" \"$@\"";
        command
            .args(["-c", limited, env!("CARGO_BIN_EXE_axum-trailers"), "get", "-O", &url])
            .current_dir(place.path());
        let running = tokio::process::Command::from(command).kill_on_drop(true).output();
        let output = crate::support::soon("the end", running).await.expect("started");
        assert_eq!(output.status.code(), Some(6), "{what}: {output:?}");
    }
}
