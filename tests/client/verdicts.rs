//! Each transfer has the first verdict that holds, and its exit code, over both protocols.

use crate::support::{
    client::{CACERT, Place, WIRES, Wire, hex, sha256},
    scripted::{Answer, Scripted, Security, Step},
};
use serde_json::Value;

const CONTENT: &[u8] = b"What was sent is what arrived.";

fn right() -> String {
    sha256(CONTENT)
}

fn wrong() -> String {
    sha256(b"something else")
}

/// The content, without anything to verify it.
fn plain() -> Answer {
    Answer::new(CONTENT)
}

/// The content with a digest in an announced trailer.
fn with_digest(digest: &str) -> Answer {
    plain().field("trailer", "content-digest").trailer("content-digest", digest)
}

/// A response to a command, and what comes of it.
struct Row {
    what: &'static str,
    options: Vec<String>,
    answer: Answer,
    verdict: &'static str,
    code: i32,
}

fn row(what: &'static str, options: &[&str], answer: Answer, verdict: &'static str, code: i32) -> Row {
    let options = options.iter().map(|option| (*option).to_owned()).collect();
    Row { what, options, answer, verdict, code }
}

async fn check(rows: &[Row]) {
    for row in rows {
        for wire in WIRES {
            let server = wire.answering(&row.answer).await;
            let place = Place::new();
            let options: Vec<_> = row.options.iter().map(String::as_str).collect();
            let ran = place.get(&[&options[..], wire.options(), &[&server.url("/file")]].concat()).await;
            let what = format!("{} over {wire:?}: {ran:?}", row.what);
            let report = ran.report();
            assert_eq!((&report["verdict"], ran.code()), (&Value::from(row.verdict), row.code), "{what}");
            assert_eq!(report["exit_code"], row.code, "{what}");
            assert_eq!(report["status"], row.answer.status, "{what}");
            assert_eq!(report["protocol"], if wire.is_http2 { "HTTP/2" } else { "HTTP/1.1" }, "{what}");
            assert_eq!(report["bytes"], row.answer.content.len(), "{what}");
            if row.code == 0 {
                assert_eq!(place.names(), ["file"], "{what}");
                assert_eq!(place.read("file").as_ref(), Some(&row.answer.content), "{what}");
            } else {
                assert_eq!(place.read("file"), None, "{what}");
                assert!(ran.stderr.lines().any(|line| line.contains(&server.url("/file"))), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn digest_field_verifies_the_content_wherever_it_is() {
    use sha2::Digest;
    let sha512 = |content: &[u8]| {
        use base64::{Engine, prelude::BASE64_STANDARD};
        format!("sha-512=:{}:", BASE64_STANDARD.encode(sha2::Sha512::digest(content)))
    };
    let both = |first: String, second: String| with_digest(&format!("{first}, {second}"));
    let repr = |digest: &str| plain().field("trailer", "repr-digest").trailer("repr-digest", digest);
    check(&[
        row("right trailer", &[], with_digest(&right()), "verified", 0),
        row("wrong trailer", &[], with_digest(&wrong()), "digest_differs", 7),
        row("right unannounced", &[], plain().trailer("content-digest", right()), "verified", 0),
        row("wrong unannounced", &[], plain().trailer("content-digest", wrong()), "digest_differs", 7),
        row("right header", &[], plain().field("content-digest", right()), "verified", 0),
        row("wrong header", &[], plain().field("content-digest", wrong()), "digest_differs", 7),
        row("right header, sized", &[], plain().sized().field("repr-digest", right()), "verified", 0),
        row("wrong header, sized", &[], plain().sized().field("repr-digest", wrong()), "digest_differs", 7),
        row("right repr-digest", &[], repr(&right()), "verified", 0),
        row("wrong repr-digest", &[], repr(&wrong()), "digest_differs", 7),
        row("right SHA-512", &[], with_digest(&sha512(CONTENT)), "verified", 0),
        row("wrong SHA-512", &[], with_digest(&sha512(b"something else")), "digest_differs", 7),
        row("both right", &[], both(right(), sha512(CONTENT)), "verified", 0),
        row("the second wrong", &[], both(right(), sha512(b"something else")), "digest_differs", 7),
        row("the first wrong", &[], both(wrong(), sha512(CONTENT)), "digest_differs", 7),
        row(
            "right header, wrong trailer",
            &[],
            with_digest(&wrong()).field("content-digest", right()),
            "digest_differs",
            7,
        ),
        row(
            "wrong header, right trailer",
            &[],
            with_digest(&right()).field("content-digest", wrong()),
            "digest_differs",
            7,
        ),
        row(
            "empty content",
            &[],
            Answer::new("").field("trailer", "content-digest").trailer("content-digest", sha256(b"")),
            "verified",
            0,
        ),
    ])
    .await;
}

#[tokio::test]
async fn user_s_digest_verifies_the_content() {
    use sha2::{Digest, Sha256, Sha512};
    let (right_256, right_512) = (hex(&Sha256::digest(CONTENT)), hex(&Sha512::digest(CONTENT)));
    let (wrong_256, wrong_512) = (hex(&Sha256::digest(b"")), hex(&Sha512::digest(b"")));
    check(&[
        row("right SHA-256", &["--sha256", &right_256], plain(), "verified", 0),
        row("wrong SHA-256", &["--sha256", &wrong_256], plain(), "digest_differs", 7),
        row("right SHA-512", &["--sha512", &right_512], plain().sized(), "verified", 0),
        row("wrong SHA-512", &["--sha512", &wrong_512], plain().sized(), "digest_differs", 7),
        row(
            "wrong beside a right field",
            &["--sha256", &wrong_256],
            with_digest(&right()),
            "digest_differs",
            7,
        ),
        row(
            "right beside a wrong field",
            &["--sha256", &right_256],
            with_digest(&wrong()),
            "digest_differs",
            7,
        ),
        row("right, required", &["--sha256", &right_256, "--require-digest"], plain(), "verified", 0),
    ])
    .await;
}

#[tokio::test]
async fn content_without_a_digest_is_complete_unless_one_is_required() {
    let other = with_digest("md5=:1B2M2Y8AsgTpgAmY7PhCfg==:");
    check(&[
        row("chunked", &[], plain(), "unverified", 0),
        row("sized", &[], plain().sized(), "unverified", 0),
        row("required, chunked", &["--require-digest"], plain(), "no_digest", 8),
        row("required, sized", &["--require-digest"], plain().sized(), "no_digest", 8),
        row("required, there is one", &["--require-digest"], with_digest(&right()), "verified", 0),
        row("an unknown algorithm", &[], other.clone(), "unverified", 0),
        row("required, an unknown algorithm", &["--require-digest"], other, "no_digest", 8),
    ])
    .await;
}

/// A malformed field verifies nothing, and must not pass for a verification. An announced one is missing.
#[tokio::test]
async fn malformed_digest_verifies_nothing() {
    for malformed in
        ["", "sha-256", "sha-256=:abc", "sha-256=:YQ==:", "sha-256=\"a\"", "sha-256=:!!:", ",", "\u{e9}"]
    {
        let header = plain().field("content-digest", malformed);
        let unannounced = plain().trailer("content-digest", malformed);
        let required = &["--require-digest"];
        check(&[
            row("announced", &[], with_digest(malformed), "trailer_missing", 9),
            row("header", &[], header.clone(), "unverified", 0),
            row("unannounced", &[], unannounced.clone(), "unverified", 0),
            row("header, required", required, header, "no_digest", 8),
            row("unannounced, required", required, unannounced, "no_digest", 8),
        ])
        .await;
    }
}

#[tokio::test]
async fn announced_trailer_that_is_missing_is_a_failure_if_it_is_the_digest_or_the_whole_section() {
    let announced = |names: &str| plain().field("trailer", names);
    let all = "--require-trailers";
    check(&[
        row("no section", &[], announced("x-rows"), "trailer_missing", 9),
        row("no section, digest announced", &[], announced("content-digest"), "trailer_missing", 9),
        row(
            "no digest",
            &[],
            announced("x-rows, content-digest").trailer("x-rows", "1"),
            "trailer_missing",
            9,
        ),
        row(
            "no repr-digest",
            &[],
            announced("x-rows, repr-digest").trailer("x-rows", "1"),
            "trailer_missing",
            9,
        ),
        row(
            "one of two digests",
            &[],
            announced("repr-digest, content-digest").trailer("content-digest", right()),
            "trailer_missing",
            9,
        ),
        row("another", &[], announced("x-rows, x-time").trailer("x-rows", "1"), "unverified", 0),
        row(
            "another, required",
            &[all],
            announced("x-rows, x-time").trailer("x-rows", "1"),
            "trailer_missing",
            9,
        ),
        row(
            "another, beside the digest",
            &[],
            announced("x-rows, content-digest").trailer("content-digest", right()),
            "verified",
            0,
        ),
        row(
            "another, beside the digest, required",
            &[all],
            announced("x-rows, content-digest").trailer("content-digest", right()),
            "trailer_missing",
            9,
        ),
        row("none is missing", &[all], announced("X-Rows").trailer("x-rows", "1"), "unverified", 0),
        row("none is announced", &[all], plain(), "unverified", 0),
    ])
    .await;
}

#[tokio::test]
async fn missing_trailers_are_listed() {
    let answer = plain().field("trailer", "x-rows, x-time").trailer("x-rows", "1");
    for wire in WIRES {
        let server = wire.answering(&answer).await;
        let report = Place::new().get(&[wire.options(), &[&server.url("/file")]].concat()).await.report();
        assert_eq!(report["announced"], serde_json::json!(["x-rows", "x-time"]), "{wire:?}: {report}");
        assert_eq!(report["missing"], serde_json::json!(["x-time"]), "{wire:?}: {report}");
        assert_eq!(report["trailers"], serde_json::json!([["x-rows", "1"]]), "{wire:?}: {report}");
    }
}

#[tokio::test]
async fn failure_that_the_sender_reports_is_a_failure() {
    let grpc = |status: &str| plain().trailer("grpc-status", status).trailer("grpc-message", "row%20lost");
    let failed =
        |text: &str| with_digest(&right()).trailer("x-stream-error", text).field("trailer", "x-stream-error");
    check(&[
        row("grpc-status 13", &[], grpc("13"), "sender_failed", 10),
        row("grpc-status 0", &[], grpc("0"), "unverified", 0),
        row("grpc-status that is no number", &[], grpc("none"), "sender_failed", 10),
        row("grpc-status in the header", &[], plain().field("grpc-status", "5"), "sender_failed", 10),
        row("failure field", &[], failed("database lost"), "sender_failed", 10),
        row("failure field without a value", &[], failed(""), "verified", 0),
    ])
    .await;
}

#[tokio::test]
async fn failure_is_shown_with_its_text() {
    let grpc = plain().trailer("grpc-status", "13").trailer("grpc-message", "row%2012%20lost");
    let field = plain().trailer("x-stream-error", "row%2012 lost");
    for wire in WIRES {
        for answer in [&grpc, &field] {
            let server = wire.answering(answer).await;
            let ran = Place::new().get(&[wire.options(), &[&server.url("/file")]].concat()).await;
            assert!(ran.stderr.contains("row 12 lost"), "{wire:?}: {ran:?}");
        }
    }
}

#[tokio::test]
async fn status_of_4xx_and_5xx_is_a_refusal() {
    let status = |status: u16| with_digest(&right()).status(status);
    check(&[
        row("400", &[], status(400), "refused", 5),
        row("404", &[], status(404), "refused", 5),
        row("499", &[], status(499), "refused", 5),
        row("500", &[], status(500), "refused", 5),
        row("599", &[], status(599), "refused", 5),
        row("200", &[], status(200), "verified", 0),
        row("203", &[], status(203), "verified", 0),
    ])
    .await;
}

#[tokio::test]
async fn problem_document_is_shown_as_text() {
    let document =
        br#"{"type":"about:blank","title":"Not Found","status":404,"detail":"there is no row 12"}"#;
    let answer = Answer::new(&document[..]).status(404).field("content-type", "application/problem+json");
    for wire in WIRES {
        let server = wire.answering(&answer).await;
        let ran = Place::new().get(&[wire.options(), &[&server.url("/file")]].concat()).await;
        assert!(ran.stderr.contains("there is no row 12") && ran.stderr.contains("404"), "{wire:?}: {ran:?}");
        assert!(!ran.stderr.contains("about:blank"), "{wire:?}: {ran:?}");
    }
}

/// The first verdict decides, and the rest is listed.
#[tokio::test]
async fn first_of_several_verdicts_decides_and_the_others_are_listed() {
    let announced = |digest: &str| with_digest(digest).field("trailer", "repr-digest");
    for (what, answer, verdicts) in [
        (
            "refused, sender failed, digest differs",
            with_digest(&wrong()).status(500).trailer("grpc-status", "13"),
            &["refused", "sender_failed", "digest_differs"][..],
        ),
        ("refused, verified", with_digest(&right()).status(404), &["refused", "verified"]),
        (
            "sender failed, digest differs, trailer missing",
            announced(&wrong()).trailer("x-stream-error", "lost"),
            &["sender_failed", "digest_differs", "trailer_missing"],
        ),
        ("digest differs, trailer missing", announced(&wrong()), &["digest_differs", "trailer_missing"]),
        ("trailer missing, verified", announced(&right()), &["trailer_missing", "verified"]),
        (
            "sender failed, verified",
            with_digest(&right()).trailer("grpc-status", "1"),
            &["sender_failed", "verified"],
        ),
        (
            "trailer missing, unverified",
            plain().field("trailer", "x-rows"),
            &["trailer_missing", "unverified"],
        ),
        ("one", with_digest(&right()), &["verified"]),
    ] {
        for wire in WIRES {
            let server = wire.answering(&answer).await;
            let report = Place::new().get(&[wire.options(), &[&server.url("/file")]].concat()).await.report();
            assert_eq!(listed(&report), verdicts, "{what} over {wire:?}: {report}");
        }
    }
}

#[tokio::test]
async fn cut_comes_after_a_refusal_and_before_what_the_sender_reports() {
    let sized = |status: u16| plain().status(status).sized().field("grpc-status", "13");
    for (answer, verdicts) in [
        (sized(503), &["refused", "cut", "sender_failed"]),
        // The twin has no cut.
        (sized(503), &["refused", "sender_failed", "unverified"]),
    ] {
        let is_cut = verdicts.contains(&"cut");
        for wire in WIRES {
            let head = answer.http1_head().len();
            let bytes = if wire.is_http2 {
                let length = answer.content.len();
                let whole: Vec<u8> = answer.http2(1).into();
                whole[..whole.len() - if is_cut { length / 2 } else { 0 }].to_vec()
            } else {
                let whole = answer.http1();
                whole[..head + answer.content.len() / if is_cut { 2 } else { 1 }].to_vec()
            };
            let script = [Step::respond(wire.is_http2, bytes), vec![Step::Close]].concat();
            let server = Scripted::start(wire.security(), move |_| script.clone()).await;
            let report = Place::new().get(&[wire.options(), &[&server.url("/file")]].concat()).await.report();
            assert_eq!(listed(&report), *verdicts, "{wire:?}: {report}");
        }
    }
}

/// The verdict and the others that hold.
fn listed(report: &Value) -> Vec<&str> {
    let others = report["others"].as_array().expect("a list").iter();
    others.map(|other| &other["verdict"]).fold(
        vec![report["verdict"].as_str().expect("a name")],
        |mut verdicts, verdict| {
            verdicts.push(verdict.as_str().expect("a name"));
            verdicts
        },
    )
}

#[tokio::test]
async fn closed_port_is_no_connection() {
    let place = Place::new();
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("its address")
    };
    for scheme in ["http", "https"] {
        let ran = place.get(&[&format!("{scheme}://{closed}/file")]).await;
        assert_eq!((&ran.report()["verdict"], ran.code()), (&Value::from("not_connected"), 3), "{ran:?}");
        assert!(ran.stderr.contains("refused"), "{ran:?}");
    }
    assert_eq!(place.names(), [""; 0]);
}

#[tokio::test]
async fn name_that_does_not_resolve_is_no_connection() {
    // RFC 6761 §6.4: this name never exists.
    let ran = Place::new().get(&["http://name.invalid/file"]).await;
    assert_eq!((&ran.report()["verdict"], ran.code()), (&Value::from("not_connected"), 3), "{ran:?}");
}

#[tokio::test]
async fn certificate_that_is_not_trusted_is_a_tls_failure() {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a pair");
    let other = rcgen::generate_simple_self_signed(["example.com".to_owned()]).expect("a pair");
    let place = Place::new();
    place.write("own.pem", pair.cert.pem().as_bytes());
    place.write("other.pem", other.cert.pem().as_bytes());
    for wire in [WIRES[1], WIRES[3]] {
        let alpn = [if wire.is_http2 { "h2" } else { "http/1.1" }];
        let script = Step::answer(wire.is_http2, &with_digest(&right()));
        let start = |pair: &rcgen::CertifiedKey<rcgen::KeyPair>| {
            let key = pair.signing_key.serialize_pem();
            let security = Security::certified(pair.cert.pem().as_bytes(), key.as_bytes(), &alpn);
            let script = script.clone();
            Scripted::start(security, move |_| script.clone())
        };
        let (server, other) = (start(&pair).await, start(&other).await);
        for (url, trust, code) in [
            (server.url("/file"), &["--cacert", "own.pem"][..], 0),
            (server.url("/file"), &["--cacert", CACERT], 4),
            (server.url("/file"), &["--insecure"], 0),
            (server.url("/file"), &["-k"], 0),
            // Those of the system.
            (server.url("/file"), &[], 4),
            // Its name is another.
            (other.url("/file"), &["--cacert", "other.pem"], 4),
            (other.url("/file"), &["-k"], 0),
        ] {
            let ran = place.run(&[&["get", "--json", "-O"], trust, &[&url]].concat()).await;
            assert_eq!(ran.code(), code, "{trust:?} over {wire:?}: {ran:?}");
            let verdict = if code == 0 { "verified" } else { "tls" };
            assert_eq!(ran.report()["verdict"], verdict, "{trust:?} over {wire:?}: {ran:?}");
        }
    }
}

#[tokio::test]
async fn protocol_that_the_server_does_not_agree_to_is_a_tls_failure() {
    let http1 = Wire { is_http2: false, is_tls: true };
    let http2 = Wire { is_http2: true, is_tls: true };
    for (wire, option, code) in
        [(http1, "--http2", 4), (http2, "--http2", 0), (http2, "--http1.1", 4), (http1, "--http1.1", 0)]
    {
        let server = wire.answering(&with_digest(&right())).await;
        let ran = Place::new().get(&[option, &server.url("/file")]).await;
        let verdict = if code == 0 { "verified" } else { "tls" };
        assert_eq!(ran.report()["verdict"], verdict, "{option} to {wire:?}: {ran:?}");
        assert_eq!(ran.code(), code, "{option} to {wire:?}: {ran:?}");
    }
}

/// Without ALPN a server serves HTTP/1.1.
#[tokio::test]
async fn server_without_alpn_serves_http1() {
    let script = Step::answer(false, &with_digest(&right()));
    let server = Scripted::start(Security::tls(&[]), move |_| script.clone()).await;
    let place = Place::new();
    for (options, code) in [(&[][..], 0), (&["--http1.1"], 0), (&["--http2"], 4)] {
        let ran = place.get(&[options, &[&server.url("/file")]].concat()).await;
        assert_eq!(ran.code(), code, "{options:?}: {ran:?}");
    }
}

#[tokio::test]
async fn server_that_does_not_speak_tls_is_a_tls_failure() {
    let server =
        Scripted::plain(vec![Step::Send(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), Step::Close]).await;
    let ran = Place::new().get(&[&format!("https://{}/file", server.address)]).await;
    assert_eq!((&ran.report()["verdict"], ran.code()), (&Value::from("tls"), 4), "{ran:?}");
}

#[tokio::test]
async fn wrong_command_line_is_2() {
    let place = Place::new();
    for arguments in [
        &["get"][..],
        &["get", "ftp://localhost/file"],
        &["get", "http:///file"],
        &["get", "--sha256", "12", "http://localhost/file"],
        &["get", "--no-such-option", "http://localhost/file"],
        &["get", "--http1.1", "--http2", "http://localhost/file"],
        &["get", "--http3", "http://localhost/file"],
        &["get", "--http3", "--alt-svc", "https://localhost/file"],
        &["get", "--continue", "http://localhost/file"],
        &["put", "file"],
        &["send"],
    ] {
        let ran = place.run(arguments).await;
        assert_eq!(ran.code(), 2, "{arguments:?}: {ran:?}");
        assert!(ran.stderr.starts_with("error: ") && ran.stdout.is_empty(), "{arguments:?}: {ran:?}");
    }
}

#[tokio::test]
async fn file_that_can_t_be_written_is_local_trouble() {
    let place = Place::new();
    place.write("file", b"a file");
    std::fs::create_dir(place.path().join("folder")).expect("a folder");
    let server = WIRES[0].answering(&with_digest(&right())).await;
    let url = server.url("/file");
    for (output, code) in [("missing/new", 11), ("file/new", 11), ("folder", 11), ("folder/new", 0)] {
        let ran = place.run(&["get", "--json", "-o", output, &url]).await;
        let verdict = if code == 0 { "verified" } else { "local_trouble" };
        assert_eq!(ran.report()["verdict"], verdict, "{output}: {ran:?}");
        assert_eq!(ran.code(), code, "{output}: {ran:?}");
        assert!(
            code == 0 || ran.stderr.contains(output.split('/').next().expect("a part")),
            "{output}: {ran:?}"
        );
    }
    assert_eq!(place.read("file").as_deref(), Some(&b"a file"[..]));
}

/// `/dev/full` is a disk without space.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn full_disk_is_local_trouble() {
    let server = WIRES[0].answering(&with_digest(&right())).await;
    let place = Place::new();
    for (device, code) in [("/dev/full", 11), ("/dev/null", 0)] {
        let mut command = place.command(&["get", "-o", "-", &server.url("/file")]);
        command.stdout(std::fs::File::create(device).expect("a device"));
        let status = tokio::process::Command::from(command).status().await.expect("started");
        assert_eq!(status.code(), Some(code), "{device}");
    }
}

#[tokio::test]
async fn all_urls_are_tried_and_the_first_failure_decides() {
    let answers = [with_digest(&right()), with_digest(&wrong()), plain().status(404), with_digest(&right())];
    for wire in WIRES {
        let script = Step::answers(wire.is_http2, &answers);
        let server = Scripted::start(wire.security(), move |_| script.clone()).await;
        let place = Place::new();
        let urls: Vec<_> = (0..4).map(|n| server.url(&format!("/{n}"))).collect();
        let urls: Vec<_> = urls.iter().map(String::as_str).collect();
        let ran = place.get(&[wire.options(), &urls].concat()).await;
        let codes: Vec<_> = ran.reports().iter().map(|report| report["exit_code"].clone()).collect();
        assert_eq!(
            (ran.code(), &codes[..]),
            (7, &[0.into(), 7.into(), 5.into(), 0.into()][..]),
            "{wire:?}: {ran:?}"
        );
        assert_eq!(place.names(), ["0", "1.bad", "3"], "{wire:?}");
        assert_eq!(server.received().len(), 1, "one connection over {wire:?}");
    }
}
