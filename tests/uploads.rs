//! An upload is stored whole, and only if it matches its digest, whatever happens in between.

use crate::support::{
    TestServer,
    protocols::{Protocol, over_each_protocol, read},
    raw,
    upload::{Answer, Upload},
    with, workbench,
};
use axum_trailers_workbench::Bounds;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{fs, path::Path};
use tempfile::TempDir;

fn serve(bounds: Bounds) -> (TempDir, TestServer) {
    let folder = tempfile::tempdir().expect("a folder");
    let app = workbench(folder.path()).bounds(bounds).allow_upload().expect("a folder").router();
    (folder, TestServer::start(app))
}

fn digest(content: impl AsRef<[u8]>) -> String {
    format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(content)))
}

/// All names in a folder, including hidden ones.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

async fn put(server: &TestServer, protocol: Protocol, path: &str, content: &str) -> Answer {
    let fields = [("content-digest", &*digest(content))];
    let chunks = [content];
    Upload { path, fields: &fields, chunks: &chunks, ..Upload::default() }
        .send(protocol, server.address)
        .await
}

/// Waits until a folder contains only these names: a broken request ends a little later than its client.
async fn only(folder: &Path, expected: &[&str]) {
    let came = async {
        while names(folder) != expected {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let came = tokio::time::timeout(crate::support::PATIENCE, came).await;
    assert!(came.is_ok(), "{:?} and not {expected:?}", names(folder));
}

/// Waits until this many uploads are in progress.
async fn running(folder: &Path, uploads: usize) {
    let is_draft = |name: &String| name.starts_with(".axum-trailers-upload-");
    crate::support::soon("the uploads", async {
        while names(folder).iter().filter(|name| is_draft(name)).count() != uploads {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    })
    .await;
}

over_each_protocol! {
    upload_that_breaks_off_leaves_nothing;
    right_upload_is_stored_and_told;
    stored_upload_is_served;
    wrong_or_missing_digest_leaves_what_was_there;
    uploads_past_a_bound_are_refused_and_leave_nothing;
    names_outside_the_folder_are_rejected;
    preconditions_are_evaluated;
    #[cfg(unix)]
    file_that_can_not_be_read_is_compared_with_its_date;
    parts_and_coded_content_are_rejected_and_an_empty_coding_is_ignored;
    uploads_are_off_unless_they_are_allowed;
}

async fn right_upload_is_stored_and_told(protocol: Protocol) {
    let (folder, server) = serve(Bounds::default());

    let content = "first second";
    let name = format!("{}.txt", protocol.name().replace('/', "-"));
    let path = format!("/files/{name}");
    let trailer = [("content-digest", &*digest(content))];
    let by_trailer = Upload {
        path: &path,
        fields: &[("trailer", "content-digest")],
        chunks: &["first ", "second"],
        trailers: &trailer,
        ..Upload::default()
    };
    let answer = by_trailer.send(protocol, server.address).await;
    assert_eq!(answer.status, 201, "{protocol}: {answer:?}");
    let told: Value = serde_json::from_str(&answer.content).expect("JSON");
    let expected = json!({ "name": name, "size": 12, "digest": digest(content), "stored": "created" });
    assert_eq!(told, expected, "{protocol}");
    assert_eq!(fs::read_to_string(folder.path().join(&name)).expect("a file"), content);

    let answer = put(&server, protocol, &path, "other").await;
    assert_eq!(answer.status, 200, "{protocol}");
    let told: Value = serde_json::from_str(&answer.content).expect("JSON");
    let expected = json!({ "name": name, "size": 5, "digest": digest("other"), "stored": "replaced" });
    assert_eq!(told, expected, "{protocol}");
    assert_eq!(fs::read_to_string(folder.path().join(&name)).expect("a file"), "other");

    assert_eq!(names(folder.path()), [name]);
}

async fn stored_upload_is_served(protocol: Protocol) {
    let (_folder, server) = serve(Bounds::default());
    let client = protocol.client(server.address).await;
    let content = "ä".repeat(100_000);
    assert!(put(&server, protocol, "/files/%C3%A4%20b.txt", &content).await.status < 300, "{protocol}");
    let ending = read(client.get("/files/%C3%A4%20b.txt").await).await.expect("no error");
    assert!(ending.content == content.as_bytes(), "{protocol}");
    assert_eq!(ending.trailers.expect("trailers")["content-digest"], digest(content), "{protocol}");
}

async fn wrong_or_missing_digest_leaves_what_was_there(protocol: Protocol) {
    let (folder, server) = serve(Bounds::default());
    fs::write(folder.path().join("kept.txt"), "kept").expect("written");
    let wrong = digest("another");

    for path in ["/files/kept.txt", "/files/new.txt"] {
        let request = Upload { path, chunks: &["content"], ..Upload::default() };
        let by_header = Upload { fields: &[("content-digest", &wrong)], ..request };
        let by_trailer = Upload {
            fields: &[("trailer", "content-digest")],
            trailers: &[("content-digest", &wrong)],
            ..request
        };
        let never_came = Upload { fields: &[("trailer", "content-digest")], ..request };
        for (upload, why) in [
            (by_header, "the content does not match its `Content-Digest`"),
            (by_trailer, "the content does not match its `Content-Digest`"),
            (never_came, "was announced but not sent"),
            (request, "`Content-Digest` is missing"),
        ] {
            let answer = upload.send(protocol, server.address).await;
            assert_eq!(answer.status, 400, "{why} over {protocol}");
            assert!(answer.content.contains(why), "{} over {protocol}", answer.content);
            only(folder.path(), &["kept.txt"]).await;
        }
    }
    assert_eq!(fs::read_to_string(folder.path().join("kept.txt")).expect("a file"), "kept");
}

async fn upload_that_breaks_off_leaves_nothing(protocol: Protocol) {
    let (folder, server) = serve(Bounds::default());
    let client = protocol.client(server.address).await;
    let (content, half) = ("x".repeat(200_000), "x".repeat(100_000));
    for length in [&[("content-length", "200000")][..], &[]] {
        let request = client.request("PUT", "/files/a").header("content-digest", digest(&content));
        let upload = request.headers(length).body(half.clone()).begin().await.expect("a stream");
        running(folder.path(), 1).await;
        upload.abort();
        only(folder.path(), &[]).await;
    }
}

async fn uploads_past_a_bound_are_refused_and_leave_nothing(protocol: Protocol) {
    let (folder, server) = serve(with!(Bounds { upload_size: 10, uploads: 1 }));

    let answer = put(&server, protocol, "/files/a", "12345678901").await;
    assert_eq!(answer.status, 413, "{protocol}");
    assert!(answer.content.contains("10 bytes"), "{}", answer.content);
    only(folder.path(), &[]).await;
    assert!(put(&server, protocol, "/files/b", "1234567890").await.status < 300, "{protocol}");
    fs::remove_file(folder.path().join("b")).expect("removed");

    let client = protocol.client(server.address).await;
    let request = client.request("PUT", "/files/a").header("content-length", "11");
    let refused = request.begin().await.expect("a stream").response().await.expect("a response");
    assert_eq!(refused.status(), 413, "before any of it comes");

    let request = client.request("PUT", "/files/a").header("content-digest", digest("1")).body("1");
    let mut upload = request.begin().await.expect("a stream");
    running(folder.path(), 1).await;
    let refused = put(&server, protocol, "/files/b", "b").await;
    assert_eq!((refused.status, refused.field("retry-after")), (503, "5"));
    assert!(refused.content.contains("too many uploads: the limit is 1 at once"), "{}", refused.content);
    upload.end("").await;
    only(folder.path(), &["a"]).await;
}

/// Clients with different loopback addresses. `A` is also the address of all other test clients.
#[cfg(target_os = "linux")]
mod shared {
    use super::{digest, only, put, running, serve};
    use crate::support::{
        TestServer,
        protocols::{Client, Exchange, Protocol, Settings, over_each_protocol},
        soon,
        upload::Answer,
        with,
    };
    use axum_trailers_workbench::Bounds;
    use serde_json::Value;
    use std::{net::Ipv4Addr, time::Duration};

    const A: Ipv4Addr = Ipv4Addr::LOCALHOST;
    const B: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
    const C: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

    async fn client(protocol: Protocol, server: &TestServer, local: Ipv4Addr) -> Client {
        protocol.client_with(server.address, with!(Settings { local: local.into() })).await
    }

    /// An upload without its last byte.
    async fn stalled(client: &Client, name: &str) -> Exchange {
        let request = client.request("PUT", format!("/files/{name}"));
        let request = request.header("content-digest", digest("ab")).header("content-length", "2");
        request.body("a").begin().await.expect("a stream")
    }

    /// The status of a whole upload.
    async fn status(protocol: Protocol, server: &TestServer, local: Ipv4Addr) -> u16 {
        let client = client(protocol, server, local).await;
        let request = client.request("PUT", "/files/whole").header("content-digest", digest("x")).body("x");
        request.send().await.expect("a response").status().as_u16()
    }

    fn assert_refused(answer: &Answer, status: u16, maximum: usize) {
        assert_eq!((answer.status, answer.field("retry-after")), (status, "5"), "{answer:?}");
        let problem: Value = serde_json::from_str(&answer.content).expect("JSON");
        assert_eq!(problem["maximum"], maximum, "{problem}");
    }

    over_each_protocol! {
        client_with_all_its_uploads_is_refused_and_another_client_is_served;
        connections_that_close_give_their_places_back;
        uploads_of_all_clients_are_bounded_by_the_total;
    }

    async fn client_with_all_its_uploads_is_refused_and_another_client_is_served(protocol: Protocol) {
        let (folder, server) = serve(Bounds::default());
        let client = client(protocol, &server, A).await;
        let mut uploads = Vec::new();
        for n in 0..7 {
            uploads.push(stalled(&client, &format!("a{n}")).await);
        }
        running(folder.path(), 7).await;
        assert_eq!(status(protocol, &server, A).await, 201, "one place is free");
        uploads.push(stalled(&client, "a7").await);
        running(folder.path(), 8).await;

        assert_refused(&put(&server, protocol, "/files/whole", "x").await, 429, 8);

        assert_eq!(status(protocol, &server, B).await, 200);

        let mut last = uploads.pop().expect("an upload");
        last.end("b").await;
        assert_eq!(last.response().await.expect("a response").status(), 201);
        assert_eq!(status(protocol, &server, A).await, 200, "its place is free before its response is here");
        uploads.into_iter().for_each(Exchange::abort);
        running(folder.path(), 0).await;
        only(folder.path(), &["a7", "whole"]).await;
    }

    async fn connections_that_close_give_their_places_back(protocol: Protocol) {
        let (folder, server) = serve(with!(Bounds { uploads_per_client: 2 }));
        let client = client(protocol, &server, A).await;
        let uploads = [stalled(&client, "a").await, stalled(&client, "b").await];
        running(folder.path(), 2).await;
        assert_refused(&put(&server, protocol, "/files/whole", "x").await, 429, 2);
        client.close();
        drop(uploads);
        // A request ends a little later than its connection.
        soon("a free place", async {
            while status(protocol, &server, A).await >= 300 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        only(folder.path(), &["whole"]).await;
    }

    async fn uploads_of_all_clients_are_bounded_by_the_total(protocol: Protocol) {
        let (folder, server) = serve(with!(Bounds { uploads: 2, uploads_per_client: 1 }));
        let _first = stalled(&client(protocol, &server, A).await, "a").await;
        running(folder.path(), 1).await;
        assert_eq!(status(protocol, &server, C).await, 201, "one place is free");
        let mut second = stalled(&client(protocol, &server, B).await, "b").await;
        running(folder.path(), 2).await;
        assert_eq!(status(protocol, &server, C).await, 503);
        assert_refused(&put(&server, protocol, "/files/whole", "x").await, 503, 2);

        second.end("b").await;
        second.response().await.expect("a response");
        assert_eq!(status(protocol, &server, C).await, 200);
        assert_refused(&put(&server, protocol, "/files/whole", "x").await, 429, 1);
    }
}

async fn names_outside_the_folder_are_rejected(protocol: Protocol) {
    let (root, server) = {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(root.path().join("served/sub")).expect("a folder");
        let app = workbench(root.path().join("served")).allow_upload().expect("a folder").router();
        (root, TestServer::start(app))
    };

    for (name, status) in [
        ("%2E%2E%2Fout", 400),
        ("sub/in", 400),
        ("sub%2Fin", 400),
        ("%2Fetc", 400),
        (".hidden", 400),
        ("%2E", 400),
        ("a%00b", 400),
        ("a%0Ab", 400),
        ("a%5Cb", 400),
        (&"a".repeat(256), 400),
        ("sub", 409),
    ] {
        let answer = put(&server, protocol, &format!("/files/{name}"), "x").await;
        assert_eq!(answer.status, status, "{name} over {protocol}: {}", answer.content);
        assert_eq!(answer.field("content-type"), "application/problem+json", "{name} over {protocol}");
    }

    assert_eq!(names(root.path()), ["served"]);
    assert_eq!(names(&root.path().join("served")), ["sub"]);
    assert!(names(&root.path().join("served/sub")).is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn link_is_replaced_and_not_followed() {
    let (folder, server) = serve(Bounds::default());
    let outside = tempfile::tempdir().expect("a folder");
    let target = outside.path().join("target");
    fs::write(&target, "untouched").expect("written");
    for (link, to) in
        [("to-file", &*target), ("to-nothing", &*outside.path().join("new")), ("to-folder", outside.path())]
    {
        std::os::unix::fs::symlink(to, folder.path().join(link)).expect("a link");
        let answer = put(&server, Protocol::Http2, &format!("/files/{link}"), "stored").await;
        assert_eq!(answer.status, 200, "{link}: {}", answer.content);
        let stored = fs::symlink_metadata(folder.path().join(link)).expect("a file");
        assert!(stored.is_file(), "{link}");
        assert_eq!(fs::read_to_string(folder.path().join(link)).expect("a file"), "stored");
    }
    assert_eq!(fs::read_to_string(&target).expect("a file"), "untouched");
    assert_eq!(names(outside.path()), ["target"]);
}

async fn preconditions_are_evaluated(protocol: Protocol) {
    let (folder, server) = serve(Bounds::default());

    fs::write(folder.path().join("there"), "old").expect("written");
    for (name, field, status) in [
        ("there", ("if-none-match", "*"), 412),
        ("new", ("if-match", "*"), 412),
        ("there", ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT"), 412),
        ("there", ("if-match", "*"), 200),
        ("new", ("if-none-match", "*"), 201),
    ] {
        let fields = [field, ("content-digest", &*digest("x"))];
        let path = format!("/files/{name}");
        let upload = Upload { path: &path, fields: &fields, chunks: &["x"], ..Upload::default() };
        let answer = upload.send(protocol, server.address).await;
        assert_eq!(answer.status, status, "{name} {field:?} over {protocol}: {}", answer.content);
        let is_old = fs::read(folder.path().join("there")).expect("a file") == b"old";
        assert_eq!(is_old, field.0 != "if-match" || name == "new", "{field:?} over {protocol}");
        if status == 200 {
            fs::write(folder.path().join("there"), "old").expect("written");
        }
    }
    fs::remove_file(folder.path().join("new")).expect("removed");
}

/// The server may be unable to read a file but able to replace it. The tests may run as a user who can read everything.
#[cfg(unix)]
async fn file_that_can_not_be_read_is_compared_with_its_date(protocol: Protocol) {
    use std::os::unix::fs::PermissionsExt;
    let (folder, server) = serve(Bounds::default());
    let file = folder.path().join("there");

    fs::write(&file, "old").expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).expect("a mode");
    let since = ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT");
    let fields = [since, ("content-digest", &*digest("x"))];
    let upload = Upload { path: "/files/there", fields: &fields, chunks: &["x"], ..Upload::default() };
    let answer = upload.send(protocol, server.address).await;
    assert_eq!(answer.status, 412, "{protocol}: {}", answer.content);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a mode");
    assert_eq!(fs::read_to_string(&file).expect("a file"), "old", "{protocol}");
}

#[tokio::test]
async fn precondition_is_checked_last_but_before_the_content() {
    let (folder, server) = serve(Bounds::default());
    fs::write(folder.path().join("there"), "old").expect("written");
    let head = "PUT /files/there HTTP/1.1\r\nhost: a\r\nconnection: close\r\nif-none-match: *\r\ncontent-length: 5\r\n";
    let digest = format!("content-digest: {}\r\n", digest("hello"));
    for (fields, status) in
        [(&*digest, "412"), ("", "400"), (&*format!("{digest}content-encoding: gzip\r\n"), "415")]
    {
        let wire = raw::http1(server.address, &format!("{head}{fields}\r\n")).await;
        assert!(wire.starts_with(&format!("HTTP/1.1 {status} ")), "{fields}: {wire}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn file_that_is_replaced_leaves_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, server) = serve(Bounds::default());
    let file = folder.path().join("private");
    fs::write(&file, "old").expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o4640)).expect("a mode");
    assert_eq!(put(&server, Protocol::Http2, "/files/private", "new").await.status, 200);
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o7777, 0o640);
}

/// At first, both find no file. The second must notice the file of the first.
#[tokio::test]
async fn of_two_uploads_that_must_be_new_one_is_refused() {
    let (folder, server) = serve(Bounds::default());
    let content = "x".repeat(100_000);
    let fields = [("if-none-match", "*"), ("content-digest", &*digest(&content))];
    let chunks = [&*content];
    for n in 0..10 {
        let path = format!("/files/{n}");
        let upload = Upload { path: &path, fields: &fields, chunks: &chunks, ..Upload::default() };
        let (first, second) = tokio::join!(
            upload.send(Protocol::Http2, server.address),
            upload.send(Protocol::Http2, server.address)
        );
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 412]);
    }
    assert_eq!(names(folder.path()).len(), 10);
}

async fn parts_and_coded_content_are_rejected_and_an_empty_coding_is_ignored(protocol: Protocol) {
    let (folder, server) = serve(Bounds::default());

    for (field, status, accepted) in [
        (("content-range", "bytes 0-1/2"), 400, ""),
        (("content-encoding", "gzip"), 415, "identity"),
        (("content-encoding", ", br"), 415, "identity"),
        (("content-encoding", ""), 201, ""),
        (("content-encoding", ",,"), 201, ""),
    ] {
        let fields = [field, ("content-digest", &*digest("x"))];
        let upload = Upload { path: "/files/a", fields: &fields, chunks: &["x"], ..Upload::default() };
        let answer = upload.send(protocol, server.address).await;
        assert_eq!(answer.status, status, "{field:?} over {protocol}");
        assert_eq!(answer.field("accept-encoding"), accepted, "{field:?} over {protocol}");
        let is_stored = fs::remove_file(folder.path().join("a")).is_ok();
        assert_eq!(is_stored, status == 201, "{field:?} over {protocol}");
    }
}

async fn uploads_are_off_unless_they_are_allowed(protocol: Protocol) {
    let folder = tempfile::tempdir().expect("a folder");
    let left = ".axum-trailers-upload-0123456789abcdef";
    fs::write(folder.path().join(left), "left").expect("written");
    let server = TestServer::start(workbench(folder.path()).router());

    let answer = put(&server, protocol, "/files/a", "x").await;
    assert_eq!(answer.status, 403, "{protocol}");
    assert!(answer.content.contains("--allow-upload"), "{}", answer.content);

    assert_eq!(names(folder.path()), [left], "nothing is removed either");
}

#[tokio::test]
async fn two_uploads_of_one_name_end_with_one_of_them_whole() {
    let (folder, server) = serve(Bounds::default());
    let contents = ["a".repeat(300_000), "b".repeat(200_000)];
    for _ in 0..10 {
        let both = contents.each_ref().map(|content| put(&server, Protocol::Http2, "/files/one", content));
        let [first, second] = both;
        let (first, second) = tokio::join!(first, second);
        assert!(first.status < 300 && second.status < 300, "{first:?} {second:?}");
        let stored = fs::read_to_string(folder.path().join("one")).expect("a file");
        assert!(contents.contains(&stored), "{} bytes", stored.len());
        only(folder.path(), &["one"]).await;
    }
}

#[cfg(unix)]
mod killed {
    use super::{digest, names};
    use crate::support::{
        CERTIFICATE, PATIENCE,
        process::{Process, Signal},
    };
    use std::{
        collections::HashMap,
        fs,
        path::Path,
        time::{Duration, Instant},
    };

    const NAMES: [&str; 3] = ["a", "b", "c"];
    const SIZE: usize = 2 * 1024 * 1024;
    const ROUNDS: usize = 24;

    fn start(folder: &Path, database: &Path) -> (Process, String) {
        let mut process = Process::start(&[
            "--listen",
            "127.0.0.1:0",
            "--redirect",
            "off",
            "--allow-upload",
            "--dir",
            folder.to_str().expect("text"),
            "--database",
            database.to_str().expect("text"),
        ]);
        let address = process.address("https");
        (process, format!("https://localhost:{}/files", address.port()))
    }

    fn content(round: usize, name: &str) -> Vec<u8> {
        let seed = format!("{round} {name} ");
        seed.bytes().cycle().take(SIZE).collect()
    }

    fn client() -> reqwest::Client {
        let certificate = reqwest::Certificate::from_pem(CERTIFICATE).expect("a certificate");
        let builder = reqwest::Client::builder().tls_certs_only([certificate]).timeout(PATIENCE);
        builder.build().expect("a client")
    }

    /// Kills the server at a different moment in each round. In a quarter of the rounds all uploads are in progress, in
    /// another quarter one has just ended.
    #[tokio::test]
    async fn every_file_is_whole_and_no_left_over_remains() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("served");
        fs::create_dir(&folder).expect("a folder");
        let database = root.path().join("empty.db");
        rusqlite::Connection::open(&database)
            .expect("a database")
            .execute_batch("CREATE TABLE t (x)")
            .expect("a table");

        let mut stored: HashMap<&str, Vec<u8>> = HashMap::new();
        let (mut left, mut replaced) = (0, 0);
        for round in 0..ROUNDS {
            let (mut process, url) = start(&folder, &database);
            assert!(names(&folder).iter().all(|name| !name.starts_with('.')), "{:?}", names(&folder));
            for (name, content) in &stored {
                assert!(fs::read(folder.join(name)).expect("a file") == *content, "{name} in round {round}");
            }
            let stalls = round % 4 == 0;
            let mut uploads: Vec<_> =
                NAMES.iter().map(|name| tokio::spawn(upload(&url, round, name, stalls))).collect();
            match round % 4 {
                0 => wait_for_drafts(&folder).await,
                3 => uploads.pop().expect("an upload").await.expect("no panic"),
                _ => tokio::time::sleep(Duration::from_millis(round as u64 * 4)).await,
            }
            process.signal(Signal::KILL);
            process.end();
            for upload in uploads {
                upload.await.expect("no panic");
            }

            left += names(&folder).iter().filter(|name| name.starts_with('.')).count();
            for name in NAMES {
                let Ok(now) = fs::read(folder.join(name)) else {
                    assert!(!stored.contains_key(name), "{name} is gone in round {round}");
                    continue;
                };
                let is_new = now == content(round, name);
                replaced += usize::from(is_new);
                assert!(
                    is_new || stored.get(name) == Some(&now),
                    "{name} is neither old nor new in round {round}"
                );
                stored.insert(name, now);
            }
        }
        let (_process, _) = start(&folder, &database);
        assert!(names(&folder).iter().all(|name| !name.starts_with('.')), "{:?}", names(&folder));
        assert!(left >= ROUNDS / 4, "{left} uploads were in the middle");
        assert!(replaced >= ROUNDS / 4, "{replaced} uploads came to their end");
    }

    /// The limit is 100 KiB. A larger upload fails, and the server continues.
    #[tokio::test]
    async fn file_that_the_system_does_not_take_is_a_507_and_leaves_nothing() {
        let root = tempfile::tempdir().expect("a folder");
        let (folder, database) = (root.path().join("served"), root.path().join("empty.db"));
        fs::create_dir(&folder).expect("a folder");
        fs::write(&database, "").expect("written");
        let mut shell = std::process::Command::new("sh");
        let line = "ulimit -f 200 && exec \"$0\" --listen 127.0.0.1:0 --redirect off --allow-upload --dir \"$1\" --database \"$2\"";
        shell.args(["-c", line, env!("CARGO_BIN_EXE_axum-trailers")]).arg(&folder).arg(&database);
        let mut process = Process::spawn(&mut shell);
        let url = format!("https://localhost:{}/files/a", process.address("https").port());
        for (size, status) in [(300_000, 507), (1000, 201), (300_000, 507)] {
            let content = vec![b'x'; size];
            let request = client().put(&url).header("content-digest", digest(&content)).body(content);
            let answer = request.send().await.expect("a response");
            assert_eq!(answer.status(), status, "{}", answer.text().await.expect("text"));
        }
        assert_eq!(names(&folder), ["a"]);
        assert_eq!(fs::metadata(folder.join("a")).expect("a file").len(), 1000);
    }

    /// Ignores the result, because the server is killed during the upload.
    fn upload(url: &str, round: usize, name: &str, stalls: bool) -> impl Future<Output = ()> + use<> {
        let content = content(round, name);
        let request = client().put(format!("{url}/{name}")).header("content-digest", digest(&content));
        let stream = in_chunks(&content, stalls);
        async move {
            let _killed_or_not = request.body(reqwest::Body::wrap_stream(stream)).send().await;
        }
    }

    /// The content in chunks, without an end if it stalls.
    fn in_chunks(
        content: &[u8],
        stalls: bool,
    ) -> impl futures_util::Stream<Item = Result<Vec<u8>, std::io::Error>> + use<> {
        use futures_util::StreamExt;
        let half = if stalls { content.len() / 2 } else { content.len() };
        let chunks: Vec<_> = content[..half].chunks(64 * 1024).map(|chunk| Ok(chunk.to_vec())).collect();
        let rest = if stalls {
            futures_util::stream::pending().boxed()
        } else {
            futures_util::stream::empty().boxed()
        };
        futures_util::stream::iter(chunks).chain(rest)
    }

    async fn wait_for_drafts(folder: &Path) {
        let began = Instant::now();
        while names(folder).iter().filter(|name| name.starts_with('.')).count() < NAMES.len() {
            assert!(began.elapsed() < PATIENCE, "{:?}", names(folder));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}
