//! Conditional requests and ranges of `/files/…` follow RFC 9110 §13 and §14.

use crate::support::{
    TestServer,
    protocols::{Client, Protocol, Response, over_each_protocol, read},
    upload::Upload,
    workbench,
};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;

const TABLE: &str = include_str!("file_conditions.txt");
const TEN: &str = "0123456789";
/// Seconds since 1970.
const AT: u64 = 1_000_000_000;

struct Served {
    root: TempDir,
    server: TestServer,
}

fn serve() -> Served {
    let root = tempfile::tempdir().expect("a folder");
    write(&root.path().join("ten"), TEN, at(AT));
    write(&root.path().join("empty"), "", at(AT));
    let app = workbench(root.path()).allow_upload().expect("a folder").router();
    Served { root, server: TestServer::start(app) }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn write(path: &Path, content: &str, modified: SystemTime) {
    fs::write(path, content).expect("written");
    fs::File::options().write(true).open(path).and_then(|file| file.set_modified(modified)).expect("dated");
}

fn digest(content: impl AsRef<[u8]>) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(content)))
}

impl Served {
    async fn ask(client: &Client, method: &str, file: &str, fields: &[(&str, &str)]) -> Response {
        let request = client.request(method, format!("/files/{file}")).headers(fields);
        request.header("te", "trailers").send().await.expect("a response")
    }

    async fn etag(client: &Client, file: &str) -> String {
        field(&Self::ask(client, "HEAD", file, &[]).await, "etag").to_owned()
    }
}

fn field<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
}

/// A row of the table.
struct Row<'a> {
    method: &'a str,
    file: &'a str,
    fields: &'a str,
    expected: &'a str,
}

fn rows() -> impl Iterator<Item = Row<'static>> {
    TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| {
        let mut columns = line.split('|').map(str::trim);
        let mut next = || columns.next().expect("a column");
        let (method, file) = next().split_once(' ').expect("a method and a file");
        Row { method, file: file.trim(), fields: next(), expected: next() }
    })
}

impl Row<'_> {
    /// The fields, with the file's tag inserted.
    fn filled(&self, etag: &str) -> String {
        let filled = self.fields.replace("{etag}", etag).replace("{weak}", &format!("W/{etag}"));
        let dates = [
            ("{at}", "Sun, 09 Sep 2001 01:46:40 GMT"),
            ("{at-rfc850}", "Sunday, 09-Sep-01 01:46:40 GMT"),
            ("{at-asctime}", "Sun Sep  9 01:46:40 2001"),
            ("{before}", "Sun, 09 Sep 2001 01:46:39 GMT"),
            ("{after}", "Sun, 09 Sep 2001 01:46:41 GMT"),
        ];
        dates.iter().fold(filled, |filled, (name, date)| filled.replace(name, date))
    }
}

fn fields(filled: &str) -> Vec<(&str, &str)> {
    filled.split(" ; ").filter_map(|field| field.trim().split_once(": ")).collect()
}

over_each_protocol! {
    table_of_conditions_and_ranges_holds;
    writes_have_the_same_answers_as_reads;
    tag_changes_with_every_replacement_and_not_with_a_restart;
    date_that_two_versions_can_share_is_not_sent;
    last_modified_is_that_of_the_file_or_left_out;
}

async fn table_of_conditions_and_ranges_holds(protocol: Protocol) {
    let served = serve();
    assert!(rows().count() >= 100);
    let client = protocol.client(served.server.address).await;
    for row in rows() {
        let etag = Served::etag(&client, row.file).await;
        let filled = row.filled(&etag);
        let why = format!("{} {} {filled} over {protocol}", row.method, row.file);
        let response = Served::ask(&client, row.method, row.file, &fields(&filled)).await;
        assert_eq!(response.status().as_str(), &row.expected[..3], "{why}");
        assert_is_right(&row, response, &etag, &why).await;
    }
}

/// Checks everything that depends on the status.
async fn assert_is_right(row: &Row<'_>, response: Response, etag: &str, why: &str) {
    assert_eq!(field(&response, "x-content-type-options"), "nosniff", "{why}");
    assert_eq!(field(&response, "content-security-policy"), "sandbox", "{why}");
    let (status, length) = (response.status().as_u16(), field(&response, "content-length").to_owned());
    let (range, media_type) =
        (field(&response, "content-range").to_owned(), field(&response, "content-type").to_owned());
    if let 200 | 206 | 304 = status {
        assert_eq!(field(&response, "etag"), etag, "{why}");
    }
    if let 200 | 206 = status {
        // RFC 9110 §15.3.7: a client that sends `If-Range` already has the fields that describe the file.
        let is_described = status == 200 || !row.fields.contains("If-Range");
        let modified = if is_described { "Sun, 09 Sep 2001 01:46:40 GMT" } else { "" };
        assert_eq!(field(&response, "last-modified"), modified, "{why}");
        let described = if is_described { "application/octet-stream" } else { "" };
        assert!(media_type == described || media_type.starts_with("multipart/byteranges;"), "{why}");
        assert_eq!(field(&response, "accept-ranges"), "bytes", "{why}");
        assert_ne!(field(&response, "date"), "", "{why}");
    }
    let ending = read(response).await.expect("no error");
    let content = String::from_utf8(ending.content).expect("text");
    let of_range = |range: &str| {
        let (first, last) = range.split_once('/').expect("a range").0.split_once('-').expect("a range");
        &TEN[first.parse().expect("a number")..=last.parse().expect("a number")]
    };
    let whole = if row.file == "ten" { TEN } else { "" };
    match (status, row.expected.strip_prefix("206 ")) {
        (200, _) if row.method == "HEAD" => {
            assert_eq!((&*length, &*range, &*content), (&*whole.len().to_string(), "", ""), "{why}");
        }
        (200, _) => assert_eq!((&*range, &*content), ("", whole), "{why}"),
        (206, Some(expected)) => match expected.strip_prefix("parts ") {
            None => {
                assert_eq!(range, format!("bytes {expected}"), "{why}");
                assert_eq!(content, of_range(expected), "{why}");
            }
            Some(expected) => {
                assert_eq!(range, "", "{why}");
                let boundary =
                    media_type.strip_prefix("multipart/byteranges; boundary=").expect("a boundary");
                let part = |range: &str| {
                    let head = "Content-Type: application/octet-stream\r\nContent-Range: bytes";
                    format!("\r\n--{boundary}\r\n{head} {range}\r\n\r\n{}", of_range(range))
                };
                let parts: String = expected.split(", ").map(part).collect();
                assert_eq!(content, format!("{parts}\r\n--{boundary}--\r\n"), "{why}");
            }
        },
        (304, _) => assert_eq!((&*content, &*media_type), ("", ""), "{why}"),
        (412 | 416, _) => {
            assert_eq!(range, if status == 416 { "bytes */10" } else { "" }, "{why}");
            assert_eq!(media_type, "application/problem+json", "{why}");
        }
        (404, _) => assert_eq!(media_type, "application/problem+json", "{why}"),
        _ => panic!("{status}: {why}"),
    }
    if row.method == "GET" && status != 304 {
        assert_eq!(ending.trailers.expect("trailers")["content-digest"], digest(content), "{why}");
    } else {
        assert!(ending.trailers.is_none(), "{why}");
    }
}

/// Malformed or mismatching values of `If-None-Match` in the table.
const MALFORMED: [&str; 6] = ["unquoted", "\"*", "*, *", "*,", "W/*", "\"other\", *"];

async fn writes_have_the_same_answers_as_reads(protocol: Protocol) {
    let served = serve();
    let client = protocol.client(served.server.address).await;

    for row in
        rows().filter(|row| row.method == "GET" && row.expected != "404" && !row.fields.contains("Range"))
    {
        write(&served.root.path().join(row.file), if row.file == "ten" { TEN } else { "" }, at(AT));
        let etag = Served::etag(&client, row.file).await;
        let (filled, digest) = (row.filled(&etag), digest("new"));
        let mut fields = fields(&filled);
        // A write is rejected with 412 instead of 304, and `If-Modified-Since` applies only to reads.
        let (is_for_reads, reads) =
            (fields.iter().any(|(name, _)| *name == "If-Modified-Since"), row.expected);
        let none_matches = fields.iter().find(|(name, _)| *name == "If-None-Match").map(|(_, value)| *value);
        let expected = match (reads, none_matches.is_some()) {
            ("304", true) => 412,
            // A read ignores the field. A write must not replace what its client may have meant to keep.
            ("200", true) if none_matches.is_some_and(|value| MALFORMED.contains(&value)) => 412,
            ("304", false) if is_for_reads => 200,
            (status, _) => status.parse().expect("a status"),
        };
        fields.push(("content-digest", &digest));
        let path = format!("/files/{}", row.file);
        let upload = Upload { path: &path, fields: &fields, chunks: &["new"], ..Upload::default() };
        let answer = upload.send(protocol, served.server.address).await;
        assert_eq!(answer.status, expected, "{} {filled} over {protocol}: {}", row.file, answer.content);
    }
}

async fn tag_changes_with_every_replacement_and_not_with_a_restart(protocol: Protocol) {
    let served = serve();
    let client = protocol.client(served.server.address).await;
    let mut tags = vec![Served::etag(&client, "ten").await];
    // Also with the same bytes: the stored file is a new one.
    for content in ["abc", "abc", "def", "abc"].repeat(5) {
        let (digest, chunks) = (digest(content), [content]);
        let last = tags.last().expect("a tag").clone();
        let fields = [("content-digest", &*digest), ("if-match", &*last)];
        let upload = Upload { path: "/files/ten", fields: &fields, chunks: &chunks, ..Upload::default() };
        assert_eq!(upload.send(protocol, served.server.address).await.status, 200);
        let tag = Served::etag(&client, "ten").await;
        assert!(!tags.contains(&tag), "{tag} of {tags:?}");
        assert_eq!(upload.send(protocol, served.server.address).await.status, 412, "the tag is the old one");
        tags.push(tag);
    }
    let again =
        Served { server: TestServer::start(workbench(served.root.path()).router()), root: served.root };
    let client = protocol.client(again.server.address).await;
    assert_eq!(Served::etag(&client, "ten").await, *tags.last().expect("a tag"));
}

/// If two versions could have the same date, a client could join them by `If-Range`.
async fn date_that_two_versions_can_share_is_not_sent(protocol: Protocol) {
    let served = serve();
    let file = served.root.path().join("ten");
    let client = protocol.client(served.server.address).await;
    // A time in the future stays in the future until the response is sent.
    for modified in [SystemTime::now(), SystemTime::now() + Duration::from_secs(5)] {
        write(&file, TEN, modified);
        let first = Served::ask(&client, "GET", "ten", &[("range", "bytes=0-2")]).await;
        assert_eq!(field(&first, "last-modified"), "", "{modified:?} over {protocol}");
        let etag = field(&first, "etag").to_owned();

        let date = httpdate::fmt_http_date(modified);
        for (validator, status) in [(&date, 200), (&etag, 206)] {
            let fields = [("range", "bytes=3-"), ("if-range", &**validator)];
            let response = Served::ask(&client, "GET", "ten", &fields).await;
            assert_eq!(response.status(), status, "{validator} over {protocol}");
        }
    }
}

async fn last_modified_is_that_of_the_file_or_left_out(protocol: Protocol) {
    let served = serve();
    let client = protocol.client(served.server.address).await;
    for (modified, is_sent) in [
        (UNIX_EPOCH - Duration::from_millis(500), false),
        (UNIX_EPOCH - Duration::from_secs(315_619_200), false),
        (UNIX_EPOCH, true),
        (SystemTime::now() - Duration::from_secs(4), true),
        (SystemTime::now(), false),
        (at(4_000_000_000), false),
    ] {
        write(&served.root.path().join("ten"), TEN, modified);
        for (method, fields, status) in
            [("GET", &[][..], 200), ("HEAD", &[], 200), ("GET", &[("range", "bytes=0-1")], 206)]
        {
            let response = Served::ask(&client, method, "ten", fields).await;
            assert_eq!(response.status(), status, "{modified:?} over {protocol}");
            assert!(field(&response, "etag").starts_with('"'), "{modified:?} over {protocol}");
            let expected = if is_sent { httpdate::fmt_http_date(modified) } else { String::new() };
            assert_eq!(field(&response, "last-modified"), expected, "{modified:?} over {protocol}");
            let now = httpdate::parse_http_date(field(&response, "date")).expect("a date");
            assert!(now <= SystemTime::now() && now > SystemTime::now() - Duration::from_secs(20));
        }
    }
}
