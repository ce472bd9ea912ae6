//! An export contains all rows of its table, unchanged, and its trailers describe what was sent.

use crate::support::{
    Ending, TestServer, lines,
    protocols::{Client, Protocol, over_each_protocol, read},
    with, workbench,
};
use axum_trailers_workbench::{Bounds, Workbench, database::Database, files::Folder};
use base64::{Engine, prelude::BASE64_STANDARD};
use rusqlite::{Connection, types::Value as Sql};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};
use std::path::Path;

/// A user's database, with every type and difficult names.
fn database(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join("user.db")).expect("a database");
    connection
        .execute_batch(
            r#"CREATE TABLE "every ""thing""; DROP TABLE x" (id INTEGER PRIMARY KEY, "a,b" , "sélect" TEXT, blob BLOB);
               INSERT INTO "every ""thing""; DROP TABLE x" VALUES
                   (1, NULL, 'plain', x'00ff'),
                   (2, 9223372036854775807, 'comma, "quote"' || char(13, 10) || 'line', NULL),
                   (3, 0.1, '', x''),
                   (4, -1e300, ' ä€😀 ', x'616263');
               CREATE INDEX cover ON "every ""thing""; DROP TABLE x" ("a,b");
               CREATE TABLE keys (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
               INSERT INTO keys VALUES ('b', 1), ('a', 2);
               CREATE TABLE empty (x);
               CREATE VIEW view AS SELECT 1;"#,
        )
        .expect("a schema");
    connection
}

const EVERYTHING: &str = "every%20%22thing%22;%20DROP%20TABLE%20x";

struct Served {
    server: TestServer,
    connection: Connection,
    _folder: tempfile::TempDir,
}

fn serve(bounds: Bounds) -> Served {
    let folder = tempfile::tempdir().expect("a folder");
    let connection = database(folder.path());
    let database = Database::open(folder.path().join("user.db")).expect("a database");
    let workbench = Workbench::new(Folder::new(folder.path()).expect("a folder"), database).bounds(bounds);
    Served { server: TestServer::start(workbench.router()), connection, _folder: folder }
}

impl Served {
    async fn text(&self, client: &Client, path: &str) -> String {
        let ending = read(client.get(path).await).await.expect("no error");
        String::from_utf8(ending.content).expect("text")
    }

    async fn problem(&self, client: &Client, path: &str, status: u16) -> Value {
        let response = client.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
        serde_json::from_slice(&read(response).await.expect("no error").content).expect("JSON")
    }
}

fn trailer<'a>(ending: &'a Ending, name: &str) -> &'a str {
    ending.trailers.as_ref().expect("trailers")[name].to_str().expect("text")
}

/// The milliseconds of a metric in `Server-Timing`.
fn milliseconds(ending: &Ending, metric: &str) -> f64 {
    let metrics = trailer(ending, "server-timing").split(", ");
    let values = metrics.filter_map(|part| part.strip_prefix(&format!("{metric};dur=")));
    values.last().and_then(|value| value.parse().ok()).expect("the metric")
}

fn sha256(content: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(content)))
}

/// Parses CSV (RFC 4180). `None` is an empty field without quotes.
fn parse_csv(text: &str) -> Vec<Vec<Option<String>>> {
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    let mut rest = text;
    while !rest.is_empty() {
        let (field, after) = if let Some(quoted) = rest.strip_prefix('"') {
            quoted_field(quoted)
        } else {
            let (field, after) = rest.split_at(rest.find([',', '\r']).expect("a delimiter"));
            assert!(!field.contains(['"', '\n']), "{field:?}");
            ((!field.is_empty()).then(|| field.to_owned()), after)
        };
        row.push(field);
        if let Some(next) = after.strip_prefix(',') {
            rest = next;
        } else {
            rest = after.strip_prefix("\r\n").expect("CRLF");
            rows.push(std::mem::take(&mut row));
        }
    }
    rows
}

/// Parses a field after its opening quote. Returns the rest after the closing one.
fn quoted_field(mut inside: &str) -> (Option<String>, &str) {
    let mut field = String::new();
    loop {
        let (part, after) = inside.split_once('"').expect("a closing quote");
        field += part;
        let Some(more) = after.strip_prefix('"') else { return (Some(field), after) };
        field.push('"');
        inside = more;
    }
}

/// The rows of an independent query.
fn queried(connection: &Connection, sql: &str) -> Vec<Vec<Sql>> {
    let mut statement = connection.prepare(sql).expect("a query");
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|n| row.get(n)).collect());
    rows.expect("rows").collect::<Result<_, _>>().expect("rows")
}

fn as_csv(value: &Sql) -> Option<String> {
    match value {
        Sql::Null => None,
        Sql::Integer(integer) => Some(integer.to_string()),
        Sql::Real(real) => Some(serde_json::to_string(real).expect("a number")),
        Sql::Text(text) => Some(text.clone()),
        Sql::Blob(blob) => Some(BASE64_STANDARD.encode(blob)),
    }
}

fn as_json(value: &Sql) -> Value {
    match value {
        Sql::Null => Value::Null,
        Sql::Integer(integer) => (*integer).into(),
        Sql::Real(real) => (*real).into(),
        Sql::Text(text) => text.as_str().into(),
        Sql::Blob(blob) => BASE64_STANDARD.encode(blob).into(),
    }
}

over_each_protocol! {
    rows_written_during_an_export_are_not_part_of_it;
    each_format_has_the_rows_that_a_direct_query_has;
    sample_arrives_whole_with_count_and_digest_and_timing;
    waiting_for_the_client_is_in_the_total_alone;
    cell_that_a_spreadsheet_would_run_arrives_unchanged;
    limit_and_columns_select_the_rows;
    unknown_names_are_rejected_with_the_known_ones;
    invalid_parameters_are_rejected_with_the_valid_ones;
    table_with_too_many_rows_needs_a_limit;
    digest_is_of_the_algorithm_that_is_wanted;
    metadata_in_the_body_are_those_of_the_trailers;
    list_has_the_tables_with_their_columns;
}

async fn each_format_has_the_rows_that_a_direct_query_has(protocol: Protocol) {
    let served = serve(Bounds::default());
    let names = ["id", "a,b", "sélect", "blob"];
    let rows = queried(&served.connection, r#"SELECT * FROM "every ""thing""; DROP TABLE x" ORDER BY id"#);
    let objects: Vec<Value> = rows
        .iter()
        .map(|row| names.iter().zip(row).map(|(name, value)| ((*name).to_owned(), as_json(value))).collect())
        .collect();
    let client = protocol.client(served.server.address).await;
    let csv = parse_csv(&served.text(&client, &format!("/export/{EVERYTHING}?format=csv")).await);
    let header: Vec<_> = names.iter().map(|name| Some((*name).to_owned())).collect();
    assert_eq!(csv[0], header, "{protocol}");
    let expected: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(as_csv).collect()).collect();
    assert_eq!(csv[1..], expected, "{protocol}");

    let ndjson = served.text(&client, &format!("/export/{EVERYTHING}?format=ndjson")).await;
    let lines: Vec<Value> = ndjson.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines, objects, "{protocol}");
    let json = served.text(&client, &format!("/export/{EVERYTHING}?format=json")).await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&json).expect("JSON"), objects, "{protocol}");
}

async fn sample_arrives_whole_with_count_and_digest_and_timing(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    for (table, rows) in [("orders", 100_000), ("customers", 5_000)] {
        let ending = read(client.get(&format!("/export/{table}")).await).await.expect("no error");
        let csv = parse_csv(std::str::from_utf8(&ending.content).expect("text"));
        assert_eq!(csv.len(), rows + 1, "{protocol}");
        assert_eq!(csv[rows][0], Some(rows.to_string()), "in the order of the table");
        assert_eq!(trailer(&ending, "x-row-count"), rows.to_string(), "{protocol}");
        assert_eq!(trailer(&ending, "content-digest"), sha256(&ending.content), "{protocol}");
        let [db, render, total] = ["db", "render", "total"].map(|name| milliseconds(&ending, name));
        assert!(db > 0.0 && render > 0.0 && db + render <= total + 0.01, "{protocol}: {db} {render} {total}");
    }
}

/// A slow reader makes only the total longer.
async fn waiting_for_the_client_is_in_the_total_alone(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let pause = std::time::Duration::from_millis(700);
    let client = protocol.client(server.address).await;
    let mut response = client.get("/export/orders?format=json").await;
    response.chunk().await.expect("no error").expect("a chunk");
    tokio::time::sleep(pause).await;
    let ending = read(response).await.expect("no error");
    let [db, render, total] = ["db", "render", "total"].map(|name| milliseconds(&ending, name));
    assert!(total - db - render > 500.0, "{protocol}: {db} {render} {total}");
}

/// Escaping would change the value and its digest. The spreadsheet must not run imported text.
async fn cell_that_a_spreadsheet_would_run_arrives_unchanged(protocol: Protocol) {
    const CELLS: [&str; 7] = ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "=\"a\",b", "\t=1"];
    let served = serve(Bounds::default());
    served.connection.execute_batch("CREATE TABLE cells (\"=name\" TEXT)").expect("a table");
    for cell in CELLS {
        served.connection.execute("INSERT INTO cells VALUES (?)", [cell]).expect("a row");
    }
    let client = protocol.client(served.server.address).await;
    let ending = read(client.get("/export/cells").await).await.expect("no error");
    let text = std::str::from_utf8(&ending.content).expect("text");
    // Quotes are used only where CSV requires them.
    let expected =
        "=name\r\n=1+1\r\n+1\r\n-1\r\n@SUM(A1)\r\n=cmd|' /C calc'!A0\r\n\"=\"\"a\"\",b\"\r\n\t=1\r\n";
    assert_eq!(text, expected, "{protocol}");
    let cells: Vec<_> = parse_csv(text).into_iter().skip(1).flatten().flatten().collect();
    assert_eq!(cells, CELLS, "{protocol}");
    assert_eq!(trailer(&ending, "content-digest"), sha256(expected.as_bytes()), "{protocol}");
}

async fn limit_and_columns_select_the_rows(protocol: Protocol) {
    let served = serve(Bounds::default());
    let client = protocol.client(served.server.address).await;
    let of = |query: &str| format!("/export/{EVERYTHING}?{query}");
    let cases = [
        ("limit=2&columns=id", "id\r\n1\r\n2\r\n"),
        ("limit=0&columns=id", "id\r\n"),
        ("limit=9&columns=blob,id", "blob,id\r\nAP8=,1\r\n,2\r\n\"\",3\r\nYWJj,4\r\n"),
        // A name that contains a comma, and an index that would return another order.
        ("columns=a,b&limit=1", "\"a,b\"\r\n\"\"\r\n"),
        ("columns=a,b&columns=id&limit=2", "\"a,b\",id\r\n,1\r\n9223372036854775807,2\r\n"),
    ];
    for (query, expected) in cases {
        let ending = read(client.get(&of(query)).await).await.expect("no error");
        assert_eq!(String::from_utf8_lossy(&ending.content), expected, "{query} over {protocol}");
        let rows = parse_csv(expected).len() - 1;
        assert_eq!(trailer(&ending, "x-row-count"), rows.to_string(), "{query} over {protocol}");
    }
    assert_eq!(served.text(&client, "/export/empty?format=json").await, "[]\n", "{protocol}");
    assert_eq!(served.text(&client, "/export/keys?limit=0").await, "k,v\r\n", "{protocol}");
}

async fn unknown_names_are_rejected_with_the_known_ones(protocol: Protocol) {
    let served = serve(Bounds::default());
    let tables = json!(["empty", "every \"thing\"; DROP TABLE x", "keys"]);
    let client = protocol.client(served.server.address).await;
    for table in ["nope", "sqlite_schema", "view", "EMPTY", "empty;", "%22empty%22", "empty%00", "x%20UNION"]
    {
        let problem = served.problem(&client, &format!("/export/{table}"), 404).await;
        assert_eq!(problem["tables"], tables, "{table}");
    }
    for columns in ["nope", "k,nope", "K", "k;", "*", "count(*)", "rowid", "", "%22k%22", "k%20AS%20v", "k,"]
    {
        let problem = served.problem(&client, &format!("/export/keys?columns={columns}"), 400).await;
        assert_eq!(problem["columns"], json!(["k", "v"]), "{columns}");
    }
    served.problem(&client, "/export/keys?columns=k,k", 400).await;
    served.problem(&client, "/export/keys?columns=k&columns=k", 400).await;

    let rows = queried(&served.connection, r#"SELECT count(*) FROM "every ""thing""; DROP TABLE x""#);
    assert_eq!(rows, [[Sql::Integer(4)]], "all is as it was");
}

async fn invalid_parameters_are_rejected_with_the_valid_ones(protocol: Protocol) {
    let served = serve(with!(Bounds { rows: 4 }));
    let client = protocol.client(served.server.address).await;
    for (query, status, detail) in [
        ("limit=5", 400, "`limit` must be a number from 0 to 4, not `5`"),
        ("limit=-1", 400, "`limit` must be a number from 0 to 4, not `-1`"),
        ("limit=1;DROP", 400, "`limit` must be a number from 0 to 4, not `1;DROP`"),
        ("format=xml", 400, "`format` must be one of csv, ndjson, json, not `xml`"),
        ("fail=loudly", 400, "`fail` must be one of reset, trailer, not `loudly`"),
        ("fail_at=0", 400, "`fail_at` must be a number from 1 to 18446744073709551615, not `0`"),
        ("metadata=header", 400, "`metadata` must be one of body, not `header`"),
        ("metadata=body&format=csv", 400, "`metadata=body` needs `format=json`, not csv"),
        (
            "rows=5",
            400,
            "unknown parameter `rows`: the parameters are format, metadata, trailers, length, break, break_at, limit, columns, fail_at, fail",
        ),
    ] {
        let problem = served.problem(&client, &format!("/export/keys?{query}"), status).await;
        assert_eq!(problem["detail"], detail);
    }
}

async fn table_with_too_many_rows_needs_a_limit(protocol: Protocol) {
    let served = serve(with!(Bounds { rows: 3 }));
    let client = protocol.client(served.server.address).await;
    let problem = served.problem(&client, &format!("/export/{EVERYTHING}"), 400).await;
    assert_eq!(problem["detail"], "the table has more than 3 rows, the limit of an export: set `limit`");
    assert_eq!(problem["maximum"], 3);
    assert_eq!(
        served.text(&client, &format!("/export/{EVERYTHING}?limit=3&columns=id")).await,
        "id\r\n1\r\n2\r\n3\r\n"
    );
    assert_eq!(
        served.text(&client, "/export/keys").await.lines().count(),
        3,
        "as many as there may be, or fewer"
    );
}

#[tokio::test]
async fn accept_decides_where_no_format_is_given() {
    let served = serve(Bounds::default());
    let client = Protocol::Http2.client(served.server.address).await;
    let asked = |accept: &'static str, query: &str| {
        let request = client.request("GET", format!("/export/keys{query}"));
        async move { request.header("accept", accept).send().await.expect("a response") }
    };
    for (accept, content_type) in [
        ("*/*", "text/csv; charset=utf-8; header=present"),
        ("application/json", "application/json"),
        ("text/csv;q=0.5, application/x-ndjson", "application/x-ndjson"),
    ] {
        let response = asked(accept, "").await;
        assert_eq!(response.headers()["content-type"], content_type, "{accept}");
        assert_eq!(response.headers()["vary"], "accept, want-content-digest");
    }
    let response = asked("application/json", "?format=csv").await;
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8; header=present");
    let refused = asked("image/png", "").await;
    assert_eq!(refused.status(), 406);
    assert!(refused.text().await.expect("text").contains("application/x-ndjson"));
}

async fn digest_is_of_the_algorithm_that_is_wanted(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    for (want, is_there) in [("sha-512=9, sha-256=1", true), ("sha-256=0", false)] {
        let request = client.request("GET", "/export/orders?limit=1000").header("te", "trailers");
        let response = request.header("want-content-digest", want).send().await.expect("a response");
        let announced = response.headers()["trailer"].to_str().expect("text").contains("content-digest");
        let ending = read(response).await.expect("no error");
        let sha512 = format!("sha-512=:{}:", BASE64_STANDARD.encode(Sha512::digest(&ending.content)));
        let trailers = ending.trailers.expect("trailers");
        let digest = trailers.get("content-digest").map(|value| value.to_str().expect("text"));
        assert_eq!(digest, is_there.then_some(&*sha512), "{want} over {protocol}");
        assert_eq!(announced, is_there, "{want} over {protocol}");
    }
}

async fn metadata_in_the_body_are_those_of_the_trailers(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    for query in ["limit=2000", "limit=0"] {
        let plain = client.get(&format!("/export/customers?format=json&{query}")).await;
        let plain = read(plain).await.expect("no error");
        let response = client.get(&format!("/export/customers?metadata=body&{query}")).await;
        assert_eq!(response.headers()["content-type"], "application/json", "{protocol}");
        assert!(!response.headers().contains_key("trailer"), "{protocol}");
        let ending = read(response).await.expect("no error");
        assert!(ending.trailers.is_none(), "{protocol}");
        let document: Value = serde_json::from_slice(&ending.content).expect("JSON");
        let rows: Value = serde_json::from_slice(&plain.content).expect("JSON");
        assert_eq!(document["data"], rows, "{protocol}");
        assert_eq!(document["metadata"]["checksum"], trailer(&plain, "content-digest"), "{protocol}");
        assert_eq!(document["metadata"]["processedRows"].to_string(), trailer(&plain, "x-row-count"));
        assert!(document["metadata"]["durationMs"].as_f64().expect("a number") > 0.0);
        assert!(
            ending.content.starts_with(&[b"{\"data\":", &*plain.content].concat()),
            "data, then metadata"
        );
    }
}

async fn list_has_the_tables_with_their_columns(protocol: Protocol) {
    let served = serve(Bounds::default());
    let client = protocol.client(served.server.address).await;
    let list: Value = serde_json::from_str(&served.text(&client, "/export").await).expect("JSON");
    let names: Vec<_> =
        list["tables"].as_array().expect("a list").iter().map(|table| &table["name"]).collect();
    assert_eq!(names, ["empty", "every \"thing\"; DROP TABLE x", "keys"], "{protocol}");
    assert_eq!(
        list["tables"][2]["columns"],
        json!([{ "name": "k", "declaredType": "TEXT" }, { "name": "v", "declaredType": "" }]),
        "{protocol}"
    );
}

async fn rows_written_during_an_export_are_not_part_of_it(protocol: Protocol) {
    let served = serve(Bounds::default());
    served.connection.execute_batch("PRAGMA journal_mode = WAL").expect("a mode");
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
                INSERT INTO empty SELECT printf('%0100d', i) FROM n";
    served.connection.execute_batch(fill).expect("rows");
    let client = protocol.client(served.server.address).await;
    let mut response = client.get("/export/empty").await;
    let first = response.chunk().await.expect("no error").expect("a chunk");
    served.connection.execute_batch(fill).expect("more rows");
    let rest = read(response).await.expect("no error");
    assert_eq!(trailer(&rest, "x-row-count"), "100000");
    let lines = lines(&first) + lines(&rest.content);
    assert_eq!(lines, 100_001);
}
