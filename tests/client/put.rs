//! `put`: what it sends, and what becomes of early and late answers.

use crate::support::{
    client::{Place, Ran, sha256},
    scripted::{Answer, Scripted, Security, Step, http1_requests},
};
use std::time::Duration;

const CONTENT: &[u8] = b"what is uploaded";

fn created() -> Answer {
    Answer::new("").sized().status(201)
}

/// Uploads the content from a file, or from standard input.
async fn put(place: &Place, server: &Scripted, options: &[&str], source: &str) -> Ran {
    place.write("local", CONTENT);
    let url = server.url("/remote");
    let arguments = [&["put", "--json"], options, &[source, &url]].concat();
    if source == "-" { place.feed(&arguments, CONTENT.to_vec()).await } else { place.run(&arguments).await }
}

#[tokio::test]
async fn digest_is_sent_where_the_option_says() {
    let digest = sha256(CONTENT);
    for (options, source, header, trailer) in [
        (&[][..], "local", false, true),
        (&["--digest", "trailer"], "local", false, true),
        (&["--digest", "header"], "local", true, false),
        (&["--digest", "none"], "local", false, false),
        (&[], "-", false, true),
        (&["--digest", "none"], "-", false, false),
    ] {
        let server = Scripted::plain(Step::answer(false, &created())).await;
        let ran = put(&Place::new(), &server, options, source).await;
        assert_eq!(ran.code(), 0, "{options:?}: {ran:?}");
        let received = server.received();
        let [request] = &http1_requests(received[0].as_bytes())[..] else { panic!("{received:?}") };
        let what = format!("{options:?} {source}: {received:?}");
        assert!(request.head.starts_with("PUT /remote HTTP/1.1\r\n"), "{what}");
        assert_eq!(request.field("content-digest"), header.then_some(&*digest), "{what}");
        let content = std::str::from_utf8(request.content).expect("text");
        let last = format!("\r\n0\r\ncontent-digest: {digest}\r\n\r\n");
        assert_eq!(content.ends_with(&last), trailer, "{what}");
        let announced =
            request.field("trailer").is_some_and(|names| names.eq_ignore_ascii_case("content-digest"));
        assert_eq!(announced, trailer, "{what}");
        // Trailers need chunks, and the length of standard input is unknown.
        let is_sized = !trailer && source != "-";
        assert_eq!(request.field("content-length"), is_sized.then_some("16"), "{what}");
        assert!(content.contains("what is uploaded"), "{what}");
    }
}

/// As curl does.
#[tokio::test]
async fn name_of_the_file_is_appended_to_a_folder() {
    for (path, target) in [("/", "/local"), ("/a/", "/a/local"), ("/a", "/a"), ("/a/?x=/", "/a/?x=/")] {
        let server = Scripted::plain(Step::answer(false, &created())).await;
        let place = Place::new();
        place.write("local", CONTENT);
        let ran = place.run(&["put", "local", &server.url(path)]).await;
        assert_eq!(ran.code(), 0, "{path}: {ran:?}");
        let received = server.received();
        assert!(received[0].starts_with(&format!("PUT {target} HTTP/1.1\r\n")), "{path}: {received:?}");
    }
}

/// An answer before the end of the content is shown, and not lost in a broken pipe.
#[tokio::test]
async fn early_refusal_is_shown() {
    let refusal = |end: Step| {
        let problem = r#"{"title":"Content Too Large","status":413,"detail":"at most 10 bytes"}"#;
        let answer =
            Answer::new(problem).sized().status(413).field("content-type", "application/problem+json");
        vec![Step::Head, Step::Send(answer.field("connection", "close").http1()), end]
    };
    let place = Place::new();
    place.write("large", &vec![b'a'; 32 * 1024 * 1024]);
    for end in [Step::Close, Step::Abort] {
        for security in [Security::Plain, Security::tls(&["http/1.1"])] {
            let script = refusal(end.clone());
            let server = Scripted::start(security, move |_| script.clone()).await;
            let ran = place.run(&["put", "--json", "-k", "large", &server.url("/remote")]).await;
            assert_eq!((&ran.report()["verdict"], ran.code()), (&"refused".into(), 5), "{end:?}: {ran:?}");
            assert!(ran.stderr.contains("at most 10 bytes"), "{end:?}: {ran:?}");
            assert!(server.received()[0].len() < 32 * 1024 * 1024, "{end:?}: the rest was not sent");
        }
    }
}

#[tokio::test]
async fn content_waits_for_100_continue_or_a_bounded_time() {
    let go = Step::Send(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec());
    let refused = Answer::new("").sized().status(417).field("connection", "close");
    for (what, script, code, is_sent) in [
        ("permitted", vec![Step::Head, go, Step::Request, Step::Send(created().http1())], 0, true),
        ("silent", Step::answer(false, &created()), 0, true),
        ("refused", vec![Step::Head, Step::Send(refused.http1()), Step::Close], 5, false),
        (
            "accepted at once",
            vec![Step::Head, Step::Send(created().field("connection", "close").http1()), Step::Close],
            0,
            false,
        ),
    ] {
        let server = Scripted::start(Security::Plain, move |_| script.clone()).await;
        let ran = put(&Place::new(), &server, &["--expect-continue"], "local").await;
        let received = server.received();
        let [request] = &http1_requests(received[0].as_bytes())[..] else { panic!("{received:?}") };
        assert_eq!(request.field("expect"), Some("100-continue"), "{what}: {received:?}");
        assert_eq!(!request.content.is_empty(), is_sent, "{what}: {received:?}");
        if what != "accepted at once" {
            assert_eq!(ran.code(), code, "{what}: {ran:?}");
        }
    }
}

#[tokio::test]
async fn without_the_option_there_is_no_expectation() {
    let server = Scripted::plain(Step::answer(false, &created())).await;
    let ran = put(&Place::new(), &server, &[], "local").await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    assert_eq!(http1_requests(server.received()[0].as_bytes())[0].field("expect"), None);
}

/// A server that reports another digest has stored something else. It may report it as a field of what is stored
/// (RFC 9530 §3.2), or in a document.
#[tokio::test]
async fn digest_of_what_is_stored_is_compared() {
    let no_content =
        |content: &[u8]| Answer::new("").status(204).sized().field("repr-digest", sha256(content));
    let document = |content: &[u8]| {
        let document = format!(r#"{{"size": 16, "digest": "{}"}}"#, sha256(content));
        Answer::new(document).status(201).sized().field("content-type", "application/json")
    };
    for (what, answer, code) in [
        ("none", created(), 0),
        ("right field", no_content(CONTENT), 0),
        ("wrong field", no_content(b"other"), 7),
        ("right document", document(CONTENT), 0),
        ("wrong document", document(b"other"), 7),
    ] {
        let server = Scripted::plain(Step::answer(false, &answer)).await;
        let ran = put(&Place::new(), &server, &[], "local").await;
        assert_eq!(ran.code(), code, "{what}: {ran:?}");
        assert_eq!(ran.report()["verdict"] == "digest_differs", code == 7, "{what}: {ran:?}");
    }
}

#[tokio::test]
async fn upload_without_a_response_is_a_cut() {
    for (what, script) in [
        ("closed after the content", vec![Step::Request, Step::Close]),
        ("closed after the head", vec![Step::Head, Step::Close]),
        ("reset", vec![Step::Request, Step::Reset]),
        (
            "a half response",
            vec![Step::Request, Step::Send(b"HTTP/1.1 201 Created\r\ncontent-le".to_vec()), Step::Close],
        ),
    ] {
        let server = Scripted::start(Security::Plain, move |_| script.clone()).await;
        let ran = put(&Place::new(), &server, &[], "local").await;
        assert_eq!((&ran.report()["verdict"], ran.code()), (&"cut".into(), 6), "{what}: {ran:?}");
        assert_eq!(server.received().len(), 1, "{what}: an upload is not repeated");
    }
}

#[tokio::test]
async fn file_that_can_t_be_read_is_local_trouble() {
    let server = Scripted::plain(Step::answer(false, &created())).await;
    let place = Place::new();
    std::fs::create_dir(place.path().join("folder")).expect("a folder");
    place.write("local", CONTENT);
    for (name, code) in [("missing", 11), ("folder", 11), ("local", 0)] {
        let ran = place.run(&["put", name, &server.url("/remote")]).await;
        assert_eq!(ran.code(), code, "{name}: {ran:?}");
        assert!(code == 0 || ran.stderr.contains(name), "{name}: {ran:?}");
    }
}

/// A server that reads nothing more keeps no upload.
#[tokio::test]
async fn upload_that_stalls_is_a_cut() {
    let server = Scripted::plain(vec![Step::Head, Step::Silence]).await;
    let place = Place::new();
    place.write("large", &vec![b'a'; 32 * 1024 * 1024]);
    let ran = place.run(&["put", "--json", "--speed-time", "1", "large", &server.url("/remote")]).await;
    assert!([3, 6].contains(&ran.code()), "{ran:?}");
}

/// What is read while it is sent arrives as it is read.
#[tokio::test]
async fn standard_input_is_sent_as_it_comes() {
    use tokio::io::AsyncWriteExt;
    let server = Scripted::plain(Step::answer(false, &created())).await;
    let place = Place::new();
    let mut command = place.command(&["put", "--json", "-", &server.url("/remote")]);
    command.stdin(std::process::Stdio::piped());
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().expect("started");
    let mut input = child.stdin.take().expect("piped");
    for piece in ["first", "second"] {
        input.write_all(piece.as_bytes()).await.expect("written");
        input.flush().await.expect("written");
        crate::support::soon(piece, async {
            while !server.received().iter().any(|received| received.contains(piece)) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }
    drop(input);
    let output = crate::support::soon("the end", child.wait_with_output()).await.expect("ended");
    assert!(output.status.success(), "{output:?}");
    let received = server.received();
    assert!(
        received[0].ends_with(&format!("content-digest: {}\r\n\r\n", sha256(b"firstsecond"))),
        "{received:?}"
    );
}
