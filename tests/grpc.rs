//! gRPC services run on the router's port, and their trailers report how calls end.

use crate::support::{
    TestServer, channel,
    log::Log,
    process::{Process, Signal},
    protocols::{Client, Protocol, Response, over_each_protocol, read},
    raw, soon, with, workbench,
};
use axum_trailers_workbench::{
    Bounds, Workbench,
    export::grpc::{
        self,
        v1::{
            ExportRequest, ListTablesRequest, Row, exports_client::ExportsClient, exports_server, value::Kind,
        },
    },
};
use futures_util::stream;
use tonic::{Code, Status, Streaming};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient, health_server};
use tonic_reflection::pb::{
    v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
        server_reflection_server,
    },
    v1alpha,
};
use tonic_types::StatusExt;

/// Serves a workbench with all its services.
async fn serve(workbench: Workbench) -> TestServer {
    let (exports, (_serving, health)) = (workbench.grpc(), grpc::health().await);
    TestServer::with(workbench.router(), |server| {
        server
            .grpc(exports_server::SERVICE_NAME, exports)
            .grpc(health_server::SERVICE_NAME, health)
            .grpc(server_reflection_server::SERVICE_NAME, grpc::reflection())
            .grpc(v1alpha::server_reflection_server::SERVICE_NAME, grpc::reflection_v1alpha())
    })
}

fn of_orders() -> ExportRequest {
    ExportRequest { table: "orders".to_owned(), ..ExportRequest::default() }
}

/// Reads all rows. Returns them and the status.
async fn to_the_end(mut rows: Streaming<Row>) -> (Vec<Row>, Result<(), Status>) {
    let mut came = Vec::new();
    loop {
        match soon("a row or the end", rows.message()).await {
            Ok(Some(row)) => came.push(row),
            Ok(None) => return (came, Ok(())),
            Err(status) => return (came, Err(status)),
        }
    }
}

#[tokio::test]
async fn export_arrives_whole_with_its_count_in_the_trailing_metadata() {
    let server = serve(workbench(".")).await;
    let mut client = ExportsClient::new(channel(server.address).await);
    let request = ExportRequest {
        columns: vec!["id".to_owned(), "comment".to_owned()],
        limit: Some(5000),
        ..of_orders()
    };
    let mut rows = client.export(request).await.expect("an export").into_inner();
    let mut came = Vec::new();
    while let Some(row) = rows.message().await.expect("a row") {
        came.push(row);
    }
    assert_eq!(came.len(), 5000);
    assert!(came.iter().all(|row| row.values.len() == 2));
    let ids = came.iter().map(|row| row.values[0].kind.clone());
    assert!(ids.eq((1..=5000).map(|id| Some(Kind::Integer(id)))), "in order");

    let trailing = rows.trailers().await.expect("its end").expect("trailers");
    assert_eq!(trailing.get("x-row-count").expect("a count"), "5000");
    let timing = trailing.get("server-timing").expect("timing").to_str().expect("text");
    assert!(timing.starts_with("db;dur=") && timing.contains("total;dur="), "{timing}");
}

#[tokio::test]
async fn database_lost_after_a_thousand_rows_is_14_with_details_behind_a_200() {
    let (log, _until_the_end) = Log::catch();
    let server = serve(workbench(".")).await;
    let mut client = ExportsClient::new(channel(server.address).await);
    let response = client.export(ExportRequest { fail_at: Some(1001), ..of_orders() }).await;
    let response = response.expect("a header section with 200");
    assert!(response.metadata().contains_key("x-export-id"));

    let (rows, ended) = to_the_end(response.into_inner()).await;
    assert_eq!(rows.len(), 1000);
    let status = ended.expect_err("a failure");
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unavailable, "Database connection lost at row 1001")
    );
    let details = status.get_error_details();
    let info = details.error_info().expect("a reason");
    assert_eq!(
        (&*info.reason, &*info.domain, &*info.metadata["rows"]),
        ("DATABASE_LOST", "axum-trailers", "1000")
    );
    assert!(details.retry_info().expect("when").retry_delay.is_some());

    let parts = [
        "request_target=\"/axum_trailers.v1.Exports/Export\"",
        "status=200",
        "trailers=grpc-status,grpc-message,grpc-status-details-bin",
        "grpc_status=14 ended=failed, reported in grpc-status",
    ];
    log.line(&parts).await;
}

#[tokio::test]
async fn refusals_say_what_was_wrong_in_details() {
    let bounds = with!(Bounds { rows: 100_000, exports_per_client: 1 });
    let server = serve(workbench(".").bounds(bounds)).await;
    let mut client = ExportsClient::new(channel(server.address).await);
    let field = |status: &Status| {
        let details = status.get_error_details();
        details.bad_request().expect("a violation").field_violations[0].field.clone()
    };
    let cases = [
        (ExportRequest { columns: vec!["nothing".to_owned()], ..of_orders() }, "columns"),
        (ExportRequest { columns: vec!["id,id".to_owned()], ..of_orders() }, "columns"),
        (ExportRequest { limit: Some(100_001), ..of_orders() }, "limit"),
        (ExportRequest { fail_at: Some(0), ..of_orders() }, "fail_at"),
    ];
    for (request, argument) in cases {
        let status = client.export(request).await.expect_err("a refusal");
        assert_eq!((status.code(), &*field(&status)), (Code::InvalidArgument, argument));
    }
    let long = "ä".repeat(100_000);
    let status = client.export(ExportRequest { table: long.clone(), ..ExportRequest::default() }).await;
    let status = status.expect_err("a refusal");
    assert_eq!(status.code(), Code::NotFound);
    let details = status.get_error_details();
    let name = &details.resource_info().expect("a resource").resource_name;
    assert!(long.starts_with(name) && name.len() == 1024, "trailers are short: {}", name.len());

    let rows = client.export(of_orders()).await.expect("an export").into_inner();
    let status = client.export(of_orders()).await.expect_err("there is one already");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.get_error_details().retry_info().is_some());
    let status = client.list_tables(ListTablesRequest {}).await.expect_err("it counts, too");
    assert_eq!(status.code(), Code::ResourceExhausted);
    let of_routes = Protocol::Http2.client(server.address).await.get("/export/orders").await;
    assert_eq!(of_routes.status(), 429, "the routes count the same exports");
    let (rows, ended) = to_the_end(rows).await;
    ended.expect("the first goes on");
    assert_eq!(rows.len(), 100_000);
    client.export(of_orders()).await.expect("there is room again");
}

#[tokio::test]
async fn too_many_rows_without_a_limit_are_refused() {
    let server = serve(workbench(".").bounds(with!(Bounds { rows: 1000 }))).await;
    let mut client = ExportsClient::new(channel(server.address).await);
    let status = client.export(of_orders()).await.expect_err("a refusal");
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_error_details();
    assert_eq!(details.bad_request().expect("a violation").field_violations[0].field, "limit");
}

#[tokio::test]
async fn progress_reports_how_calls_ended() {
    let server = serve(workbench(".")).await;
    let mut client = ExportsClient::new(channel(server.address).await);
    let http = Protocol::Http2.client(server.address).await;
    let progress = async |id: &str| {
        let told = read(http.get(&format!("/exports/{id}")).await).await.expect("progress");
        serde_json::from_slice::<serde_json::Value>(&told.content).expect("JSON")
    };
    for (fail_at, leaves, state) in
        [(None, false, "complete"), (Some(2), false, "failed"), (None, true, "cancelled")]
    {
        let response = client.export(ExportRequest { fail_at, ..of_orders() }).await.expect("an export");
        let id = response.metadata().get("x-export-id").expect("an id").to_str().expect("text").to_owned();
        let mut rows = response.into_inner();
        rows.message().await.expect("a row").expect("the first");
        if leaves {
            drop(rows);
        } else {
            assert_eq!(to_the_end(rows).await.1.is_err(), state == "failed");
        }
        let told = soon("the end", async {
            loop {
                let told = progress(&id).await;
                if told["state"] != "running" {
                    break told;
                }
            }
        });
        let told = told.await;
        assert_eq!((told["state"].as_str(), told["format"].as_str()), (Some(state), Some("grpc")), "{told}");
        assert!(told["bytes"].as_u64().expect("a number") > 0 || state != "complete", "{told}");
        match state {
            "complete" => assert_eq!(told["trailers"]["x-row-count"], "100000"),
            "failed" => assert_eq!(told["trailers"]["grpc-status"], "14"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn tables_are_those_of_the_route() {
    let server = serve(workbench(".")).await;
    let mut client = ExportsClient::new(channel(server.address).await);
    let tables = client.list_tables(ListTablesRequest {}).await.expect("tables").into_inner().tables;
    let listed = read(Protocol::Http2.client(server.address).await.get("/export").await)
        .await
        .expect("tables")
        .content;
    let listed: serde_json::Value = serde_json::from_slice(&listed).expect("JSON");
    let tables = tables.iter().map(|table| {
        let columns = table.columns.iter();
        let columns = columns.map(|c| serde_json::json!({ "name": c.name, "declaredType": c.declared_type }));
        serde_json::json!({ "name": table.name, "columns": columns.collect::<Vec<_>>() })
    });
    assert_eq!(listed["tables"], tables.collect::<serde_json::Value>());
}

#[tokio::test]
async fn standard_services_answer() {
    let server = serve(workbench(".")).await;
    let channel = channel(server.address).await;
    let mut health = HealthClient::new(channel.clone());
    for service in ["", exports_server::SERVICE_NAME] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = health.check(request).await.expect("an answer").into_inner();
        assert_eq!(answer.status, 1, "{service} serves");
    }

    let ask = |message| ServerReflectionRequest {
        message_request: Some(message),
        ..ServerReflectionRequest::default()
    };
    let questions = [
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol("axum_trailers.v1.Row".to_owned())),
    ];
    let mut reflection = ServerReflectionClient::new(channel);
    let answers = reflection.server_reflection_info(stream::iter(questions)).await.expect("answers");
    let mut answers = answers.into_inner();
    let mut next = async || answers.message().await.expect("an answer").expect("one").message_response;
    let Some(MessageResponse::ListServicesResponse(services)) = next().await else { panic!("services") };
    let mut services: Vec<_> = services.service.into_iter().map(|service| service.name).collect();
    services.sort();
    let expected = [
        exports_server::SERVICE_NAME,
        health_server::SERVICE_NAME,
        server_reflection_server::SERVICE_NAME,
        v1alpha::server_reflection_server::SERVICE_NAME,
    ];
    assert_eq!(services, expected);
    let Some(MessageResponse::FileDescriptorResponse(files)) = next().await else { panic!("a file") };
    assert_eq!(files.file_descriptor_proto.len(), 1);
}

over_each_protocol! {
    router_and_services_share_the_port;
    call_ends_with_its_status_in_trailers, except Http1: "gRPC is not spoken over it";
    call_that_fails_early_has_its_status_in_the_header_section, except Http1: "gRPC is not spoken over it";
}

async fn router_and_services_share_the_port(protocol: Protocol) {
    let server = serve(workbench(".")).await;
    let client = protocol.client(server.address).await;
    let beside = client.get("/healthz").await;
    assert_eq!(beside.status(), 200, "{protocol}");
    let unknown = client.request("POST", "/axum_trailers.v9.Exports/Export").send().await;
    assert_eq!(unknown.expect("a response").status(), 404, "{protocol}: what is no service is the router's");
}

#[tokio::test]
async fn stream_that_a_shutdown_cuts_is_no_success() {
    let server = serve(workbench(".")).await;
    let mut client = ExportsClient::new(channel(server.address).await);
    let mut rows = client.export(of_orders()).await.expect("an export").into_inner();
    rows.message().await.expect("a row").expect("the first");
    server.handle.abort();
    let (came, ended) = to_the_end(rows).await;
    ended.expect_err("it was cut");
    assert!(came.len() < 99_999);
}

#[tokio::test]
async fn other_refusals_are_told_apart_from_those_of_one_client() {
    let bounds = with!(Bounds { exports: 1 });
    let server = serve(workbench(".").bounds(bounds)).await;
    let mut client = ExportsClient::new(channel(server.address).await);
    let _rows = client.export(of_orders()).await.expect("an export").into_inner();
    let status = client.export(of_orders()).await.expect_err("as many run as may");
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.get_error_details().retry_info().is_some());
}

#[tokio::test]
async fn export_that_takes_too_long_is_lost() {
    let bounds = with!(Bounds { export_time: std::time::Duration::from_millis(1) });
    let server = serve(workbench(".").bounds(bounds)).await;
    let mut client = ExportsClient::new(channel(server.address).await);
    let (rows, ended) = to_the_end(client.export(of_orders()).await.expect("an export").into_inner()).await;
    let status = ended.expect_err("a failure");
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("longer than the limit of 1ms"), "{status}");
    let details = status.get_error_details();
    assert_eq!(details.error_info().expect("a reason").metadata["rows"], rows.len().to_string());
    assert!(details.retry_info().is_none(), "it would not help");
}

#[tokio::test]
async fn columns_are_named_one_by_one() {
    let server = serve(workbench(".")).await;
    let mut client = ExportsClient::new(channel(server.address).await);
    let request = ExportRequest { columns: vec!["id,comment".to_owned()], ..of_orders() };
    let status = client.export(request).await.expect_err("a refusal");
    assert!(status.message().contains("unknown column `id,comment`"), "{status}");
}

#[tokio::test]
async fn reader_that_has_stalled_holds_few_rows() {
    let server = serve(workbench(".")).await;
    let mut client = raw::http2(server.address).await;
    // `ExportRequest { table: "orders" }`
    let message = b"\0\0\0\0\x08\x0a\x06orders";
    let (response, _sender) =
        raw::http2_call(&mut client, "/axum_trailers.v1.Exports/Export", &[], message, true);
    let response = soon("a response", response).await.expect("a response");
    let id = response.headers()["x-export-id"].to_str().expect("text").to_owned();
    let http = Protocol::Http2.client(server.address).await;
    let progress = async || {
        let told = read(http.get(&format!("/exports/{id}")).await).await.expect("progress");
        let told: serde_json::Value = serde_json::from_slice(&told.content).expect("JSON");
        assert_eq!(told["state"], "running");
        told["rows"].as_u64().expect("a number")
    };
    let standstill = async {
        let mut before = 0;
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            let now = progress().await;
            if now > 0 && now == before {
                return now;
            }
            before = now;
        }
    };
    // A window of 64 KiB and about 200 KiB of memory in the server: less than a tenth of the 100,000 rows.
    let rows = soon("a standstill", standstill).await;
    assert!(rows < 10_000, "{rows} rows");
}

#[cfg(unix)]
#[tokio::test]
async fn health_watch_ends_at_shutdown_and_does_not_delay_it() {
    let mut process = Process::start(&["--listen", "127.0.0.1:0", "--redirect", "off"]);
    let mut health = HealthClient::new(channel(process.address("https")).await);
    let mut watches = Vec::new();
    for service in ["", exports_server::SERVICE_NAME] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let mut watch = health.watch(request).await.expect("a watch").into_inner();
        assert_eq!(watch.message().await.expect("a message").expect("one").status, 1, "serving");
        watches.push(watch);
    }
    process.signal(Signal::TERM);
    for mut watch in watches {
        let told = soon("a message", watch.message()).await.expect("a message").expect("one");
        assert_eq!(told.status, 2, "not serving");
        assert!(soon("the end", watch.message()).await.expect("no error").is_none());
    }
    let (status, log) = tokio::task::spawn_blocking(move || process.end()).await.expect("no panic");
    assert!(status.success() && !log.contains("cutting"), "{log}");
}

const EXPORT: &str = "/axum_trailers.v1.Exports/Export";

/// Calls a method with a message, which is encoded.
async fn call(client: &Client, path: &str, message: &[u8]) -> Response {
    let length = u32::try_from(message.len()).expect("a short message").to_be_bytes();
    let framed = [&[0], &length[..], message].concat();
    let request = client.request("POST", path);
    let request = request.header("content-type", "application/grpc").header("te", "trailers");
    request.body(framed).send().await.expect("a response")
}

/// The messages of a stream.
fn messages(mut content: &[u8]) -> usize {
    let mut messages = 0;
    while let [0, a, b, c, d, rest @ ..] = content {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        content = rest.get(length..).expect("a whole message");
        messages += 1;
    }
    assert!(content.is_empty(), "{content:?}");
    messages
}

async fn call_ends_with_its_status_in_trailers(protocol: Protocol) {
    let (log, _until_the_end) = Log::catch();
    let server = serve(workbench(".")).await;
    let client = protocol.client(server.address).await;
    // `ExportRequest { table: "orders", limit: 1000 }`, and the same with `fail_at: 1001` instead of the limit.
    let of_orders = b"\x0a\x06orders";
    let (limited, failing) =
        ([&of_orders[..], b"\x18\xe8\x07"].concat(), [&of_orders[..], b"\x20\xe9\x07"].concat());
    for (message, status, ended) in [
        (limited, "0", "grpc_status=0 ended=complete"),
        (failing, "14", "grpc_status=14 ended=failed, reported in grpc-status"),
    ] {
        let response = call(&client, EXPORT, &message).await;
        assert_eq!((response.status().as_u16(), response.field("content-type")), (200, "application/grpc"));
        let ending = read(response).await.expect("whole");
        assert_eq!(messages(&ending.content), 1000, "{status}");
        let trailers = ending.trailers.expect("trailers");
        assert_eq!(trailers["grpc-status"], status);
        assert_eq!(trailers.contains_key("x-row-count"), status == "0");
        log.line(&[&format!("protocol={protocol:?}"), "Exports/Export", ended]).await;
    }
}

async fn call_that_fails_early_has_its_status_in_the_header_section(protocol: Protocol) {
    let server = serve(workbench(".")).await;
    let client = protocol.client(server.address).await;
    // `ExportRequest { table: "nope" }`, and a method that is none.
    for (path, message, status) in
        [(EXPORT, &b"\x0a\x04nope"[..], "5"), ("/axum_trailers.v1.Exports/Nothing", b"", "12")]
    {
        let response = call(&client, path, message).await;
        assert_eq!((response.status().as_u16(), response.field("grpc-status")), (200, status), "{path}");
        assert!(read(response).await.expect("whole").content.is_empty(), "{path}");
    }
    for path in ["/axum_trailers.v1.Exports/ListTables", "/grpc.health.v1.Health/Check"] {
        let ending = read(call(&client, path, b"").await).await.expect("whole");
        assert_eq!(messages(&ending.content), 1, "{path}");
        assert_eq!(ending.trailers.expect("trailers")["grpc-status"], "0", "{path}");
    }
}
