//! `put` uploads what the file contains, and never reports an upload as good that is not: with this server, and with
//! servers that refuse early, store something else, redirect, or disappear.

use crate::support::{
    PATIENCE, TestServer,
    client::{CACERT, Place, Ran, WIRES, Wire, hex_sha256, sha256},
    process::{Process, Signal},
    protocols::{Protocol, over_each_protocol},
    scripted::{Answer, Frames, Scripted, Security, Step, http1_requests},
    soon, with, workbench,
};
use axum_trailers_workbench::Bounds;
use std::{fs, io::Write, path::Path, process::Stdio, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::sync::Notify;

const CONTENT: &[u8] = b"what is uploaded";

/// More than the buffers between client and server hold, in bytes.
const LARGE: usize = 32 * 1024 * 1024;

const PROTOCOLS: [(&str, &[&str]); 3] = [
    ("HTTP/2", &["--cacert", CACERT]),
    ("HTTP/1.1", &["--cacert", CACERT, "--http1.1"]),
    ("HTTP/3", &["--cacert", CACERT, "--http3"]),
];

fn large() -> Vec<u8> {
    (0..LARGE).map(|n| b'a' + u8::try_from(n % 26).expect("a letter")).collect()
}

fn serve(bounds: Bounds) -> (TempDir, TestServer) {
    let folder = tempfile::tempdir().expect("a folder");
    let app = workbench(folder.path()).bounds(bounds).allow_upload().expect("a folder").router();
    (folder, TestServer::start(app))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

fn created() -> Answer {
    Answer::new("").sized().status(201)
}

/// Lets an HTTP/2 client send as much as it wants on the first stream.
fn wide_windows() -> Vec<u8> {
    const WINDOW_UPDATE: u8 = 8;
    let increment = (1_u32 << 30).to_be_bytes();
    Frames::new().frame(WINDOW_UPDATE, 0, 0, &increment).frame(WINDOW_UPDATE, 0, 1, &increment).into()
}

async fn put(place: &Place, wire: Wire, server: &Scripted, options: &[&str], file: &str) -> Ran {
    let url = server.url("/remote");
    place.run(&[&["put", "--json", "-k"], wire.options(), options, &[file, &url]].concat()).await
}

#[tokio::test]
async fn upload_is_stored_and_the_server_s_digest_is_compared() {
    let (folder, server) = serve(Bounds::default());
    let place = Place::new();
    for (protocol, options) in PROTOCOLS {
        for (size, content) in
            [("empty", vec![]), ("small", CONTENT.to_vec()), ("large", large()[..3_000_000].to_vec())]
        {
            place.write("local", &content);
            for (digest, source) in [("trailer", "local"), ("header", "local"), ("trailer", "-")] {
                let name = format!("{}-{size}-{digest}-{}", protocol.replace('/', "-"), source.len());
                let url = server.url(&format!("/files/{name}"));
                let arguments = [&["put", "--json", "--digest", digest], options, &[source, &url]].concat();
                let ran = place.feed(&arguments, content.clone()).await;
                let what = format!("{name}: {ran:?}");
                let report = ran.report();
                assert_eq!((ran.code(), &report["verdict"]), (0, &"verified".into()), "{what}");
                assert_eq!(
                    (&report["protocol"], &report["status"]),
                    (&protocol.into(), &201.into()),
                    "{what}"
                );
                assert_eq!(report["bytes_sent"], content.len(), "{what}");
                assert_eq!(report["digest_sent"], hex_sha256(&content), "{what}");
                assert!(fs::read(folder.path().join(&name)).is_ok_and(|stored| stored == content), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn answer_of_the_server_is_shown() {
    let (_folder, server) = serve(Bounds::default());
    let place = Place::new();
    place.write("local", CONTENT);
    let url = server.url("/files/");
    let ran = place.run(&["put", "--cacert", CACERT, "local", &url]).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    let answer: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    // A URL that ends with a slash gets the name of the file.
    assert_eq!((&answer["name"], &answer["stored"]), (&"local".into(), &"created".into()));
    assert!(
        ran.stderr.contains("/files/local: verified: sha-256") && ran.stderr.contains("201 Created"),
        "{ran:?}"
    );

    let quiet = place.run(&["put", "--quiet", "--cacert", CACERT, "local", &url]).await;
    assert_eq!((quiet.code(), &*quiet.stderr), (0, ""), "{quiet:?}");
}

#[tokio::test]
async fn what_the_server_reports_as_stored_must_be_what_was_sent() {
    let json = |content: &[u8]| {
        let document = format!(r#"{{"digest": "{}"}}"#, sha256(content));
        Answer::new(document).sized().status(201).field("content-type", "application/json")
    };
    let field = |status, content: &[u8]| Answer::new("").status(status).field("repr-digest", sha256(content));
    let own = |content: &[u8]| {
        let answer =
            Answer::new(content).field("content-location", "/remote").field("trailer", "repr-digest");
        answer.trailer("repr-digest", sha256(content))
    };
    let place = Place::new();
    place.write("local", CONTENT);
    for (what, answer, code, verdict) in [
        ("right in JSON", json(CONTENT), 0, "verified"),
        ("wrong in JSON", json(b"other"), 7, "digest_differs"),
        ("right in 204", field(204, CONTENT), 0, "verified"),
        ("wrong in 204", field(204, b"other"), 7, "digest_differs"),
        ("right in 201", field(201, CONTENT).sized(), 0, "verified"),
        ("wrong in 201", field(201, b"other").sized(), 7, "digest_differs"),
        ("right representation", own(CONTENT), 0, "verified"),
        ("wrong representation", own(b"other"), 7, "digest_differs"),
        ("nothing", created(), 0, "unverified"),
        // The digest of the answer itself says nothing about the upload.
        (
            "of another content",
            Answer::new("stored").field("repr-digest", sha256(b"stored")),
            0,
            "unverified",
        ),
        ("digest of the answer", Answer::new("ok").field("content-digest", sha256(b"ok")), 0, "unverified"),
        ("beside a text", Answer::new("ok").field("repr-digest", sha256(CONTENT)), 0, "verified"),
        (
            "wrong beside a text",
            Answer::new("ok").field("repr-digest", sha256(b"other")),
            7,
            "digest_differs",
        ),
        (
            "wrong answer",
            Answer::new("stored").field("content-digest", sha256(b"other")),
            7,
            "digest_differs",
        ),
    ] {
        for digest in ["trailer", "header", "none"] {
            let server = WIRES[0].answering(&answer).await;
            let ran = put(&place, WIRES[0], &server, &["--digest", digest], "local").await;
            assert_eq!(
                (ran.code(), &ran.report()["verdict"]),
                (code, &verdict.into()),
                "{what}, {digest}: {ran:?}"
            );
        }
    }
}

#[tokio::test]
async fn early_refusal_of_this_server_is_shown() {
    let (folder, small) = serve(with!(Bounds { upload_size: 1_000_000 }));
    let none = TestServer::start(workbench(folder.path()).router());
    let place = Place::new();
    place.write("local", &large());
    for (protocol, options) in PROTOCOLS {
        for digest in ["trailer", "header"] {
            for (server, status, text) in [(&small, 413, "1000000"), (&none, 403, "--allow-upload")] {
                let url = server.url("/files/local");
                let ran = place
                    .run(&[&["put", "--json", "--digest", digest], options, &["local", &url]].concat())
                    .await;
                let report = ran.report();
                let what = format!("{protocol}, {digest}, {status}: {ran:?}");
                assert_eq!(
                    (ran.code(), &report["verdict"], &report["status"]),
                    (5, &"refused".into(), &status.into()),
                    "{what}"
                );
                assert!(ran.stderr.contains(text), "{what}");
                assert!(report["bytes_sent"].as_u64().is_some_and(|bytes| bytes < LARGE as u64), "{what}");
                assert!(names(folder.path()).is_empty(), "{what}");
            }
        }
    }
}

/// Also if the server resets the stream without an error after its answer, as RFC 9113 §8.1 permits.
#[tokio::test]
async fn early_answer_is_not_lost() {
    const NO_ERROR: u32 = 0;
    let place = Place::new();
    place.write("local", &large());
    for wire in WIRES {
        for (status, code, verdict) in [(401, 5, "refused"), (201, 6, "cut")] {
            let answer = Answer::new("no\n").sized().status(status);
            let script = if wire.is_http2 {
                let end = answer.http2(1).reset(1, NO_ERROR);
                vec![
                    Step::Send(Frames::preface().into()),
                    Step::Head,
                    Step::Send(Frames::acknowledged().then(end).into()),
                ]
            } else {
                vec![Step::Head, Step::Send(answer.http1())]
            };
            let server = Scripted::start(wire.security(), move |_| script.clone()).await;
            let ran = put(&place, wire, &server, &[], "local").await;
            let report = ran.report();
            let what = format!("{status} over {wire:?}: {ran:?}");
            assert_eq!(
                (ran.code(), &report["verdict"], &report["status"]),
                (code, &verdict.into(), &status.into()),
                "{what}"
            );
            assert!(server.received()[0].len() < LARGE, "{what}");
        }
    }
}

#[tokio::test]
async fn file_that_changes_while_it_is_sent_is_never_a_whole_upload() {
    for wire in [WIRES[0], WIRES[2]] {
        for digest in ["trailer", "header", "none"] {
            let place = Place::new();
            place.write("local", &large());
            let changed = Arc::new(Notify::new());
            let go = if wire.is_http2 { wide_windows() } else { Vec::new() };
            let preface = Step::Send(if wire.is_http2 { Frames::preface().into() } else { Vec::new() });
            let script = vec![preface, Step::Head, Step::Wait(changed.clone()), Step::Send(go)];
            let server = Scripted::start(wire.security(), move |_| script.clone()).await;
            let file = place.path().join("local");
            let change = async {
                soon("the header section", async {
                    while !server
                        .received()
                        .iter()
                        .any(|received| received.contains("PUT") || received.len() > 100)
                    {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                })
                .await;
                fs::File::options()
                    .append(true)
                    .open(file)
                    .expect("a file")
                    .write_all(b"more")
                    .expect("written");
                changed.notify_one();
            };
            let options = ["--digest", digest];
            let (ran, ()) = tokio::join!(put(&place, wire, &server, &options, "local"), change);
            let what = format!("{digest} over {wire:?}: {ran:?}");
            assert_eq!((ran.code(), &ran.report()["verdict"]), (11, &"local_trouble".into()), "{what}");
            assert!(ran.stderr.contains("local changed while it was read"), "{what}");
            if !wire.is_http2 {
                let received = server.received();
                assert!(received[0].len() < LARGE + 100_000 && !received[0].ends_with("0\r\n\r\n"), "{what}");
                assert!(!http1_requests(received[0].as_bytes())[0].is_whole, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn content_is_sent_again_only_after_307_and_308() {
    let place = Place::new();
    place.write("local", CONTENT);
    for (status, code, then) in [
        (301, 5, None),
        (302, 5, None),
        (303, 0, Some(("GET", &b""[..]))),
        (307, 0, Some(("PUT", CONTENT))),
        (308, 0, Some(("PUT", CONTENT))),
    ] {
        for options in [&["-L"][..], &[]] {
            let redirect = Answer::new("").sized().status(status).field("location", "/other");
            let server = Scripted::plain(Step::answers(false, &[redirect, created()])).await;
            let options = [options, &["--digest", "header"]].concat();
            let ran = put(&place, WIRES[0], &server, &options, "local").await;
            let received = server.received().concat();
            let requests = http1_requests(received.as_bytes());
            let what = format!("{status} {options:?}: {ran:?}");
            assert_eq!(requests[0].content, CONTENT, "{what}");
            // Nothing is uploaded where a redirect is not followed.
            assert_eq!(ran.code(), if options[0] == "-L" { code } else { 5 }, "{what}");
            let second = requests
                .get(1)
                .map(|request| (request.head.split(' ').next().expect("a method"), request.content));
            assert_eq!(second, then.filter(|_| options[0] == "-L"), "{what}");
            let digest = requests.get(1).and_then(|request| request.field("content-digest"));
            assert_eq!(digest.is_some(), second.is_some_and(|(method, _)| method == "PUT"), "{what}");
        }
    }
}

#[tokio::test]
async fn standard_input_is_redirected_only_if_it_was_not_read() {
    let redirect = Answer::new("").sized().status(307).field("location", "/other");
    for (options, first, code) in
        [(&["-L"][..], Step::Request, 11), (&["-L", "--expect-continue"], Step::Head, 0)]
    {
        let redirect = redirect.clone().field("connection", "close").http1();
        let server = Scripted::start(Security::Plain, move |n| match n {
            0 => vec![first.clone(), Step::Send(redirect.clone()), Step::Close],
            _ => Step::answer(false, &created()),
        })
        .await;
        let place = Place::new();
        let url = server.url("/remote");
        let ran = place.feed(&[&["put", "--json"], options, &["-", &url]].concat(), CONTENT.to_vec()).await;
        assert_eq!(ran.code(), code, "{options:?}: {ran:?}");
        if code == 0 {
            assert!(server.received()[1].contains("what is uploaded"), "{:?}", server.received());
        } else {
            assert!(
                ran.stderr.contains("standard input is read already") && ran.stderr.contains("/other"),
                "{ran:?}"
            );
        }
    }
}

#[tokio::test]
async fn password_goes_only_to_its_origin_and_into_no_report() {
    let other = Scripted::plain(Step::answer(false, &created())).await;
    let location = other.url("/other");
    let redirect = Answer::new("").sized().status(307).field("location", location);
    let server = Scripted::plain(Step::answer(false, &redirect)).await;
    let place = Place::new();
    place.write("local", CONTENT);
    let url = server.url("/remote").replace("http://", "http://me:secret@");
    let ran = place.run(&["put", "--json", "-L", "-v", "local", &url]).await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    let (first, second) = (&server.received()[0], &other.received()[0]);
    assert!(first.to_ascii_lowercase().contains("authorization: basic bwu6c2vjcmv0"), "{first}");
    assert!(!second.to_ascii_lowercase().contains("authorization"), "{second}");
    let output = String::from_utf8(ran.stdout).expect("UTF-8") + &ran.stderr;
    assert!(!output.contains("secret") && !output.contains("bWU6c2VjcmV0"), "{output}");
}

#[tokio::test]
async fn server_that_does_not_support_expectations_gets_the_content_without_one() {
    let refusal = Answer::new("").sized().status(417).field("connection", "close");
    let server = Scripted::start(Security::Plain, move |n| match n {
        0 => vec![Step::Head, Step::Send(refusal.http1()), Step::Close],
        _ => Step::answer(false, &created()),
    })
    .await;
    let place = Place::new();
    place.write("local", CONTENT);
    let ran = put(&place, WIRES[0], &server, &["--expect-continue"], "local").await;
    assert_eq!(ran.code(), 0, "{ran:?}");
    let received = server.received();
    let requests: Vec<_> =
        received.iter().map(|received| http1_requests(received.as_bytes()).remove(0)).collect();
    assert_eq!(requests[0].field("expect"), Some("100-continue"));
    assert_eq!((requests[1].field("expect"), requests[1].is_whole), (None, true), "{received:?}");
}

#[tokio::test]
async fn digest_of_the_user_is_the_only_one() {
    let place = Place::new();
    place.write("local", CONTENT);
    let own = format!("Content-Digest: {}", sha256(b"other"));
    for (digest, code) in [("trailer", 2), ("header", 2), ("none", 0)] {
        let server = Scripted::plain(Step::answer(false, &created())).await;
        let ran = put(&place, WIRES[0], &server, &["--digest", digest, "-H", &own], "local").await;
        assert_eq!(ran.code(), code, "{digest}: {ran:?}");
        let received = server.received();
        if code != 0 {
            assert!(received.is_empty() && ran.stderr.contains("--digest none"), "{digest}: {ran:?}");
            continue;
        }
        let request = &http1_requests(received[0].as_bytes())[0];
        assert_eq!(request.field("content-digest"), Some(&*sha256(b"other")), "{received:?}");
        assert_eq!((request.field("trailer"), request.content), (None, CONTENT), "{received:?}");
    }
}

#[tokio::test]
async fn file_that_can_t_be_read_is_found_before_there_is_a_connection() {
    let server = Scripted::plain(Step::answer(false, &created())).await;
    let place = Place::new();
    fs::create_dir(place.path().join("folder")).expect("a folder");
    for digest in ["trailer", "header", "none"] {
        for name in ["folder", "missing"] {
            let ran = put(&place, WIRES[0], &server, &["--digest", digest], name).await;
            assert_eq!(
                (ran.code(), &ran.report()["verdict"]),
                (11, &"local_trouble".into()),
                "{name}: {ran:?}"
            );
            assert!(ran.stderr.contains(&format!("can't read {name}")), "{name}: {ran:?}");
        }
    }
    assert!(server.received().is_empty());
}

over_each_protocol! {
    #[cfg(unix)]
    upload_to_a_server_that_is_killed_is_cut, except Http3: "nothing shows it before the idle time of 40 s";
}

/// The client has sent a part, and waits for more on its standard input.
#[cfg(unix)]
async fn upload_to_a_server_that_is_killed_is_cut(protocol: Protocol) {
    let options = if protocol == Protocol::Http1 { &["--http1.1"][..] } else { &[] };

    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().to_str().expect("UTF-8");
    let mut server =
        Process::start(&["--listen", "127.0.0.1:0", "--redirect", "off", "--allow-upload", "--dir", dir]);
    let url = format!("https://localhost:{}/files/local", server.address("https").port());
    let place = Place::new();
    let mut command =
        place.command(&[&["put", "--json", "--cacert", CACERT], options, &["-", &url]].concat());
    command.stdin(Stdio::piped());
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().expect("started");
    let mut input = child.stdin.take().expect("piped");
    tokio::io::AsyncWriteExt::write_all(&mut input, CONTENT).await.expect("written");
    soon("the upload", async {
        while names(folder.path()).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    server.signal(Signal::KILL);
    let output =
        tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("an end").expect("ended");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(6), "{options:?}: {text}");
    assert!(text.contains(r#""verdict":"cut""#), "{options:?}: {text}");
    assert!(!folder.path().join("local").exists());
}
