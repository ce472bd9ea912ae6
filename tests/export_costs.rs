//! The costs of an export are limited, and it ends if its client leaves.

use crate::support::{
    TestServer, lines,
    process::Process,
    protocols::{Protocol, over_each_protocol, read},
    raw, soon, with, workbench,
};
use axum_trailers_workbench::{Bounds, Workbench, database::Database, files::Folder};
use h2::client::SendRequest;
use rusqlite::Connection;
use std::{path::Path, time::Duration};

/// Requests a path and does not read the response.
async fn stalled(client: &mut SendRequest<bytes::Bytes>, path: &str) -> http::Response<h2::RecvStream> {
    let request = http::Request::get(format!("https://localhost{path}")).body(()).expect("a request");
    let (response, _) = client.send_request(request, true).expect("sent");
    soon("a response", response).await.expect("a response")
}

#[tokio::test]
async fn exports_past_a_bound_are_refused_until_others_end() {
    let cases = [
        (with!(Bounds { exports: 2 }), 503, "too many exports: the limit is 2 at once"),
        (
            with!(Bounds { exports_per_client: 2 }),
            429,
            "too many exports from this client: the limit is 2 at once",
        ),
    ];
    for (bounds, status, detail) in cases {
        let server = TestServer::start(workbench(".").bounds(bounds).router());
        let mut client = raw::http2(server.address).await;
        let first = stalled(&mut client, "/export/orders").await;
        let second = stalled(&mut client, "/export/orders/events").await;
        let other = Protocol::Http1.client(server.address).await;
        for path in ["/export/orders", "/export/orders/events", "/export/orders?metadata=body"] {
            let refused = other.get(path).await;
            assert_eq!(refused.status(), status, "{path}");
            assert_eq!(refused.headers()["retry-after"], "5", "{path}");
            let problem: serde_json::Value =
                serde_json::from_slice(&read(refused).await.expect("no error").content).expect("JSON");
            assert_eq!(problem["detail"], detail, "{path}");
            assert_eq!(problem["maximum"], 2, "{path}");
        }
        drop(first);
        soon("room", async {
            while other.get("/export/customers?limit=1").await.status() != 200 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        drop(second);
    }
}

/// A few rows fit into the buffers, so their thread has ended.
#[tokio::test]
async fn export_has_its_room_until_its_client_has_taken_it() {
    let server = TestServer::start(workbench(".").bounds(with!(Bounds { exports: 1 })).router());
    let stream = raw::tls(server.address, "h2").await;
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(0);
    let (client, connection) = builder.handshake::<_, bytes::Bytes>(stream).await.expect("a preface");
    tokio::spawn(connection);
    let mut client = client.ready().await.expect("a connection");
    let first = stalled(&mut client, "/export/orders?limit=10").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        Protocol::Http1.client(server.address).await.get("/export/orders?limit=10").await.status(),
        503
    );
    drop(first);
    soon("room", async {
        while Protocol::Http1.client(server.address).await.get("/export/orders?limit=10").await.status()
            != 200
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// On Linux all of 127.0.0.0/8 is this machine.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn clients_are_told_apart_by_their_address() {
    let bounds = with!(Bounds { exports_per_client: 1 });
    let server = TestServer::start(workbench(".").bounds(bounds).router());
    let mut client = raw::http2(server.address).await;
    let running = stalled(&mut client, "/export/orders").await;
    assert_eq!(Protocol::Http1.client(server.address).await.get("/export/orders").await.status(), 429);
    assert_eq!(
        Protocol::Http1.client(server.address).await.get("/export").await.status(),
        429,
        "a list needs the database, too"
    );
    let builder =
        crate::support::builder().local_address("127.0.0.2".parse::<std::net::IpAddr>().expect("an address"));
    let other = builder.build().expect("a client");
    let url = format!("https://127.0.0.1:{}/export/customers", server.address.port());
    let other = other.get(url).send().await;
    assert_eq!(other.expect("a response").status(), 200);
    drop(running);
}

#[tokio::test]
async fn database_that_is_being_written_is_a_503() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.db");
    fill(&file, 10);
    let database = Database::open(&file).expect("a database");
    let server =
        TestServer::start(Workbench::new(Folder::new(folder.path()).expect("a folder"), database).router());
    let writer = Connection::open(&file).expect("a database");
    writer.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    let client = Protocol::Http1.client(server.address).await;
    let refused = client.get("/export/rows").await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "5");
    writer.execute_batch("COMMIT").expect("no lock");
    let response = client.get("/export/rows").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
}

over_each_protocol! {
    head_starts_no_export_and_one_that_has_ended_leaves_its_room;
    million_rows_take_constant_memory;
}

async fn head_starts_no_export_and_one_that_has_ended_leaves_its_room(protocol: Protocol) {
    let bounds = with!(Bounds { exports: 1 });
    let server = TestServer::start(workbench(".").bounds(bounds).router());
    let client = protocol.client(server.address).await;
    for _ in 0..20 {
        let head = client.request("HEAD", "/export/orders").send().await.expect("a response");
        assert_eq!(head.status(), 200, "{protocol}");
        assert!(!head.headers().contains_key("x-export-id"), "{protocol}");
        for query in ["", "?fail_at=2&fail=trailer"] {
            let next = client.get(&format!("/export/customers{query}")).await;
            assert_eq!(next.status(), 200, "{query} over {protocol}");
            read(next).await.expect("no error");
        }
    }
    let missing = client.request("HEAD", "/export/nope").send().await.expect("a response");
    assert_eq!(missing.status(), 404, "{protocol}");
}

/// Fills a database with this many rows of about 100 bytes.
fn fill(file: &Path, rows: u32) {
    let connection = Connection::open(file).expect("a database");
    let sql = format!(
        "CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
         INSERT INTO rows SELECT i, printf('%090d', i) FROM n;"
    );
    connection.execute_batch(&sql).expect("rows");
}

/// How many of a process's file descriptors refer to this file.
#[cfg(target_os = "linux")]
fn opened(process: &Process, file: &Path) -> usize {
    let descriptors = std::fs::read_dir(format!("/proc/{}/fd", process.id())).expect("its descriptors");
    let links = descriptors.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    links.filter(|link| link == file).count()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn client_that_is_gone_ends_the_database_thread() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().canonicalize().expect("a folder").join("rows.db");
    fill(&file, 100_000);
    let path = file.to_str().expect("text");
    let mut process = Process::start(&["--listen", "127.0.0.1:0", "--redirect", "off", "--database", path]);
    let address = process.address("https");
    for target in ["/export/rows", "/export/rows/events", "/export/rows?metadata=body"] {
        assert_eq!(opened(&process, &file), 0, "before {target}");
        let http1 = raw::http1_get(address, target).await;
        let mut client = raw::http2(address).await;
        let http2 = stalled(&mut client, target).await;
        assert_eq!(opened(&process, &file), 2, "each thread has its own: {target}");
        drop(http1);
        drop(http2);
        // The last step of a thread is to close its database connection.
        soon("the threads' end", async {
            while opened(&process, &file) > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }
}

#[cfg(target_os = "linux")]
async fn million_rows_take_constant_memory(protocol: Protocol) {
    const ROWS: u32 = 1_000_000;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.db");
    fill(&file, ROWS);
    let path = file.to_str().expect("text");
    let mut process = Process::start(&["--listen", "127.0.0.1:0", "--redirect", "off", "--database", path]);
    let address = process.address("https");
    let client = protocol.client(address).await;
    let mut response = client.get("/export/rows?format=ndjson").await;
    let (mut rows, mut bytes) = (0, 0);
    while let Some(data) = response.chunk().await.expect("no error") {
        bytes += data.len();
        rows += lines(&data);
    }
    let trailers = read(response).await.expect("no error").trailers;
    assert_eq!(rows, ROWS as usize, "{protocol}");
    assert!(bytes > 100_000_000, "{bytes} bytes over {protocol}");
    assert_eq!(trailers.expect("trailers")["x-row-count"], ROWS.to_string(), "{protocol}");

    let peak = process.memory("VmHWM");
    assert!(peak < 48 * 1024, "{peak} KiB for an export of 100 MB");
}
