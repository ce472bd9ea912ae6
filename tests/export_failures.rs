//! If the database is lost during an export, simulated or real, the export never looks whole.

use crate::support::{
    Ending, TestServer, lines,
    protocols::{Protocol, Response, over_each_protocol, read},
    with, workbench,
};
use axum_trailers_workbench::{Bounds, Workbench, database::Database, files::Folder};
use rusqlite::Connection;
use serde_json::Value;
use std::{
    fs::OpenOptions,
    io::{Seek, SeekFrom, Write},
    path::Path,
};

const LOST_AT_3: &str = "Database connection lost at row 3";

fn names(ending: &Ending) -> Vec<&str> {
    ending.trailers.iter().flat_map(http::HeaderMap::keys).map(http::HeaderName::as_str).collect()
}

/// The content before the end, and whether the end was regular.
async fn partial(response: Response) -> (String, bool) {
    let (content, is_whole) = match read(response).await {
        Ok(ending) => (ending.content, true),
        Err(cut) => (cut.content, false),
    };
    (String::from_utf8(content).expect("text"), is_whole)
}

over_each_protocol! {
    reset_breaks_the_transfer_behind_the_rows_before;
    trailers_report_a_failure_after_a_whole_body;
    failure_behind_the_last_row_never_comes;
    body_and_events_report_failures_like_trailers;
    real_failures_are_reported_like_simulated_ones;
    database_that_is_broken_from_the_start_is_a_problem;
    row_that_is_too_large_fails_and_is_not_cut;
    row_of_many_values_is_bounded_as_a_whole;
    export_that_takes_too_long_fails;
    wrong_row_count_is_a_failure;
}

async fn reset_breaks_the_transfer_behind_the_rows_before(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    for query in ["fail_at=3", "fail_at=3&fail=reset"] {
        for (format, expected) in [
            ("csv", "id\r\n1\r\n2\r\n"),
            ("ndjson", "{\"id\":1}\n{\"id\":2}\n"),
            ("json", "[\n{\"id\":1},\n{\"id\":2}"),
        ] {
            let path = format!("/export/orders?columns=id&format={format}&{query}");
            assert_eq!(client.cut_after(expected, &path).await, protocol.failure(), "{path}");
        }
    }
    let path = "/export/orders?columns=id&metadata=body&fail_at=1";
    assert_eq!(client.cut_after("{\"data\":[", path).await, protocol.failure());
    let cut = client.cut("/export/orders/events?columns=id&fail_at=1").await;
    assert_eq!(cut.why, protocol.failure());
    let content = String::from_utf8(cut.content).expect("text");
    // Over QUIC a reset may discard it.
    let is_first = content.starts_with("id: ") && content.lines().count() == 2;
    assert!(is_first || (protocol == Protocol::Http3 && content.is_empty()), "{content}");
}

async fn trailers_report_a_failure_after_a_whole_body(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    for (format, expected) in [("csv", "id\r\n1\r\n2\r\n"), ("json", "[\n{\"id\":1},\n{\"id\":2}")] {
        let path = format!("/export/orders?columns=id&format={format}&fail_at=3&fail=trailer");
        let ending = read(client.get(&path).await).await.expect("a good end");
        assert_eq!(String::from_utf8_lossy(&ending.content), expected, "{path} over {protocol}");
        assert_eq!(names(&ending), ["grpc-status", "grpc-message"], "no count, no digest");
        let trailers = ending.trailers.expect("trailers");
        assert_eq!(trailers["grpc-status"], "13", "{path} over {protocol}");
        assert_eq!(trailers["grpc-message"], LOST_AT_3, "{path} over {protocol}");
    }
}

#[tokio::test]
async fn trailers_that_cannot_be_sent_are_a_broken_transfer() {
    let server = TestServer::start(workbench(".").router());
    let url = "/export/orders?columns=id&fail_at=3&fail=trailer";
    let response =
        Protocol::Http1.client(server.address).await.request("GET", url).send().await.expect("a response");
    assert_eq!(partial(response).await, ("id\r\n1\r\n2\r\n".to_owned(), false));
}

async fn failure_behind_the_last_row_never_comes(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    let path = "/export/orders?columns=id&limit=2&fail_at=3";
    let ending = read(client.get(path).await).await.expect("a good end");
    assert_eq!(names(&ending), ["x-row-count", "content-digest", "server-timing"], "{protocol}");
    let ending = read(client.get(&format!("{path}&fail=trailer")).await).await.expect("a good end");
    let all = ["x-row-count", "content-digest", "server-timing", "grpc-status", "grpc-message"];
    assert_eq!(names(&ending), all, "{protocol}");
    let trailers = ending.trailers.expect("trailers");
    assert_eq!([&trailers["grpc-status"], &trailers["grpc-message"]], ["0", "OK"], "{protocol}");
}

async fn body_and_events_report_failures_like_trailers(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    let path = "/export/orders?columns=id&metadata=body&fail_at=3&fail=trailer";
    let ending = read(client.get(path).await).await.expect("a good end");
    let document: Value = serde_json::from_slice(&ending.content).expect("JSON");
    assert_eq!(document["data"].as_array().expect("rows").len(), 2, "{protocol}");
    assert_eq!(document["metadata"]["error"], LOST_AT_3, "{protocol}");
    assert_eq!(document["metadata"]["processedRows"], 2, "{protocol}");
    assert!(document["metadata"].get("checksum").is_none(), "{protocol}");

    let path = "/export/orders/events?columns=id&fail_at=3&fail=trailer";
    let ending = read(client.get(path).await).await.expect("a good end");
    let events = String::from_utf8(ending.content).expect("text");
    let last = events.trim_end().rsplit("\n\n").next().expect("an event");
    let data = last.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
    assert!(last.contains("event: failed\n") && !events.contains("event: end"), "{events}");
    let told: Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(told, serde_json::json!({ "grpc-status": "13", "grpc-message": LOST_AT_3 }), "{protocol}");
}

/// 100,000 rows in a file of about 12 MB.
fn large(file: &Path) -> Workbench {
    let connection = Connection::open(file).expect("a database");
    connection
        .execute_batch(
            "CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
             INSERT INTO rows SELECT i, printf('%0100d', i) FROM n;",
        )
        .expect("rows");
    connection.close().expect("closed");
    let folder = Folder::new(file.parent().expect("a folder")).expect("a folder");
    Workbench::new(folder, Database::open(file).expect("a database"))
}

/// Overwrites the file from this offset.
fn damage(file: &Path, from: u64) {
    let mut open = OpenOptions::new().write(true).open(file).expect("a file");
    let length = open.metadata().expect("a length").len();
    open.seek(SeekFrom::Start(from)).expect("a place");
    let rest = usize::try_from(length - from).expect("some megabytes");
    open.write_all(&vec![0xa5; rest]).expect("written");
}

async fn real_failures_are_reported_like_simulated_ones(protocol: Protocol) {
    for told in ["reset", "trailer"] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("large.db");
        let server = TestServer::start(large(&file).router());
        let client = protocol.client(server.address).await;
        let path = format!("/export/rows?format=ndjson&fail={told}");
        let response = client.get(&path).await;
        let id = response.headers()["x-export-id"].to_str().expect("text").to_owned();
        // The data in transit and in SQLite's cache is far less than half of the file.
        damage(&file, 6 * 1024 * 1024);
        let (content, trailers, is_whole) = match read(response).await {
            Ok(ending) => (ending.content, ending.trailers, true),
            Err(cut) => (cut.content, None, false),
        };
        let rows = lines(&content);
        assert!(content.ends_with(b"\n") && (1000..100_000).contains(&rows), "{rows} rows over {protocol}");
        let lost = format!("Database connection lost at row {}: ", rows + 1);
        if told == "trailer" {
            let trailers = trailers.expect("trailers");
            assert!(is_whole && trailers["grpc-status"] == "13", "{protocol}");
            let message = trailers["grpc-message"].to_str().expect("text");
            assert!(message.starts_with(&lost) && message.contains("malformed"), "{message}");
            assert!(!trailers.contains_key("content-digest"), "{protocol}");
        } else {
            assert!(!is_whole && trailers.is_none(), "{protocol}");
        }
        let progress = read(client.get(&format!("/exports/{id}")).await).await.expect("no error");
        let progress: Value = serde_json::from_slice(&progress.content).expect("JSON");
        assert_eq!(progress["state"], "failed", "{protocol}");
        assert!(progress["reason"].as_str().expect("text").starts_with(&lost), "{progress}");
        assert_eq!(progress["rows"], rows, "{protocol}");
    }
}

async fn database_that_is_broken_from_the_start_is_a_problem(protocol: Protocol) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("large.db");
    let server = TestServer::start(large(&file).router());
    damage(&file, 4096);
    let client = protocol.client(server.address).await;
    let response = client.get("/export/rows").await;
    assert_eq!(response.status(), 500, "{protocol}");
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{protocol}");
    let problem = response.text().await.expect("text");
    assert!(problem.contains("can't read the database: "), "{problem}");

    std::fs::remove_file(&file).expect("removed");
    let response = Protocol::Http1.client(server.address).await.get("/export").await;
    assert_eq!(response.status(), 500);
    assert!(!file.exists(), "nothing is made in its place");
}

async fn row_that_is_too_large_fails_and_is_not_cut(protocol: Protocol) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("blobs.db");
    let connection = Connection::open(&file).expect("a database");
    let sql = "CREATE TABLE blobs (id INTEGER PRIMARY KEY, blob BLOB);
               INSERT INTO blobs VALUES (1, zeroblob(4000000)), (2, zeroblob(5000000)), (3, x'00');";
    connection.execute_batch(sql).expect("rows");
    let workbench = Workbench::new(
        Folder::new(folder.path()).expect("a folder"),
        Database::open(&file).expect("a database"),
    );
    let server = TestServer::start(workbench.router());
    let client = protocol.client(server.address).await;
    let path = "/export/blobs?format=ndjson&fail=trailer";
    let ending = read(client.get(path).await).await.expect("a good end");
    assert_eq!(lines(&ending.content), 1, "{protocol}");
    assert!(ending.content.len() > 5_000_000, "base64 of the first, whole");
    let trailers = ending.trailers.expect("trailers");
    let message = trailers["grpc-message"].to_str().expect("text");
    assert_eq!(message, "Database connection lost at row 2: string or blob too big", "{protocol}");
    let others = read(client.get("/export/blobs?columns=id").await).await.expect("a good end");
    assert_eq!(others.trailers.expect("trailers")["x-row-count"], "3", "{protocol}");
}

async fn row_of_many_values_is_bounded_as_a_whole(protocol: Protocol) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wide.db");
    let connection = Connection::open(&file).expect("a database");
    let sql = "CREATE TABLE wide (a BLOB, b BLOB, c TEXT); INSERT INTO wide VALUES
               (zeroblob(1000000), zeroblob(1000000), 'fits'), (zeroblob(3000000), zeroblob(3000000), 'does not');";
    connection.execute_batch(sql).expect("rows");
    let folder = Folder::new(folder.path()).expect("a folder");
    let server =
        TestServer::start(Workbench::new(folder, Database::open(&file).expect("a database")).router());
    let client = protocol.client(server.address).await;
    for format in ["csv", "ndjson", "json"] {
        let path = format!("/export/wide?format={format}&fail=trailer");
        let ending = read(client.get(&path).await).await.expect("a good end");
        assert!((2_600_000..2_700_000).contains(&ending.content.len()), "{path} over {protocol}");
        let message = &ending.trailers.as_ref().expect("trailers")["grpc-message"];
        assert_eq!(message, "Database connection lost at row 2: the row is larger than 4194304 bytes");
    }
}

async fn export_that_takes_too_long_fails(protocol: Protocol) {
    let bounds = with!(Bounds { export_time: std::time::Duration::from_millis(1) });
    let server = TestServer::start(workbench(".").bounds(bounds).router());
    let client = protocol.client(server.address).await;
    let ending = read(client.get("/export/orders?fail=trailer").await).await.expect("a good end");
    let message = ending.trailers.expect("trailers")["grpc-message"].clone();
    let message = message.to_str().expect("text");
    assert!(message.ends_with(": the export took longer than the limit of 1ms"), "{message} over {protocol}");
}

/// The index of another table replaces that of the table, and the rows are counted with it.
async fn wrong_row_count_is_a_failure(protocol: Protocol) {
    for (rows, others) in [(10, 3), (3, 10)] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("index.db");
        let table = |table, rows| {
            format!(
                "CREATE TABLE {table} (id INTEGER PRIMARY KEY, x, y);
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
                 INSERT INTO {table} SELECT i, i, printf('%0100d', i) FROM n;
                 CREATE INDEX of_{table} ON {table} (x);"
            )
        };
        let swap = "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'of_others')
                    WHERE name = 'of_rows';";
        let connection = Connection::open(&file).expect("a database");
        let sql =
            format!("{}{}PRAGMA writable_schema = ON;{swap}", table("rows", rows), table("others", others));
        connection.execute_batch(&sql).expect("a database");
        drop(connection);
        let database = Database::open(&file).expect("a database");
        let folder = Folder::new(folder.path()).expect("a folder");
        let server = TestServer::start(Workbench::new(folder, database).router());
        let client = protocol.client(server.address).await;
        let ending =
            read(client.get("/export/rows?columns=id&fail=trailer").await).await.expect("a good end");
        assert_eq!(lines(&ending.content), rows + 1, "{protocol}");
        let message = &ending.trailers.as_ref().expect("trailers")["grpc-message"];
        let expected = format!(
            "Database connection lost at row {}: the number of rows differs from the count",
            rows + 1
        );
        assert_eq!(*message, *expected, "{protocol}");
    }
}
