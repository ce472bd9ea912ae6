//! `send`: any request, byte by byte as the options say.

use crate::support::{
    client::{Place, Ran},
    scripted::{Answer, Scripted, Step, http1_requests},
};

fn answer() -> Answer {
    Answer::new("fine\n").sized()
}

/// Sends a request to a server, and returns it with the outcome.
async fn sent(options: &[&str]) -> (Ran, String) {
    let server = Scripted::plain(Step::answer(false, &answer())).await;
    let ran = Place::new().run(&[&["send"], options, &[&server.url("/path")]].concat()).await;
    let received = server.received().into_iter().next().unwrap_or_default();
    (ran, received)
}

#[tokio::test]
async fn method_depends_on_the_content_unless_it_is_given() {
    for (options, line) in [
        (&[][..], "GET /path HTTP/1.1"),
        (&["-d", "a"], "POST /path HTTP/1.1"),
        (&["--trailer", "x-a: 1"], "POST /path HTTP/1.1"),
        (&["-X", "PUT", "-d", "a"], "PUT /path HTTP/1.1"),
        (&["-X", "DELETE"], "DELETE /path HTTP/1.1"),
        (&["-X", "OPTIONS", "-d", ""], "OPTIONS /path HTTP/1.1"),
    ] {
        let (ran, received) = sent(options).await;
        assert_eq!(ran.code(), 0, "{options:?}: {ran:?}");
        assert_eq!(received.lines().next(), Some(line), "{options:?}");
        assert_eq!(ran.stdout, b"fine\n", "{options:?}");
    }
}

#[tokio::test]
async fn content_is_sent_unchanged_without_a_type() {
    for data in ["a&b=c\r\n", "", "ä"] {
        let (ran, received) = sent(&["-d", data]).await;
        assert_eq!(ran.code(), 0, "{data:?}: {ran:?}");
        let requests = http1_requests(received.as_bytes());
        assert_eq!(requests[0].content, data.as_bytes());
        assert_eq!(requests[0].field("content-length"), Some(&*data.len().to_string()));
        assert_eq!(requests[0].field("content-type"), None);
    }
}

#[tokio::test]
async fn trailers_are_announced_unless_the_option_says_otherwise() {
    let trailers = ["-d", "hello", "--trailer", "x-one: 1", "--trailer", "X-Two:  two words "];
    for (options, announced) in [(&[][..], true), (&["--unannounced"], false)] {
        let (ran, received) = sent(&[&trailers, options].concat()).await;
        assert_eq!(ran.code(), 0, "{options:?}: {ran:?}");
        let requests = http1_requests(received.as_bytes());
        let names = requests[0].field("trailer").map(str::to_ascii_lowercase);
        assert_eq!(names.as_deref(), announced.then_some("x-one, x-two"), "{received}");
        let content = String::from_utf8_lossy(requests[0].content).to_ascii_lowercase();
        assert_eq!(content, "5\r\nhello\r\n0\r\nx-one: 1\r\nx-two: two words\r\n\r\n", "{options:?}");
    }
}

#[tokio::test]
async fn forbidden_trailers_are_refused_unless_they_are_unchecked() {
    for name in [
        "content-length",
        "host",
        "authorization",
        "transfer-encoding",
        "trailer",
        "content-type",
        "set-cookie",
        "te",
    ] {
        let line = format!("{name}: 1");
        let trailer = ["-d", "hello", "--trailer", &line];
        let (ran, received) = sent(&trailer).await;
        assert_eq!((ran.code(), &*received), (2, ""), "{name}: {ran:?}");
        assert!(ran.stderr.to_ascii_lowercase().contains(name), "{name}: {ran:?}");

        let (ran, received) = sent(&[&trailer[..], &["--unchecked"]].concat()).await;
        assert_eq!(ran.code(), 0, "{name}: {ran:?}");
        assert!(
            received.to_ascii_lowercase().ends_with(&format!("5\r\nhello\r\n0\r\n{name}: 1\r\n\r\n")),
            "{name}: {received:?}"
        );
        assert!(
            ran.stderr.contains("warning") && ran.stderr.to_ascii_lowercase().contains(name),
            "{name}: {ran:?}"
        );
    }
}

/// What is no field at all is never sent.
#[tokio::test]
async fn malformed_trailers_are_a_wrong_command_line() {
    for line in ["no colon", ": 1", "x a: 1", "x-a: \u{1}", "x-a: 1\r\nx-b: 2"] {
        for options in [&[][..], &["--unchecked"]] {
            let (ran, received) = sent(&[&["-d", "a", "--trailer", line], options].concat()).await;
            assert_eq!((ran.code(), &*received), (2, ""), "{line:?}: {ran:?}");
        }
    }
}

#[tokio::test]
async fn content_is_sent_in_chunks_of_the_given_size() {
    for (chunk, framed) in [
        ("2", "2\r\nhe\r\n2\r\nll\r\n1\r\no\r\n0\r\n\r\n"),
        ("5", "5\r\nhello\r\n0\r\n\r\n"),
        ("100", "5\r\nhello\r\n0\r\n\r\n"),
    ] {
        let (ran, received) = sent(&["-d", "hello", "--chunk", chunk]).await;
        assert_eq!(ran.code(), 0, "{chunk}: {ran:?}");
        let requests = http1_requests(received.as_bytes());
        assert_eq!(String::from_utf8_lossy(requests[0].content), framed, "{chunk}");
    }
}

#[tokio::test]
async fn data_comes_from_a_file_or_from_standard_input() {
    let server =
        Scripted::start(crate::support::scripted::Security::Plain, |_| Step::answer(false, &answer())).await;
    let place = Place::new();
    place.write("data", b"from a file");
    let url = server.url("/path");
    assert_eq!(place.run(&["send", "-d", "@data", &url]).await.code(), 0);
    assert_eq!(place.feed(&["send", "-d", "@-", &url], b"from standard input".to_vec()).await.code(), 0);
    assert_eq!(place.run(&["send", "-d", "@missing", &url]).await.code(), 11);
    let received = server.received();
    assert!(
        received[0].contains("from a file") && received[1].contains("from standard input"),
        "{received:?}"
    );
}

#[tokio::test]
async fn fields_of_the_user_replace_those_of_the_client() {
    let options = ["-H", "X-A: 1", "-H", "x-a: 2", "-H", "Accept:", "-H", "X-Empty;", "-A", "agent/1"];
    let (ran, received) = sent(&options).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    let head = received.to_ascii_lowercase();
    assert!(head.contains("\r\nx-a: 1\r\nx-a: 2\r\n") && head.contains("\r\nx-empty:"), "{received}");
    assert!(head.contains("\r\nuser-agent: agent/1\r\n") && !head.contains("\r\naccept:"), "{received}");
}

/// A field can't be used to add another one, or a request.
#[tokio::test]
async fn malformed_fields_are_a_wrong_command_line() {
    for line in ["no colon", "x a: 1", "x-a: 1\r\nx-b: 2", "x-a: 1\n", "x-a: \u{0}"] {
        // The operating system allows no NUL.
        if line.contains('\0') {
            continue;
        }
        let (ran, received) = sent(&["-H", line]).await;
        assert_eq!((ran.code(), &*received), (2, ""), "{line:?}: {ran:?}");
    }
}

/// The answer is verified as that of `get`.
#[tokio::test]
async fn answer_has_a_verdict() {
    for (answer, code) in [
        (answer(), 0),
        (answer().field("content-digest", crate::support::client::sha256(b"fine\n")), 0),
        (answer().field("content-digest", crate::support::client::sha256(b"other")), 7),
        (answer().status(404), 5),
        (Answer::new("a").trailer("grpc-status", "1"), 10),
        (Answer::new("a").field("trailer", "x-a"), 9),
    ] {
        let server = Scripted::plain(Step::answer(false, &answer)).await;
        let ran = Place::new().run(&["send", "-d", "a", &server.url("/path")]).await;
        assert_eq!(ran.code(), code, "{answer:?}: {ran:?}");
    }
}

/// A response to `HEAD` has the fields of its content, but no content (RFC 9110 §9.3.2).
#[tokio::test]
async fn response_to_head_has_no_content() {
    for fields in ["content-length: 5\r\n", "transfer-encoding: chunked\r\ntrailer: content-digest\r\n", ""] {
        let bytes = format!("HTTP/1.1 200 OK\r\n{fields}\r\n").into_bytes();
        let server = Scripted::plain(vec![Step::Request, Step::Send(bytes)]).await;
        let ran = Place::new().run(&["send", "-X", "HEAD", &server.url("/path")]).await;
        assert_eq!((ran.code(), &ran.stdout[..]), (0, &b""[..]), "{fields}: {ran:?}");
    }
}
