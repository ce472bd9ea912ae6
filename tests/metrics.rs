//! `GET /metrics` reports what happened to the workbench's routes and services.

use crate::support::{TestServer, channel, http2, metrics::Metrics, raw, workbench};
use axum_trailers_workbench::{
    Bounds,
    export::grpc::v1::{ExportRequest, exports_client::ExportsClient, exports_server},
};
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn grpc_services_and_their_failures_are_counted_by_name() {
    let workbench = workbench(".");
    let (exports, mut address) = (workbench.grpc(), None);
    let server = TestServer::with(workbench.clone().router(), |server| {
        let server = server.metrics("127.0.0.1:0").expect("a free port");
        workbench.register(server.registry()).expect("nothing is there");
        address = server.metrics_addrs().first().copied();
        server.grpc(exports_server::SERVICE_NAME, exports)
    });
    let metrics = Metrics(address.expect("an address"));
    let mut client = ExportsClient::new(channel(server.address).await);
    let request = ExportRequest { table: "orders".to_owned(), ..ExportRequest::default() };
    let mut rows = client.export(request).await.expect("an export").into_inner();
    metrics.say("exports_running", 1).await;
    while rows.message().await.expect("a row").is_some() {}
    metrics.say("exports_running", 0).await;
    client.export(ExportRequest::default()).await.expect_err("no table");
    let calls =
        |status| format!(r#"grpc_calls_total{{service="axum_trailers.v1.Exports",status="{status}"}}"#);
    metrics.say(&calls("OK"), 1).await;
    metrics.say(&calls("NOT_FOUND"), 1).await;
    metrics.say_nothing_of("streams_failed_total").await;

    let request = ExportRequest { table: "orders".to_owned(), fail_at: Some(2), ..ExportRequest::default() };
    let mut rows = client.export(request).await.expect("an export").into_inner();
    rows.message().await.expect("a row").expect("the first");
    rows.message().await.expect_err("a failure");
    metrics.say(&calls("UNAVAILABLE"), 1).await;
    metrics.say(r#"streams_failed_total{protocol="HTTP/2",reason="grpc_status"}"#, 1).await;
    let labels = r#"{protocol="HTTP/2",route="axum_trailers.v1.Exports",status="200"}"#;
    metrics.say(&format!("requests_total{labels}"), 3).await;

    let refused = http2().put(server.url("/files/a")).body("a").send().await.expect("a response");
    assert_eq!(refused.status(), 403);
    metrics.say(r#"uploads_refused_total{status="403"}"#, 1).await;
}

#[tokio::test]
async fn only_failed_uploads_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let workbench = workbench(folder.path()).bounds(Bounds::default()).allow_upload().expect("swept");
    let mut address = None;
    let server = TestServer::with(workbench.clone().router(), |server| {
        let server = server.metrics("127.0.0.1:0").expect("a free port");
        workbench.register(server.registry()).expect("nothing is there");
        address = server.metrics_addrs().first().copied();
        server
    });
    let metrics = Metrics(address.expect("an address"));
    let digest = "sha-256=:ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=:";
    let put = async |path: &str| {
        let upload = http2().put(server.url(path)).header("content-digest", digest).body("a");
        upload.send().await.expect("a response").status()
    };
    assert_eq!(put("/files/a").await, 201);
    assert_eq!(put("/files/%ff").await, 400);
    metrics.say(r#"uploads_refused_total{status="400"}"#, 1).await;
    let mut client = raw::tls(server.address, "http/1.1").await;
    let head =
        format!("PUT /files/b HTTP/1.1\r\nhost: a\r\ncontent-digest: {digest}\r\ncontent-length: 9\r\n\r\na");
    client.write_all(head.as_bytes()).await.expect("sent");
    metrics.say("streams", 1).await;
    drop(client);
    metrics.say("streams", 0).await;
    let text = metrics.text().await;
    let refused = text.lines().filter(|line| line.starts_with("axum_trailers_uploads_refused_total{"));
    let refused: u64 =
        refused.map(|line| line.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0)).sum();
    assert_eq!(refused, 2, "{text}");

    let mut client = raw::http2(server.address).await;
    let export = raw::http2_get(&mut client, "/export/orders").await;
    metrics.say("exports_running", 1).await;
    drop((client, export));
    metrics.say("exports_running", 0).await;
}
