//! The log of the workbench, as the binary writes it.

use crate::support::{
    TestServer, channel, http1, http2,
    log::Log,
    process::{Process, Signal},
    protocols::{Protocol, over_each_protocol},
    raw,
    upload::Upload,
    workbench,
};
use axum_trailers_workbench::export::grpc::v1::{ListTablesRequest, exports_client::ExportsClient};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// If the database is missing, blocking threads log it; if an export fails, its thread does.
#[cfg(unix)]
#[tokio::test]
async fn thread_events_have_the_request_span() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("database");
    let sql = "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)";
    rusqlite::Connection::open(&path).and_then(|database| database.execute_batch(sql)).expect("a database");
    let database = path.to_str().expect("text");
    let quiet = ["--listen", "127.0.0.1:0", "--redirect", "off"];
    let mut process = Process::start(&[&quiet[..], &["--database", database]].concat());
    let address = process.address("https");
    let get = async |path: &str| {
        let url = format!("https://localhost:{}{path}", address.port());
        drop(http1().get(url).send().await.expect("a response").bytes().await);
    };
    get("/export/t?fail_at=2").await;
    process
        .logged(&["request{", "request_target=\"/export/t?fail_at=2\"", "}", "simulated export failure"])
        .await;
    std::fs::remove_file(&path).expect("removed");
    get("/export").await;
    process.logged(&["request{", "request_target=/export ", "}", "can't open the database"]).await;
    let mut client = ExportsClient::new(channel(address).await);
    client.list_tables(ListTablesRequest {}).await.expect_err("no database");
    process.logged(&["request{", "request_target=/axum_trailers.v1.Exports/ListTables ", "can't open"]).await;
}

#[tokio::test]
async fn client_data_is_shortened_and_cannot_forge_a_line() {
    let mut process = Process::start(&["--listen", "127.0.0.1:0", "--redirect", "off"]);
    let address = process.address("https");
    let long = "x".repeat(3000);
    let fields = format!("host: u:secret@a\r\nvia: {long}\r\ntrailer: {long}\r\nte: a\tended=complete \"b\"");
    raw::http1(address, &format!("{long} /{long}?end HTTP/1.1\r\n{fields}\r\nconnection: close\r\n\r\n"))
        .await;
    let kept = "x".repeat(1024);
    let expected = [
        &*format!(" method={kept}… host=a request_target=/{}… protocol=HTTP/1.1 ", &kept[1..]),
        &*format!(" via={kept}… proxied=true te=\"a\\tended=complete \\\"b\\\"\" status=400 "),
        &*format!(" request_trailers_missing={kept}… "),
    ];
    process.logged(&expected).await;
}

#[tokio::test]
async fn grpc_health_is_logged_at_debug() {
    let quiet = ["--listen", "127.0.0.1:0", "--redirect", "off"];
    let mut process = Process::start(&[&quiet[..], &["--log", "axum_trailers::request=debug"]].concat());
    let channel = crate::support::channel(process.address("https")).await;
    let mut health = HealthClient::new(channel);
    health.check(HealthCheckRequest::default()).await.expect("healthy");
    process
        .logged(&["DEBUG axum_trailers::request: ", "/grpc.health.v1.Health/Check", "grpc_status=0 "])
        .await;
    health.check(HealthCheckRequest { service: "none".to_owned() }).await.expect_err("not found");
    process
        .logged(&[" INFO axum_trailers::request: ", "/grpc.health.v1.Health/Check", "grpc_status=5 "])
        .await;
}

/// Includes everything that the page requests, also failures.
#[cfg(unix)]
#[tokio::test]
async fn failures_that_were_asked_for_are_no_warnings() {
    let mut process = Process::start(&["--listen", "127.0.0.1:0", "--redirect", "off"]);
    let address = process.address("https");
    let export = "/export/orders?limit=10&fail_at=5";
    for path in ["/ui", "/ui/main.js", "/ui/style.css", export, &format!("{export}&fail=trailer"), "/nothing"]
    {
        for client in [http1(), http2()] {
            let url = format!("https://localhost:{}{path}", address.port());
            drop(client.get(url).header("te", "trailers").send().await.expect("a response").bytes().await);
        }
    }
    let reason = "reason=\"Database connection lost at row 5\"";
    process.logged(&[" INFO request{", "simulated export failure table=orders", reason]).await;
    process.signal(Signal::TERM);
    let (status, log) = tokio::task::spawn_blocking(move || process.end()).await.expect("no panic");
    assert!(status.success() && !log.contains(" WARN ") && !log.contains("ERROR"), "{log}");
}

#[tokio::test]
async fn health_check_is_logged_at_debug() {
    let (log, _guard) = Log::catch_all();
    let server = TestServer::start(workbench(".").router());
    for (level, path) in [("DEBUG", "/healthz"), (" INFO", "/te")] {
        drop(server.get(&http2(), path).await.bytes().await);
        let line = format!("{level} axum_trailers::request: client=");
        log.line(&[&line, &format!("request_target={path:?}")]).await;
    }
}

over_each_protocol! {
    echo_of_a_trailer_that_is_missing_or_not_announced_is_no_warning;
}

async fn echo_of_a_trailer_that_is_missing_or_not_announced_is_no_warning(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(workbench(".").router());
    let request = Upload {
        method: "POST",
        path: "/echo",
        fields: &[("te", "trailers"), ("trailer", "x-sum")],
        chunks: &["a"],
        ..Upload::default()
    };

    request.send(protocol, server.address).await;
    let relayed = "relayed trailer field was announced but not sent";
    log.line(&[" INFO ", &format!("protocol={protocol:?}}}"), relayed, "name=\"x-echo-x-sum\""]).await;

    let unannounced = Upload { fields: &[("te", "trailers")], trailers: &[("x-sum", "1")], ..request };
    unannounced.send(Protocol::Http1, server.address).await;
    let left_out = "unannounced relayed trailer field omitted over HTTP/1.1";
    log.line(&[" INFO ", left_out, "name=x-echo-x-sum"]).await;
    assert!(!log.text().contains("WARN"), "{}", log.text());
}
