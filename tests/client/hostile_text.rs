//! Text from a server can't control the terminal.

use crate::support::{
    client::{CACERT, Place, Ran, WIRES, Wire},
    scripted::{Answer, Scripted, Step},
};

/// Escape sequences as ASCII and as C1, a bell, a backspace, and text that runs from right to left.
const HOSTILE: &[&str] =
    &["\u{1b}[31mred", "\u{9b}31mred", "\u{7}", "\u{8}", "\u{7f}", "\u{202e}txt.exe", "\u{2066}", "\u{feff}"];

/// The single byte, as in a terminal without UTF-8.
const CSI: &[u8] = b"\x9b31mred";

fn assert_harmless(text: &[u8], what: &str) {
    let text = std::str::from_utf8(text).unwrap_or_else(|error| panic!("{error}: {what}"));
    let harmful = text.chars().find(|character| {
        (character.is_control() && !"\n\t".contains(*character))
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    });
    assert_eq!(harmful, None, "{what}: {}", text.escape_debug());
}

/// Nothing of a server's text is dangerous on standard error, or in the objects of `--json`.
async fn check(wire: Wire, script: Vec<Step>, what: &str) -> Ran {
    let server = Scripted::start(wire.security(), move |_| script.clone()).await;
    let place = Place::new();
    let mut last = None;
    for options in [&["--json", "-O", "-v"][..], &["-o", "-", "-L", "-D", "headers"]] {
        let url = server.url("/file");
        let ran = place.run(&[&["get", "--cacert", CACERT], options, wire.options(), &[&url]].concat()).await;
        assert_harmless(ran.stderr.as_bytes(), &format!("{what} with {options:?} over {wire:?}"));
        if options.contains(&"--json") {
            assert_harmless(&ran.stdout, &format!("{what} with {options:?} over {wire:?}"));
            last = Some(ran);
        }
    }
    last.expect("one with --json")
}

/// Values that a field may have: no control characters except a tab.
fn field_values() -> impl Iterator<Item = Vec<u8>> {
    let texts = HOSTILE.iter().map(|text| text.as_bytes().to_vec());
    texts.filter(|value| value.iter().all(|byte| *byte >= 0x20 && *byte != 0x7f)).chain([CSI.to_vec()])
}

#[tokio::test]
async fn fields_and_trailers_are_escaped() {
    for wire in WIRES {
        let mut answer = Answer::new("content");
        for (n, value) in field_values().enumerate() {
            answer = answer.field(&format!("x-field-{n}"), &value).trailer(&format!("x-trailer-{n}"), &value);
        }
        let ran = check(wire, Step::answer(wire.is_http2, &answer), "fields").await;
        assert!(ran.stderr.contains("x-field-0: ") && ran.stderr.contains("x-trailer-0: "), "{ran:?}");
        assert!(ran.stderr.contains("\\u{9b}31mred") && ran.stderr.contains("\\x9b31mred"), "{ran:?}");
    }
}

#[tokio::test]
async fn fields_that_make_a_verdict_are_escaped() {
    for wire in [WIRES[0], WIRES[2]] {
        for value in field_values() {
            let answers = [
                Answer::new("a").trailer("x-stream-error", &value),
                Answer::new("a").trailer("grpc-status", &value).trailer("grpc-message", &value),
                Answer::new("a").field("content-digest", &value),
                Answer::new("a").field("trailer", &value),
                Answer::new("a").field("content-encoding", &value),
                Answer::new("a").field("content-type", &value).status(404),
                Answer::new("a")
                    .field("content-disposition", [b"attachment; filename=", &value[..]].concat()),
                Answer::new("a").field("location", &value).status(302),
                Answer::new("a").field("etag", &value),
                Answer::new("a").field("content-range", &value).status(206),
                Answer::new("a").field("retry-after", &value).status(503),
            ];
            for answer in answers {
                let name = answer.fields.first().map_or("a trailer", |(name, _)| name).to_owned();
                // A relative redirect leads to the second one.
                let script = Step::answers(wire.is_http2, &[answer, Answer::new("a")]);
                check(wire, script, &name).await;
            }
        }
    }
}

#[tokio::test]
async fn encoded_text_of_a_failure_is_decoded_and_then_escaped() {
    for wire in WIRES {
        let encoded = "lost%1b[31m%c2%9b%0d%0aerror: forged%e2%80%ae%7f%9b";
        for name in ["x-stream-error", "grpc-message"] {
            let answer = Answer::new("a").trailer("grpc-status", "13").trailer(name, encoded);
            let ran = check(wire, Step::answer(wire.is_http2, &answer), name).await;
            assert_eq!(ran.code(), 10, "{ran:?}");
            assert!(!ran.stderr.lines().any(|line| line.starts_with("error: forged")), "{ran:?}");
        }
    }
}

#[tokio::test]
async fn problem_document_is_escaped() {
    for wire in WIRES {
        let text = r"\u001b[31mred \u009b31m \u202e \u0007 \u0000 \r";
        let problems = [
            format!(r#"{{"title":"{text}","detail":"{text}\nerror: forged","type":"{text}","x":"{text}"}}"#),
            HOSTILE.concat(),
            format!(r#"{{"title":"{}"}}"#, HOSTILE.concat()),
        ];
        for problem in problems {
            for kind in ["application/problem+json", "text/plain", "text/html; charset=utf-8"] {
                let answer = Answer::new(problem.clone()).status(400).field("content-type", kind);
                let ran = check(wire, Step::answer(wire.is_http2, &answer), kind).await;
                assert_eq!(ran.code(), 5, "{ran:?}");
            }
        }
    }
}

/// RFC 9112 §4: a reason phrase may contain bytes of other character sets. Control characters make it malformed.
#[tokio::test]
async fn status_line_is_escaped() {
    for text in HOSTILE.iter().map(|text| text.as_bytes()).chain([CSI, b"\r", b"a\rb", b"\0"]) {
        let bytes = [b"HTTP/1.1 404 ", text, b"\r\ncontent-length: 0\r\n\r\n"].concat();
        check(WIRES[0], Step::respond(false, bytes), &format!("reason {}", text.escape_ascii())).await;
        let bytes = [b"HTTP/1.1 ", text, b"\r\ncontent-length: 0\r\n\r\n"].concat();
        check(WIRES[0], Step::respond(false, bytes), &format!("status {}", text.escape_ascii())).await;
        let bytes = [b"HTTP/1.1 200 OK\r\nx", text, b"y: 1\r\ncontent-length: 0\r\n\r\n"].concat();
        check(WIRES[0], Step::respond(false, bytes), &format!("name {}", text.escape_ascii())).await;
        let bytes = [b"HTTP/1.1 200 OK\r\nx: ", text, b"\r\ncontent-length: 0\r\n\r\n"].concat();
        check(WIRES[0], Step::respond(false, bytes), &format!("value {}", text.escape_ascii())).await;
    }
}

/// The name of the file is part of a message, too.
#[tokio::test]
async fn name_from_a_url_is_escaped() {
    let server = WIRES[0].answering(&Answer::new("content").status(404)).await;
    for name in ["%1b%5b31mred", "%c2%9b31m", "%9b", "%0d%0a", "%e2%80%ae", "%00"] {
        let ran = Place::new().run(&["get", "--json", "-O", &server.url(&format!("/{name}"))]).await;
        assert_harmless(ran.stderr.as_bytes(), name);
        assert_harmless(&ran.stdout, name);
    }
}
