//! `GET /seen/{token}` contains what arrived of a request with that token, and what was sent in response.

#[cfg(target_os = "linux")]
use crate::support::raw;
use crate::support::{
    TestServer,
    protocols::{Protocol, json, over_each_protocol, read},
    raw::http2_began,
    raw::http2_frame,
    raw::tls,
    soon,
    upload::Upload,
    workbench,
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

const TOKEN: &str = "AZaz09-_AZaz09-_AZaz09";
const OTHER: &str = "1234567890123456789012";

fn serve() -> TestServer {
    TestServer::start(workbench(".").router())
}

/// The record of a token, once it meets a condition.
async fn record(server: &TestServer, token: &str, is_met: impl Fn(&Value) -> bool) -> Value {
    let client = Protocol::Http2.client(server.address).await;
    let met = async {
        loop {
            let response = client.get(&format!("/seen/{token}")).await;
            let is_there = response.status() == 200;
            let record = json(response).await;
            if is_there && is_met(&record) {
                return record;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon("the record", met).await
}

async fn ended(server: &TestServer, token: &str) -> Value {
    record(server, token, |record| record["state"] != "running").await
}

over_each_protocol! {
    request_is_recorded_as_it_arrived_and_its_response_as_it_was_sent;
    parameter_serves_where_the_field_does_not_arrive;
    content_that_a_route_has_no_use_for_is_unread;
}

async fn request_is_recorded_as_it_arrived_and_its_response_as_it_was_sent(protocol: Protocol) {
    let server = serve();

    for path in ["/inspect", "/echo"] {
        let case = format!("{path} over {protocol}");
        let upload = Upload {
            method: "POST",
            path: &format!("{path}?probe={OTHER}"),
            fields: &[
                ("te", "trailers"),
                ("trailer", "x-sum"),
                ("x-check-id", TOKEN),
                ("x-a", "b"),
                ("authorization", "Basic abc"),
            ],
            chunks: &["first ", "second"],
            trailers: &[("x-sum", "1"), ("x-sum", "2"), ("host", "forbidden")],
        };
        let answer = upload.send(protocol, server.address).await;
        let record = ended(&server, TOKEN).await;
        assert_eq!((&record["token"], &record["status"]), (&TOKEN.into(), &answer.status.into()), "{case}");
        assert_eq!((&record["id"], &record["state"]), (&TOKEN.into(), &"complete".into()), "{case}");
        assert_eq!(record["data"]["bytes"], answer.content.len(), "{case}");

        let request = &record["request"];
        assert_eq!(
            (&request["protocol"], &request["method"]),
            (&protocol.name().into(), &"POST".into()),
            "{case}"
        );
        assert_eq!(request["target"], format!("{path}?probe={OTHER}"), "{case}");
        assert_eq!(
            (&request["te"], &request["trailer"]),
            (&json!(["trailers"]), &json!(["x-sum"])),
            "{case}"
        );
        let headers = request["headers"].as_array().expect("a list");
        assert!(headers.contains(&json!({ "name": "x-a", "value": "b" })), "{case}: {request:#}");
        assert!(
            headers.contains(&json!({ "name": "authorization", "value": "(9 bytes)" })),
            "{case}: {request:#}"
        );
        let framing = if protocol == Protocol::Http1 { "chunked" } else { "frames" };
        assert_eq!(request["framing"], framing, "{case}");
        assert_eq!(request["content"]["bytes"], 12, "{case}");
        let trailers = json!([{ "name": "x-sum", "value": "1" }, { "name": "x-sum", "value": "2" }]);
        assert_eq!(request["trailers"], trailers, "{case}");
        assert_eq!(request["forbiddenTrailers"], json!(["host"]), "{case}");
        assert_eq!(record["connection"]["sni"], "localhost", "{case}");
        assert_eq!((&request["state"], &request["failure"]), (&"complete".into(), &Value::Null), "{case}");
    }
}

async fn parameter_serves_where_the_field_does_not_arrive(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    for path in ["/te", "/trailers?x-color=blue", "/healthz", "/ui/main.js", "/nothing"] {
        let separator = if path.contains('?') { '&' } else { '?' };
        let target = format!("{path}{separator}probe={TOKEN}");
        let case = format!("{target} over {protocol}");
        let response = client.get(&target).await;
        let (status, id) = (response.status().as_u16(), response.headers()["x-request-id"].clone());
        let ending = read(response).await.expect("no error");
        let record = ended(&server, TOKEN).await;
        assert_eq!(
            (&record["status"], &record["request"]["target"]),
            (&status.into(), &target.into()),
            "{case}"
        );
        assert_eq!(record["id"], id.to_str().expect("text"), "{case}");
        assert_eq!(record["trailers"].is_null(), ending.trailers.is_none(), "{case}");
        let request = &record["request"];
        assert_eq!((&request["framing"], &request["state"]), (&"none".into(), &"complete".into()), "{case}");
        assert_eq!(request["trailers"], Value::Null, "{case}");
    }
}

#[tokio::test]
async fn requests_with_one_token_are_counted_and_the_last_one_is_there() {
    let server = serve();
    let client = Protocol::Http2.client(server.address).await;
    for (n, path) in ["/te", "/help"].into_iter().enumerate() {
        let request = client.request("GET", path).header("x-check-id", TOKEN);
        read(request.send().await.expect("a response")).await.expect("no error");
        let record = ended(&server, TOKEN).await;
        assert_eq!((&record["requests"], &record["request"]["target"]), (&(n + 1).into(), &path.into()));
    }
}

#[tokio::test]
async fn other_values_are_no_tokens() {
    let server = serve();
    let client = Protocol::Http2.client(server.address).await;
    for id in ["short", "nightly-healthcheck", "with-a-dot.in-the-middle"] {
        let request = client.request("GET", "/te").header("x-check-id", id);
        read(request.send().await.expect("a response")).await.expect("no error");
        let record = json(client.get(&format!("/seen/{id}")).await).await;
        assert_eq!((&record["id"], &record["request"]), (&id.into(), &Value::Null));
    }
    // A request for a record has none.
    let request = client.request("GET", format!("/seen/{OTHER}")).header("x-check-id", TOKEN);
    assert_eq!(request.send().await.expect("a response").status(), 404);
    assert_eq!(client.get(&format!("/seen/{TOKEN}")).await.status(), 404);
}

/// Each begins an upload that stops after `hello`.
const BEGUN: [(&str, &str); 3] =
    [("content-length", "hello"), ("chunked", "5\r\nhello\r\n"), ("frames", "hello")];

#[tokio::test]
async fn request_that_gets_no_response_has_a_record_and_its_cut_is_no_end() {
    let server = serve();
    for (framing, content) in BEGUN {
        let path = format!("/inspect?probe={framing}-{TOKEN}");
        let (mut client, bytes) = if framing == "frames" {
            let client = http2_began(server.address, "POST", &path).await;
            (client, http2_frame(0, 0, 1, content.as_bytes()))
        } else {
            let field =
                if framing == "chunked" { "transfer-encoding: chunked" } else { "content-length: 10" };
            let request = format!("POST {path} HTTP/1.1\r\nhost: a\r\n{field}\r\n\r\n{content}");
            (tls(server.address, "http/1.1").await, request.into_bytes())
        };
        client.write_all(&bytes).await.expect("sent");
        let token = format!("{framing}-{TOKEN}");
        let running = record(&server, &token, |record| record["request"]["content"]["bytes"] == 5).await;
        assert_eq!((&running["state"], &running["status"]), (&"running".into(), &Value::Null), "{running:#}");
        assert_eq!(running["request"]["state"], "running", "{running:#}");
        assert_eq!(running["request"]["framing"], framing, "{running:#}");
        assert_eq!(running["request"]["content"]["pieces"], 1, "{running:#}");

        drop(client);
        let cut = record(&server, &token, |record| record["request"]["state"] != "running").await;
        assert_eq!(cut["request"]["state"], "cut", "{framing}: {cut:#}");
        assert!(cut["request"]["failure"].is_string(), "{framing}: {cut:#}");
        assert_eq!(cut["request"]["content"]["bytes"], 5, "{framing}: {cut:#}");
    }
}

async fn content_that_a_route_has_no_use_for_is_unread(protocol: Protocol) {
    let server = serve();

    let upload = Upload {
        method: "GET",
        path: "/te",
        fields: &[("x-check-id", TOKEN)],
        chunks: &["a"],
        trailers: &[],
    };
    assert_eq!(upload.send(protocol, server.address).await.status, 200, "{protocol}");
    let request = ended(&server, TOKEN).await["request"].take();
    assert_eq!(
        (&request["state"], &request["content"]["bytes"]),
        (&"unread".into(), &0.into()),
        "{protocol}"
    );
}

/// On Linux, all of 127.0.0.0/8 is this machine.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn record_is_for_each_client_that_has_the_token() {
    let server = serve();
    let get = async |local: [u8; 4], target: &str, id: &str| {
        let mut client = raw::tls_from(local.into(), server.address, "http/1.1").await;
        let request = format!(
            "GET {target} HTTP/1.1\r\nhost: localhost\r\nx-check-id: {id}\r\nconnection: close\r\n\r\n"
        );
        client.write_all(request.as_bytes()).await.expect("sent");
        raw::rest(&mut client).await
    };
    assert!(get([127, 0, 0, 2], "/export", TOKEN).await.starts_with("HTTP/1.1 200 "));
    assert!(get([127, 0, 0, 3], &format!("/seen/{TOKEN}"), "").await.starts_with("HTTP/1.1 200 "));
    assert!(get([127, 0, 0, 3], &format!("/seen/{OTHER}"), "").await.starts_with("HTTP/1.1 404 "));
}
