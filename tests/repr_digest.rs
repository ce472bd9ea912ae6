//! A part of a file comes with the digest of the whole file: stored earlier, or computed during the transfer.

use crate::support::{
    TestServer,
    protocols::{Client, Protocol, Response, over_each_protocol, read},
    raw, workbench,
};
use sha2::{Digest, Sha256, Sha512};
use std::{fs, path::Path, time::Duration};

fn serve(folder: &Path) -> TestServer {
    TestServer::start(workbench(folder).router())
}

fn digest(content: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(content)))
}

fn content(length: u32) -> Vec<u8> {
    (0..length).map(|n| n.wrapping_mul(n).to_le_bytes()[1]).collect()
}

async fn ask(client: &Client, fields: &[(&str, &str)]) -> Response {
    client.request("GET", "/files/file").headers(fields).send().await.expect("a response")
}

const WANTED: [(&str, &str); 3] =
    [("te", "trailers"), ("want-repr-digest", "sha-256=1"), ("range", "bytes=1-3")];

/// `Repr-Digest` as a header field and as a trailer field.
async fn repr_digests(response: Response) -> [Option<String>; 2] {
    let text = |fields: &http::HeaderMap| {
        fields.get("repr-digest").map(|value| value.to_str().expect("text").to_owned())
    };
    let header = text(response.headers());
    let ending = read(response).await.expect("no error");
    [header, ending.trailers.as_ref().and_then(text)]
}

over_each_protocol! {
    part_ends_with_the_digest_of_the_whole;
    #[cfg(unix)]
    digest_that_is_known_comes_first_and_never_outlives_its_content;
}

async fn part_ends_with_the_digest_of_the_whole(protocol: Protocol) {
    let folder = tempfile::tempdir().expect("a folder");
    let content = content(1_000_000);
    fs::write(folder.path().join("file"), &content).expect("written");
    // A server that has not stored any digest.
    let server = serve(folder.path());
    let client = protocol.client(server.address).await;
    let response = ask(&client, &WANTED).await;
    assert_eq!(response.status(), 206, "{protocol}");
    let announced = response.headers()["trailer"].to_str().expect("text").to_owned();
    assert!(announced.contains("repr-digest") && announced.contains("content-digest"), "{announced}");
    let trailers = read(response).await.expect("no error").trailers.expect("trailers");
    assert_eq!(trailers["repr-digest"], digest(&content), "{protocol}");
    assert_eq!(trailers["content-digest"], digest(&content[1..4]), "{protocol}");

    let parts = [WANTED[0], ("want-repr-digest", "sha-512=9, sha-256=1"), ("range", "bytes=1-3,9-")];
    let [header, trailer] = repr_digests(ask(&client, &parts).await).await;
    let sha512 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, Sha512::digest(&content));
    assert_eq!((header, trailer), (None, Some(format!("sha-512=:{sha512}:"))), "{protocol}");
}

#[tokio::test]
async fn digest_is_sent_only_if_wanted_and_possible() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), content(1000)).expect("written");
    let server = serve(folder.path());
    for (protocol, fields) in [
        (Protocol::Http2, [WANTED[0], WANTED[2]]),
        (Protocol::Http1, [WANTED[1], WANTED[2]]),
        (Protocol::Http2, [("want-repr-digest", "sha-256=0"), WANTED[2]]),
        (Protocol::Http2, [("want-repr-digest", "sha-256=1"), ("range", "bytes=5000-")]),
    ] {
        let client = protocol.client(server.address).await;
        assert_eq!(repr_digests(ask(&client, &fields).await).await, [None, None], "{fields:?}");
    }
}

/// Waits until a file's times are old enough to reveal the next write.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(3100)).await;
}

#[cfg(unix)]
async fn digest_that_is_known_comes_first_and_never_outlives_its_content(protocol: Protocol) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    fs::write(&path, content(1000)).expect("written");
    let dated = |modified| {
        fs::File::options()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_modified(modified))
            .expect("dated");
    };
    let modified = fs::metadata(&path).and_then(|file| file.modified()).expect("a time");
    dated(modified + Duration::from_secs(3600));
    let server = serve(folder.path());
    let (client, known) = (protocol.client(server.address).await, digest(&content(1000)));

    repr_digests(ask(&client, &WANTED).await).await;
    let again = repr_digests(ask(&client, &WANTED).await).await;
    assert_eq!(again, [None, Some(known.clone())], "whose time is not over can be written again and keep it");
    dated(modified);
    settle().await;
    // A response without `Range` sends the whole file and ends with its `Content-Digest`.
    read(ask(&client, &WANTED[..1]).await).await.expect("no error");
    let again = repr_digests(ask(&client, &WANTED).await).await;
    assert_eq!(again, [Some(known.clone()), None], "{protocol}");
    let whole = repr_digests(ask(&client, &WANTED[..2]).await).await;
    assert_eq!(whole, [Some(known.clone()), None], "{protocol}");
    let unwanted = repr_digests(ask(&client, &WANTED[2..]).await).await;
    assert_eq!(unwanted, [None, None], "{protocol}");

    let head = client.request("HEAD", "/files/file").header(WANTED[1].0, WANTED[1].1).send().await;
    assert_eq!(head.expect("a response").headers()["repr-digest"], known);

    // Same size and old time: only the inode's change time reveals the write.
    fs::write(&path, vec![7; 1000]).expect("written");
    dated(modified);
    let after = repr_digests(ask(&client, &WANTED).await).await;
    assert_eq!(after, [None, Some(digest(&[7; 1000]))]);
    settle().await;
    repr_digests(ask(&client, &WANTED).await).await;
    let again = repr_digests(ask(&client, &WANTED).await).await;
    assert_eq!(again, [Some(digest(&[7; 1000])), None], "from a part, too");
}

/// Creates a sparse file, so large that hashing it takes a while.
fn large(path: &Path) {
    fs::File::create(path).and_then(|file| file.set_len(64 << 30)).expect("a file");
}

#[cfg(unix)]
#[tokio::test]
async fn two_files_are_hashed_at_once_and_only_as_long_as_somebody_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a", "b", "c"] {
        large(&folder.path().join(name));
    }
    let server = serve(folder.path());
    let mut client = raw::http2(server.address).await;
    let mut ask = async |name: &str| {
        let mut request = http::Request::get(format!("https://localhost/files/{name}"));
        for (field, value) in WANTED {
            request = request.header(field, value);
        }
        let (response, _) = client.send_request(request.body(()).expect("a request"), true).expect("sent");
        let response = crate::support::soon("a response", response).await.expect("a response");
        let is_announced = response.headers()["trailer"].to_str().expect("text").contains("repr-digest");
        (is_announced, response.into_body())
    };
    let (first, second) = (ask("a").await, ask("b").await);
    assert!(first.0 && second.0);
    assert!(!ask("c").await.0, "two others are hashed");
    let joined = ask("a").await;
    assert!(joined.0, "it is hashed already");
    drop(first);
    assert!(!ask("c").await.0, "somebody still waits for each of them");
    drop(joined);
    crate::support::soon("a free place", async {
        while !ask("c").await.0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn file_that_changes_while_it_is_hashed_has_no_digest() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    fs::File::create(&path).and_then(|file| file.set_len(1 << 30)).expect("a file");
    let server = serve(folder.path());
    let response = ask(&Protocol::Http2.client(server.address).await, &WANTED).await;
    assert!(response.headers()["trailer"].to_str().expect("text").contains("repr-digest"), "it is hashed");
    fs::File::options().write(true).open(&path).and_then(|file| file.set_len(10)).expect("cut");
    let ending = read(response).await;
    let trailers = ending.ok().and_then(|ending| ending.trailers).unwrap_or_default();
    assert!(!trailers.contains_key("repr-digest"), "{trailers:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn file_that_is_replaced_while_it_is_hashed_keeps_its_digest() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    fs::write(&path, vec![7; 32 << 20]).expect("written");
    let server = serve(folder.path());
    let response = ask(&Protocol::Http2.client(server.address).await, &WANTED).await;
    let new = folder.path().join("new");
    fs::write(&new, "new").and_then(|()| fs::rename(&new, &path)).expect("replaced");
    let trailers = read(response).await.expect("no error").trailers.expect("trailers");
    assert_eq!(trailers["repr-digest"], digest(&vec![7; 32 << 20]));
}
