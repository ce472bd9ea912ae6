//! What is written where: content, sections, reports and messages.

use crate::support::{
    client::{Place, WIRES, hex_sha256 as hex, sha256},
    lines,
    scripted::{Answer, Scripted, Step},
};

const CONTENT: &[u8] = b"content\x00\xff\x1b[31m";

fn answer(content: &[u8]) -> Answer {
    Answer::new(CONTENT)
        .field("x-header", "h")
        .field("trailer", "content-digest, x-trailer")
        .trailer("content-digest", sha256(content))
        .trailer("x-trailer", "t")
}

/// Into a pipe, bytes are written as they came, and nothing else.
#[tokio::test]
async fn content_streams_to_standard_output_and_the_exit_code_reports() {
    for wire in WIRES {
        for (digest, code) in [(CONTENT, 0), (b"other", 7)] {
            for output in [&["-o", "-"][..], &[]] {
                let server = wire.answering(&answer(digest)).await;
                let place = Place::new();
                let ran = place
                    .run(&[&["get", "-k"], output, wire.options(), &[&server.url("/file")]].concat())
                    .await;
                assert_eq!(
                    (ran.code(), &ran.stdout[..]),
                    (code, CONTENT),
                    "{output:?} over {wire:?}: {ran:?}"
                );
                assert_eq!(place.names(), [""; 0], "{output:?} over {wire:?}");
                // No bar in a pipe.
                assert!(!ran.stderr.contains(['\r', '\u{1b}']), "{ran:?}");
            }
        }
    }
}

#[tokio::test]
async fn quiet_transfer_is_silent_unless_it_fails() {
    for (digest, code) in [(CONTENT, 0), (b"other", 7)] {
        for option in ["--quiet", "-s"] {
            let server = WIRES[0].answering(&answer(digest)).await;
            let place = Place::new();
            let ran = place.run(&["get", option, "-O", &server.url("/file")]).await;
            assert_eq!((ran.code(), ran.stderr.is_empty()), (code, code == 0), "{option}: {ran:?}");
            assert!(ran.stdout.is_empty(), "{option}: {ran:?}");
        }
    }
}

#[tokio::test]
async fn verbose_shows_request_and_both_sections() {
    for wire in WIRES {
        let server = wire.answering(&answer(CONTENT)).await;
        let ran = Place::new()
            .run(&[&["get", "-v", "-k", "-O"], wire.options(), &[&server.url("/file")]].concat())
            .await;
        assert_eq!(ran.code(), 0, "{ran:?}");
        let has = |start: &str| ran.stderr.lines().any(|line| line.to_ascii_lowercase().starts_with(start));
        for line in [
            "> get /file",
            "> te: trailers",
            "> accept-encoding: identity",
            "< http/",
            "< x-header: h",
            "< x-trailer: t",
        ] {
            assert!(has(line), "{line} over {wire:?}: {ran:?}");
        }
    }
}

/// A password is not for the eyes of all.
#[tokio::test]
async fn verbose_hides_credentials() {
    let server = WIRES[0].answering(&answer(CONTENT)).await;
    let ran = Place::new().run(&["get", "-v", "-O", "-u", "me:secret", &server.url("/file")]).await;
    assert!(server.received()[0].to_ascii_lowercase().contains("authorization: basic bwu6c2vjcmv0"));
    assert!(!ran.stderr.contains("bWU6c2VjcmV0") && !ran.stderr.contains("secret"), "{ran:?}");
}

#[tokio::test]
async fn sections_are_dumped_with_the_trailers_marked() {
    for wire in WIRES {
        let server = wire.answering(&answer(CONTENT)).await;
        let place = Place::new();
        let ran = place
            .run(&[&["get", "-k", "-O", "-D", "sections"], wire.options(), &[&server.url("/file")]].concat())
            .await;
        assert_eq!(ran.code(), 0, "{wire:?}: {ran:?}");
        let sections = String::from_utf8(place.read("sections").expect("a file")).expect("text");
        let (header, trailer) = (sections.find("x-header: h"), sections.find("x-trailer: t"));
        assert!(
            sections.starts_with("HTTP/") && header.is_some() && header < trailer,
            "{wire:?}: {sections}"
        );
        // Between them is a line that is no field.
        let between = &sections[header.expect("found")..trailer.expect("found")];
        assert!(between.to_ascii_lowercase().contains("trailer section"), "{wire:?}: {sections}");
    }
    let server = WIRES[0].answering(&answer(CONTENT)).await;
    let ran = Place::new().run(&["get", "-O", "-D", "-", &server.url("/file")]).await;
    let stdout = String::from_utf8_lossy(&ran.stdout);
    assert!(stdout.contains("x-header: h") && stdout.contains("x-trailer: t"), "{ran:?}");
}

#[tokio::test]
async fn report_is_one_object_per_transfer() {
    for wire in WIRES {
        let answers = [answer(CONTENT), answer(b"other"), answer(CONTENT).status(404)];
        let script = Step::answers(wire.is_http2, &answers);
        let server = Scripted::start(wire.security(), move |_| script.clone()).await;
        let urls = ["/a", "/b", "/c"].map(|path| server.url(path));
        let ran = Place::new().get(&[wire.options(), &[&urls[0], &urls[1], &urls[2]]].concat()).await;
        assert_eq!(lines(&ran.stdout), 3, "one line each: {ran:?}");
        for (report, (url, status)) in ran.reports().iter().zip(urls.iter().zip([200, 200, 404])) {
            assert_eq!(
                (&report["url"], &report["status"]),
                (&url.as_str().into(), &status.into()),
                "{report}"
            );
            assert_eq!(report["bytes"], CONTENT.len(), "{report}");
            let (first, end) = (report["seconds_to_first_byte"].as_f64(), report["seconds"].as_f64());
            assert!(first > Some(0.0) && first <= end && end < Some(20.0), "{report}");
            let header = report["header"].as_array().expect("pairs");
            assert!(header.contains(&serde_json::json!(["x-header", "h"])), "{report}");
            let trailers = report["trailers"].as_array().expect("pairs");
            assert_eq!(trailers[1], serde_json::json!(["x-trailer", "t"]), "{report}");
            assert_eq!(report["announced"], serde_json::json!(["content-digest", "x-trailer"]), "{report}");
            let compared = &report["compared"][0];
            assert_eq!(
                (&compared["field"], &compared["section"]),
                (&"content-digest".into(), &"trailer".into()),
                "{report}"
            );
            assert_eq!(compared["got"], hex(CONTENT), "{report}");
            assert_eq!(report["digests"]["sha-256"], hex(CONTENT), "{report}");
            let expected = if *url == urls[1] { b"other" } else { CONTENT };
            assert_eq!(compared["expected"], hex(expected), "{report}");
            assert_eq!(compared["matches"], expected == CONTENT, "{report}");
        }
    }
}

/// The file that is there is replaced only by a whole one.
#[tokio::test]
async fn file_is_untouched_unless_the_transfer_is_whole_and_right() {
    let cut = {
        let whole = answer(CONTENT).http1();
        vec![Step::Request, Step::Send(whole[..whole.len() - 1].to_vec()), Step::Close]
    };
    let closed = vec![Step::Request, Step::Close];
    for (what, script, code, names) in [
        ("whole and right", Step::answer(false, &answer(CONTENT)), 0, &["file"][..]),
        ("wrong", Step::answer(false, &answer(b"other")), 7, &["file", "file.bad"]),
        ("cut", cut, 6, &["file", "file.part"]),
        ("no response", closed, 6, &["file"]),
        ("refused", Step::answer(false, &answer(CONTENT).status(500)), 5, &["file"]),
        ("trailer missing", Step::answer(false, &Answer::new(CONTENT).field("trailer", "x-a")), 9, &["file"]),
        (
            "sender failed",
            Step::answer(false, &Answer::new(CONTENT).trailer("grpc-status", "2")),
            10,
            &["file"],
        ),
    ] {
        for output in [&["-o", "file"][..], &["-O"]] {
            let script = script.clone();
            let server = Scripted::start(WIRES[0].security(), move |_| script.clone()).await;
            let place = Place::new();
            place.write("file", b"before");
            let ran = place.run(&[&["get"], output, &[&server.url("/file")]].concat()).await;
            assert_eq!(ran.code(), code, "{what}: {ran:?}");
            let expected = if code == 0 { CONTENT } else { b"before" };
            assert_eq!(place.read("file").as_deref(), Some(expected), "{what}: {ran:?}");
            let names_now = place.names();
            let other: Vec<_> = names_now.iter().filter(|name| !names.contains(&name.as_str())).collect();
            // A validator may be kept beside a part.
            let is_beside_part = |name: &&String| name.starts_with("file.part");
            assert!(other.iter().all(is_beside_part), "{what}: {names_now:?}");
            assert!(
                names.iter().all(|name| names_now.iter().any(|now| now == name)),
                "{what}: {names_now:?}"
            );
        }
    }
}

/// A coded answer is stored as it came, and that is said.
#[tokio::test]
async fn coded_content_is_stored_as_it_came_and_reported() {
    let coded =
        Answer::new(CONTENT).field("content-encoding", "gzip").field("content-digest", sha256(CONTENT));
    for wire in WIRES {
        let server = wire.answering(&coded).await;
        let place = Place::new();
        let ran = place.get(&[wire.options(), &[&server.url("/file")]].concat()).await;
        assert_eq!((ran.code(), place.read("file").as_deref()), (0, Some(CONTENT)), "{wire:?}: {ran:?}");
        assert!(ran.report()["notes"].to_string().contains("gzip"), "{wire:?}: {ran:?}");
    }
}

/// As other commands do, it ends if nothing reads its output.
#[tokio::test]
async fn closed_output_is_no_crash() {
    let large = Answer::new(vec![b'a'; 1024 * 1024]).sized();
    let server = WIRES[0].answering(&large).await;
    let place = Place::new();
    let command = place.command(&["get", "-o", "-", &server.url("/file")]);
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().expect("started");
    drop(child.stdout.take());
    let output = crate::support::soon("the end", child.wait_with_output()).await.expect("ended");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && !stderr.contains("panicked"), "{output:?}");
}
