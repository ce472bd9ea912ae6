//! `GET /files/…` serves all files of its folder and nothing else, with the digest of the content.

use crate::support::{
    TestServer,
    protocols::{Client, Protocol, Request, Response, over_each_protocol, read},
    raw, with, workbench,
};
use axum_trailers_workbench::Bounds;
use sha2::{Digest, Sha256};
use std::{fs, path::Path};
use tempfile::TempDir;

struct Served {
    root: TempDir,
    server: TestServer,
}

/// A folder with files, and a secret next to it.
fn serve() -> Served {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("served");
    fs::create_dir_all(dir.join("sub")).expect("a folder");
    fs::create_dir_all(dir.join(".hidden")).expect("a folder");
    fs::create_dir_all(root.path().join("served-too")).expect("a folder");
    let write = |path: &Path, content: &[u8]| fs::write(path, content).expect("written");
    write(&dir.join("large.bin"), &large());
    // With a recent time, it would have no `Last-Modified` yet.
    let large = fs::File::options().write(true).open(dir.join("large.bin")).expect("a file");
    large.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000)).expect("dated");
    write(&dir.join("empty.txt"), b"");
    write(&dir.join("ä b%.txt"), b"encoded");
    write(&dir.join("sub/index.html"), b"<p>inside</p>");
    write(&dir.join(".secret"), b"secret");
    write(&dir.join(".hidden/file.txt"), b"secret");
    write(&root.path().join("outside.txt"), b"secret");
    write(&root.path().join("served-too/file.txt"), b"secret");
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        symlink(dir.join("sub/index.html"), dir.join("link-inside.html")).expect("a link");
        symlink("../outside.txt", dir.join("link-outside.txt")).expect("a link");
        symlink("..", dir.join("link-up")).expect("a link");
        symlink(".secret", dir.join("link-hidden.txt")).expect("a link");
    }
    let server = TestServer::start(workbench(&dir).router());
    Served { root, server }
}

fn large() -> Vec<u8> {
    (0..3_000_000_u32).map(|n| n.wrapping_mul(n).to_le_bytes()[1]).collect()
}

fn digest(content: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(content)))
}

over_each_protocol! {
    file_that_is_written_while_it_is_sent_is_never_whole;
    file_that_is_replaced_while_it_is_sent_comes_as_it_was;
    file_arrives_whole_with_its_digest;
    range_has_the_digest_of_the_bytes_sent;
    range_of_an_empty_file_is_ignored;
    conditional_and_head_requests_have_no_content_and_no_trailer;
    other_methods_are_not_allowed;
    file_with_an_inexpressible_date_is_sent_without_it;
    no_response_acts_as_a_page_of_this_origin;
    #[cfg(unix)]
    name_that_is_no_utf_8_is_served;
}

async fn file_arrives_whole_with_its_digest(protocol: Protocol) {
    let served = serve();
    let client = protocol.client(served.server.address).await;
    for (path, content) in
        [("large.bin", large()), ("empty.txt", vec![]), ("%C3%A4%20b%25.txt", b"encoded".to_vec())]
    {
        let ending = read(client.get(&format!("/files/{path}")).await).await.expect("no error");
        assert!(ending.content == content, "{path} over {protocol}");
        assert_eq!(
            ending.trailers.expect("trailers")["content-digest"],
            digest(&content),
            "{path} over {protocol}"
        );
    }
}

async fn range_has_the_digest_of_the_bytes_sent(protocol: Protocol) {
    let served = serve();
    let client = protocol.client(served.server.address).await;
    let whole = client.get("/files/large.bin").await;
    assert!(!whole.headers().contains_key("trailers"), "the article's field is on its route alone");
    let request = client.request("GET", "/files/large.bin").header("te", "trailers");
    let response = request.header("range", "bytes=1000-2999").send().await.expect("a response");
    assert_eq!(response.status(), 206, "{protocol}");
    assert_eq!(response.headers()["content-range"], "bytes 1000-2999/3000000", "{protocol}");
    let ending = read(response).await.expect("no error");
    assert_eq!(ending.content, large()[1000..3000], "{protocol}");
    assert_eq!(
        ending.trailers.expect("trailers")["content-digest"],
        digest(&large()[1000..3000]),
        "{protocol}"
    );
}

async fn range_of_an_empty_file_is_ignored(protocol: Protocol) {
    let served = serve();
    let client = protocol.client(served.server.address).await;
    let request = client.request("GET", "/files/empty.txt").header("te", "trailers");
    let response = request.header("range", "bytes=0-1").send().await.expect("a response");
    assert_eq!(response.status(), 200, "{protocol}");
    let ending = read(response).await.expect("no error");
    assert!(ending.content.is_empty(), "{protocol}");
    assert_eq!(ending.trailers.expect("trailers")["content-digest"], digest(b""), "{protocol}");
}

async fn conditional_and_head_requests_have_no_content_and_no_trailer(protocol: Protocol) {
    let served = serve();
    let client = protocol.client(served.server.address).await;
    let modified = client.get("/files/large.bin").await.headers()["last-modified"].clone();
    let url = "/files/large.bin";
    let conditional =
        client.request("GET", url).header("te", "trailers").header("if-modified-since", modified);
    let head = client.request("HEAD", url).header("te", "trailers");
    for (request, status) in [(conditional, 304), (head, 200)] {
        let response = request.send().await.expect("a response");
        assert_eq!(response.status(), status, "{protocol}");
        assert!(!response.headers().contains_key("trailer"), "{protocol}");
        if status == 200 {
            assert_eq!(response.headers()["content-length"], "3000000", "{protocol}");
        }
        let ending = read(response).await.expect("no error");
        assert!(ending.content.is_empty() && ending.trailers.is_none(), "{protocol}");
    }
    let response =
        client.request("GET", url).header("range", "bytes=9000000-").header("te", "trailers").send().await;
    let response = response.expect("a response");
    assert_eq!(response.status(), 416, "{protocol}");
    assert_eq!(response.headers()["content-range"], "bytes */3000000", "{protocol}");
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{protocol}");
}

#[tokio::test]
async fn only_visible_files_inside_the_folder_are_served() {
    let served = serve();
    let paths = [
        "../outside.txt",
        "%2e%2e/outside.txt",
        "..%2foutside.txt",
        "%2e%2e%2foutside.txt",
        "sub/../../outside.txt",
        "sub/%2e%2e/%2e%2e/outside.txt",
        "..%5coutside.txt",
        "../served-too/file.txt",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "link-outside.txt",
        "link-up/outside.txt",
        "link-hidden.txt",
        ".secret",
        "%2esecret",
        ".hidden/file.txt",
        "sub/../.secret",
        "sub",
        "sub/",
        "",
        "missing.txt",
        "large.bin%00",
        "large.bin/x",
        "%ff",
    ];
    for path in paths {
        let request = format!("GET /files/{path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let wire = raw::http1(served.server.address, &request).await;
        assert!(wire.starts_with("HTTP/1.1 404 ") || wire.starts_with("HTTP/1.1 400 "), "{path}: {wire}");
        assert!(!wire.contains("secret") && !wire.contains("root:"), "{path}: {wire}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn link_inside_is_followed_and_a_pipe_is_not_served() {
    let served = serve();
    let client = Protocol::Http2.client(served.server.address).await;
    let ending = read(client.get("/files/link-inside.html").await).await.expect("no error");
    assert_eq!(ending.content, b"<p>inside</p>");

    // Opening a named pipe would block.
    let pipe = served.root.path().join("served/pipe");
    let mode = rustix::fs::Mode::RUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).expect("a named pipe");
    assert_eq!(client.get("/files/pipe").await.status(), 404);
}

async fn other_methods_are_not_allowed(protocol: Protocol) {
    let served = serve();
    let client = protocol.client(served.server.address).await;
    let response = client.request("POST", "/files/large.bin").body("x").send().await;
    assert_eq!(response.expect("a response").status(), 405, "{protocol}");
}

async fn file_that_is_written_while_it_is_sent_is_never_whole(protocol: Protocol) {
    use std::io::{Seek, Write};
    type Change = fn(&mut fs::File) -> std::io::Result<()>;
    let changes: [(&str, Change); 4] = [
        ("cut short", |file| file.set_len(1000)),
        ("grown", |file| file.seek(std::io::SeekFrom::End(0)).and_then(|_| file.write_all(b"more"))),
        ("overwritten", |file| file.write_all(b"other")),
        ("emptied", |file| file.set_len(0)),
    ];
    let served = serve();
    let path = served.root.path().join("served/changes.bin");
    for (name, change) in changes {
        fs::write(&path, vec![1; 40_000_000]).expect("written");
        let mut file = fs::File::options().write(true).open(&path).expect("a file");
        file.set_modified(std::time::UNIX_EPOCH).expect("dated");

        let client = protocol.client(served.server.address).await;
        let response = client.get("/files/changes.bin").await;
        change(&mut file).expect("changed");
        let cut = read(response).await.expect_err(name);
        assert_eq!(cut.why, protocol.failure(), "{name}");
    }
}

async fn file_that_is_replaced_while_it_is_sent_comes_as_it_was(protocol: Protocol) {
    let served = serve();
    let path = served.root.path().join("served/replaced.bin");
    let content: Vec<_> = large().repeat(5);
    fs::write(&path, &content).expect("written");
    let client = protocol.client(served.server.address).await;
    let response = client.get("/files/replaced.bin").await;
    let new = served.root.path().join("new.bin");
    fs::write(&new, vec![2; content.len()]).and_then(|()| fs::rename(&new, &path)).expect("replaced");
    assert!(read(response).await.expect("no error").content == content);
}

async fn file_with_an_inexpressible_date_is_sent_without_it(protocol: Protocol) {
    use std::time::{Duration, UNIX_EPOCH};
    let served = serve();
    let path = served.root.path().join("served/dated.html");
    fs::write(&path, "<p>dated</p>").expect("written");
    for (modified, is_told) in [
        (UNIX_EPOCH - Duration::from_millis(500), false),
        (UNIX_EPOCH - Duration::from_secs(315_619_200), false),
        (UNIX_EPOCH, true),
    ] {
        let file = fs::File::options().write(true).open(&path).expect("a file");
        file.set_modified(modified).expect("dated");
        assert_eq!(file.metadata().and_then(|file| file.modified()).expect("a date"), modified);
        let client = protocol.client(served.server.address).await;
        let url = "/files/dated.html";
        let response = client.get("/files/dated.html").await;
        assert_eq!(response.status(), 200, "{modified:?} over {protocol}");
        assert_eq!(response.headers().contains_key("last-modified"), is_told, "{modified:?}");
        assert_eq!(response.headers()["content-type"], "text/html", "{modified:?}");
        let ending = read(response).await.expect("no error");
        assert_eq!(ending.content, b"<p>dated</p>", "{modified:?}");
        assert_eq!(ending.trailers.expect("trailers")["content-digest"], digest(b"<p>dated</p>"));

        let head = client.request("HEAD", url).send().await.expect("a response");
        assert_eq!(
            (head.status().as_u16(), &head.headers()["content-length"]),
            (200, &"12".parse().expect("a value"))
        );
        let range = client.request("GET", url).header("range", "bytes=0-2").send().await.expect("a response");
        assert_eq!(range.status(), 206, "{modified:?}");
        let since = "Fri, 31 Dec 9999 23:59:59 GMT";
        let conditional = client.request("GET", url).header("if-modified-since", since).send().await;
        let status = conditional.expect("a response").status();
        assert_eq!(status, if is_told { 304 } else { 200 }, "{modified:?}");
    }
}

/// Every response, whatever its status, because the page at `/ui` has the same origin.
async fn no_response_acts_as_a_page_of_this_origin(protocol: Protocol) {
    type Fields<'a> = &'a [(&'a str, &'a str)];
    let served = serve();
    let bounds = with!(Bounds { upload_size: 1000 });
    let dir = served.root.path().join("served");
    let writable = workbench(&dir).bounds(bounds).allow_upload().expect("a folder").router();
    let writable = TestServer::start(writable);
    let right = [("content-digest", &*digest(b"x"))];
    let unmet = [right[0], ("if-match", "\"other\"")];
    let coded = [right[0], ("content-encoding", "gzip")];
    let responses: &[(&str, &str, Fields<'_>, u16)] = &[
        ("GET", "sub/index.html", &[], 200),
        ("HEAD", "sub/index.html", &[], 200),
        ("GET", "sub/index.html", &[("range", "bytes=0-1")], 206),
        ("GET", "sub/index.html", &[("range", "bytes=0-1,4-5")], 206),
        ("GET", "sub/index.html", &[("range", "bytes=99-")], 416),
        ("GET", "sub/index.html", &[("if-none-match", "*")], 304),
        ("GET", "sub/index.html", &[("if-match", "\"other\"")], 412),
        ("GET", "missing", &[], 404),
        ("GET", "", &[], 404),
        ("GET", "%ff", &[], 404),
        ("GET", "sub/index.html?x=1", &[], 200),
        ("POST", "large.bin", &[], 405),
        ("DELETE", "large.bin", &[], 405),
        ("OPTIONS", "large.bin", &[], 405),
        ("PUT", "%ff", &right, 400),
        ("PUT", ".hidden", &right, 400),
        ("PUT", "sub", &right, 409),
        ("PUT", "new", &[], 400),
        ("PUT", "new", &coded, 415),
        ("PUT", "large.bin", &unmet, 412),
        ("PUT", "new", &right, 201),
        ("PUT", "new", &right, 200),
    ];
    let client = protocol.client(served.server.address).await;
    let uploader = protocol.client(writable.address).await;
    for accepted in ["*/*", "text/html"] {
        let ask =
            async |client: &Client, method: &str, path: &str, fields: Fields<'_>, body: Option<String>| {
                let request = client.request(method, format!("/files/{path}")).header("accept", accepted);
                let request = request.headers(fields);
                body.into_iter().fold(request, Request::body).send().await.expect("a response")
            };
        let isolated = |response: &Response, status: u16, what: &str| {
            assert_eq!(response.status(), status, "{what} over {protocol} as {accepted}");
            let fields = ["x-content-type-options", "content-security-policy"]
                .map(|name| response.headers().get(name).expect(what));
            assert_eq!(fields, ["nosniff", "sandbox"], "{what} over {protocol} as {accepted}");
        };
        for (method, path, fields, status) in responses {
            let body = (*method == "PUT").then(|| "x".to_owned());
            let response = ask(&uploader, method, path, fields, body).await;
            isolated(&response, *status, &format!("{method} {path} {fields:?}"));
        }
        fs::remove_file(dir.join("new")).expect("removed");
        isolated(&ask(&uploader, "PUT", "new", &right, Some("x".repeat(1001))).await, 413, "a large upload");
        isolated(&ask(&client, "PUT", "new", &right, Some("x".to_owned())).await, 403, "an upload");
    }
    let other = client.request("GET", "/te").send().await.expect("a response");
    assert!(!other.headers().contains_key("content-security-policy"), "{protocol}");
}

#[cfg(unix)]
async fn name_that_is_no_utf_8_is_served(protocol: Protocol) {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let served = serve();
    let path = served.root.path().join("served").join(OsStr::from_bytes(b"\xff\xe4.txt"));
    fs::write(path, "named").expect("written");
    let client = protocol.client(served.server.address).await;
    let response = client.get("/files/%ff%E4.txt").await;
    assert_eq!(response.headers()["content-type"], "text/plain", "{protocol}");
    assert_eq!(read(response).await.expect("no error").content, b"named", "{protocol}");
}
