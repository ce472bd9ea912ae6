//! The client against this server, over each protocol.

use crate::support::{
    TestServer,
    client::{CACERT, Place, sha256},
    soon, workbench,
};
use serde_json::{Value, json};
use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;

/// The options for each protocol over TLS.
const PROTOCOLS: [(&str, &[&str]); 4] =
    [("HTTP/2", &[]), ("HTTP/2", &["--http2"]), ("HTTP/1.1", &["--http1.1"]), ("HTTP/3", &["--http3"])];

fn content(length: u32) -> Vec<u8> {
    (0..length).map(|n| n.wrapping_mul(n).to_le_bytes()[1]).collect()
}

fn serve(folder: &Path) -> TestServer {
    let app = workbench(folder).allow_upload().expect("a folder").router();
    TestServer::start(app)
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("large.bin"), content(3_000_000)).expect("written");
    fs::write(folder.path().join("empty.txt"), "").expect("written");
    folder
}

#[tokio::test]
async fn files_arrive_verified() {
    let folder = folder();
    let server = serve(folder.path());
    for (protocol, options) in PROTOCOLS {
        let place = Place::new();
        let urls = [server.url("/files/large.bin"), server.url("/files/empty.txt")];
        let ran = place.get(&[options, &[&urls[0], &urls[1]]].concat()).await;
        assert_eq!(ran.code(), 0, "{protocol}: {ran:?}");
        for report in ran.reports() {
            assert_eq!(
                (&report["verdict"], &report["protocol"]),
                (&"verified".into(), &protocol.into()),
                "{report}"
            );
            assert_eq!(report["trailers"][0][0], "content-digest", "{report}");
        }
        assert!(place.read("large.bin").is_some_and(|file| file == content(3_000_000)), "{protocol}");
        assert_eq!(place.names(), ["empty.txt", "large.bin"], "{protocol}");
    }
}

#[tokio::test]
async fn failures_of_the_server_have_their_verdict() {
    let folder = folder();
    let server = serve(folder.path());
    for (path, verdict, code, shown) in [
        ("/", "unverified", 0, ""),
        ("/bytes/64?chunk=16&delay=0", "verified", 0, ""),
        ("/lines/5", "unverified", 0, ""),
        ("/lines/5?fail_at=3", "sender_failed", 10, "line 3 can't be read"),
        ("/export/orders?limit=10", "verified", 0, ""),
        ("/export/orders?limit=10&fail_at=5", "cut", 6, ""),
        ("/export/orders?limit=10&fail_at=5&fail=trailer", "sender_failed", 10, ""),
        ("/files/missing", "refused", 5, "404"),
        ("/no/route", "refused", 5, "404"),
        ("/bytes/x", "refused", 5, "400"),
    ] {
        for (protocol, options) in PROTOCOLS {
            let place = Place::new();
            // Some of these paths have no name for a file.
            let file = ["get", "--json", "-o", "file", "--cacert", CACERT];
            let ran = place.run(&[&file, options, &[&server.url(path)]].concat()).await;
            let what = format!("{path} over {protocol}: {ran:?}");
            assert_eq!((&ran.report()["verdict"], ran.code()), (&verdict.into(), code), "{what}");
            assert!(ran.stderr.contains(shown), "{what}");
            assert_eq!(place.read("file").is_some(), code == 0, "{what}");
        }
    }
}

/// The server cuts the file in the middle when it shuts down; another one continues.
#[tokio::test]
async fn download_from_a_server_that_goes_away_is_continued_at_another() {
    let folder = folder();
    for (protocol, options) in PROTOCOLS {
        let place = Place::new();
        fs::write(place.path().join("file.part"), "").expect("written");
        let first = serve(folder.path());
        let port = first.address.port();
        let url = first.url("/files/large.bin");
        // Its output is not read, so the server waits in the middle of the file.
        let mut command =
            place.command(&[&["get", "-o", "-", "--cacert", CACERT], options, &[&url]].concat());
        command.stderr(std::process::Stdio::null());
        let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().expect("started");
        let mut output = child.stdout.take().expect("piped");
        let mut received = vec![0; 1000];
        soon("the beginning", tokio::io::AsyncReadExt::read_exact(&mut output, &mut received))
            .await
            .expect("content");
        first.handle.abort();
        drop(first);
        let mut rest = Vec::new();
        soon("the end", tokio::io::AsyncReadExt::read_to_end(&mut output, &mut rest)).await.expect("content");
        let status = soon("its end", child.wait()).await.expect("ended");
        assert_eq!(status.code(), Some(6), "{protocol} at port {port}");
        assert!(content(3_000_000).starts_with(&[received, rest].concat()), "{protocol}");
    }
}

/// The rest of a real file, with a strong validator, `If-Range`, and `Repr-Digest` for the whole.
#[tokio::test]
async fn part_of_a_file_is_continued_and_the_whole_verified() {
    let folder = folder();
    let server = serve(folder.path());
    let whole = content(3_000_000);
    for (protocol, options) in PROTOCOLS {
        for changes in [false, true] {
            let place = Place::new();
            let file = folder.path().join("file");
            fs::write(&file, &whole).expect("written");
            // With a recent time, its ETag is not strong yet.
            let dated = |seconds: u64| {
                let file = fs::File::options().write(true).open(&file).expect("a file");
                file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(seconds)).expect("dated");
            };
            dated(1_000_000_000);
            let url = server.url("/files/file");
            // Whatever the pace, it is killed in the middle: its progress is seen in the file.
            let options = [options, &["--cacert", CACERT]].concat();
            let mut child = {
                let mut command = place.command(&[&["get", "-O"], &options[..], &[&url]].concat());
                command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
                tokio::process::Command::from(command).kill_on_drop(true).spawn().expect("started")
            };
            let part = || place.read("file.part").map_or(0, |part| part.len());
            soon("a part or the end", async {
                while part() == 0 && child.try_wait().expect("its state").is_none() {
                    tokio::time::sleep(Duration::from_micros(200)).await;
                }
            })
            .await;
            child.kill().await.expect("killed");
            let expected = if changes { content(2_000_000) } else { whole.clone() };
            if changes {
                fs::write(&file, &expected).expect("written");
                dated(1_000_000_001);
            }
            let ran =
                place.run(&[&["get", "--json", "-O", "--continue"], &options[..], &[&url]].concat()).await;
            let what = format!("{protocol}, {changes}: {ran:?}");
            assert_eq!((&ran.report()["verdict"], ran.code()), (&"verified".into(), 0), "{what}");
            assert!(place.read("file").is_some_and(|file| file == expected), "{what}");
            assert_eq!(place.names(), ["file"], "{what}");
        }
    }
}

#[tokio::test]
async fn upload_arrives_with_its_digest() {
    let folder = folder();
    let server = serve(folder.path());
    let place = Place::new();
    let sent = content(300_000);
    place.write("local", &sent);
    let options: [&[&str]; 4] =
        [&[], &["--digest", "trailer"], &["--digest", "header"], &["--expect-continue"]];
    for (protocol, version) in PROTOCOLS {
        for option in options {
            for (name, length) in [("local", 300_000), ("nothing", 0)] {
                place.write("nothing", b"");
                let url = server.url(&format!("/files/{name}"));
                let ran = place
                    .run(&[&["put", "--json", "--cacert", CACERT], version, option, &[name, &url]].concat())
                    .await;
                let what = format!("{name} {option:?} over {protocol}: {ran:?}");
                assert_eq!(ran.code(), 0, "{what}");
                let stored = fs::read(folder.path().join(name)).expect("a file");
                assert!(stored.len() == length && stored[..] == sent[..length], "{what}");
                fs::remove_file(folder.path().join(name)).expect("removed");
            }
        }
    }
}

#[tokio::test]
async fn upload_from_standard_input_arrives() {
    let folder = folder();
    let server = serve(folder.path());
    let place = Place::new();
    for (protocol, version) in PROTOCOLS {
        let url = server.url("/files/new");
        let arguments = [&["put", "--json", "--cacert", CACERT], version, &["-", &url]].concat();
        let ran = place.feed(&arguments, content(100_000)).await;
        assert_eq!(ran.code(), 0, "{protocol}: {ran:?}");
        assert!(fs::read(folder.path().join("new")).expect("a file") == content(100_000), "{protocol}");
        fs::remove_file(folder.path().join("new")).expect("removed");
    }
}

/// The server stores nothing without a digest, and says why.
#[tokio::test]
async fn upload_that_the_server_refuses_is_a_refusal() {
    let folder = folder();
    let server = serve(folder.path());
    let place = Place::new();
    place.write("local", &content(3_000_000));
    for (protocol, version) in PROTOCOLS {
        for (options, path, shown) in [
            (&["--digest", "none"][..], "/files/new", "`Content-Digest` is missing"),
            (&[], "/no/route", "404"),
        ] {
            let url = server.url(path);
            let ran = place
                .run(&[&["put", "--json", "--cacert", CACERT], version, options, &["local", &url]].concat())
                .await;
            let what = format!("{path} {options:?} over {protocol}: {ran:?}");
            assert_eq!((&ran.report()["verdict"], ran.code()), (&"refused".into(), 5), "{what}");
            assert!(ran.stderr.contains(shown), "{what}");
        }
    }
    assert!(!folder.path().join("new").exists());
}

#[tokio::test]
async fn request_with_trailers_arrives_and_is_echoed_with_them() {
    let folder = folder();
    let server = serve(folder.path());
    let place = Place::new();
    for (protocol, version) in PROTOCOLS {
        for announcement in [&[][..], &["--unannounced"]] {
            let send = [
                "send",
                "--cacert",
                CACERT,
                "-d",
                "hello",
                "--trailer",
                "x-one: 1",
                "--trailer",
                "X-Two: two words",
            ];
            let ran = place.run(&[&send, version, announcement, &[&server.url("/inspect")]].concat()).await;
            assert_eq!(ran.code(), 0, "{protocol}: {ran:?}");
            let seen: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
            assert_eq!(seen["method"], "POST", "{protocol}: {seen}");
            let expected = [("x-one", "1"), ("x-two", "two words")];
            let expected = expected.map(|(name, value)| json!({ "name": name, "value": value }));
            assert_eq!(seen["trailers"], json!(expected), "{protocol}: {seen}");
            assert_eq!(seen["content"]["length"], 5, "{protocol}: {seen}");
            assert_eq!(seen["content"]["digest"], sha256(b"hello"), "{protocol}: {seen}");
            let trailer = seen["trailer"].to_string();
            assert_eq!(trailer.contains("x-one"), announcement.is_empty(), "{protocol}: {seen}");
        }
    }
}
