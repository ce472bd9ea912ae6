//! `GET /seen/{id}` contains what the server sent, as the client received it.

#[cfg(target_os = "linux")]
use crate::support::raw;
use crate::support::{
    TestServer,
    protocols::{Client, Protocol, json, over_each_protocol, read},
    soon, workbench,
};
use http::HeaderMap;
use serde_json::Value;
use std::time::Duration;
#[cfg(target_os = "linux")]
use tokio::io::AsyncWriteExt;

fn serve() -> TestServer {
    TestServer::start(workbench(".").router())
}

fn id_of(head: &HeaderMap) -> &str {
    head["x-request-id"].to_str().expect("text")
}

/// The record of a response, once the response has ended.
async fn ended(client: &Client, id: &str) -> Value {
    let ended = async {
        loop {
            let response = client.get(format!("/seen/{id}")).await;
            assert_eq!(response.status(), 200, "{id}");
            let record = json(response).await;
            if record["state"] != "running" {
                return record;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon("the end", ended).await
}

/// A section as in a record, without the fields of a name.
fn fields(section: &HeaderMap, without: &str) -> Value {
    let fields = section.iter().filter(|(name, _)| *name != without);
    fields.map(|(name, value)| serde_json::json!([name.as_str(), value.to_str().expect("text")])).collect()
}

over_each_protocol! {
    record_has_the_sections_that_arrived_and_the_size_of_the_content;
    pieces_are_those_that_were_sent_with_their_times;
    state_tells_failures_cuts_and_clients_that_left_apart;
}

async fn record_has_the_sections_that_arrived_and_the_size_of_the_content(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    for path in ["/export/orders?limit=1000", "/answer?words=40&delay=0", "/te", "/help", "/nothing", "/ui"] {
        let response = client.get(path).await;
        let (status, head) = (response.status().as_u16(), response.headers().clone());
        let ending = read(response).await.expect("no error");
        let record = ended(&client, id_of(&head)).await;
        let case = format!("{path} over {protocol}: {record:#}");
        assert_eq!(record["id"], id_of(&head), "{case}");
        assert_eq!(
            (&record["method"], &record["protocol"]),
            (&"GET".into(), &protocol.name().into()),
            "{case}"
        );
        assert_eq!(record["status"], status, "{case}");
        let mut sent = record["fields"].as_array().expect("a list").clone();
        let mut arrived = fields(&head, "date").as_array().expect("a list").clone();
        for section in [&mut sent, &mut arrived] {
            section.sort_by_key(Value::to_string);
        }
        assert_eq!(sent, arrived, "{case}");
        assert_eq!(record["data"]["bytes"], ending.content.len(), "{case}");
        let trailers = ending.trailers.map_or(Value::Null, |trailers| fields(&trailers, ""));
        assert_eq!(record["trailers"], trailers, "{case}");
        assert_eq!((&record["state"], &record["truncated"]), (&"complete".into(), &false.into()), "{case}");
        assert!(record["durationMs"].as_f64() > Some(0.0), "{case}");
    }
}

async fn pieces_are_those_that_were_sent_with_their_times(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    let response = client.get("/bytes/40?chunk=16&delay=50").await;
    let id = id_of(response.headers()).to_owned();
    read(response).await.expect("no error");
    let data = ended(&client, &id).await["data"].take();
    let pieces = data["first"].as_array().expect("a list");
    assert_eq!(pieces.iter().map(|piece| &piece[1]).collect::<Vec<_>>(), [16, 16, 8], "{protocol}");
    let times: Vec<_> = pieces.iter().map(|piece| piece[0].as_f64().expect("a number")).collect();
    assert!(times[1] - times[0] > 40.0 && times[2] - times[1] > 40.0, "{protocol}: {times:?}");
    assert_eq!((&data["pieces"], &data["last"]), (&3.into(), &Value::Array(Vec::new())), "{protocol}");
}

#[tokio::test]
async fn withheld_trailers_are_not_in_the_record_but_the_reason_is() {
    let server = serve();
    let client = Protocol::Http1.client(server.address).await;
    let response = client.request("GET", "/te").send().await.expect("a response");
    let id = id_of(response.headers()).to_owned();
    read(response).await.expect("no error");
    let record = ended(&client, &id).await;
    assert_eq!(record["trailers"], Value::Null);
    assert_eq!(record["withheld"], "no `TE: trailers`");
}

async fn state_tells_failures_cuts_and_clients_that_left_apart(protocol: Protocol) {
    let server = serve();
    let client = protocol.client(server.address).await;
    for (how, state) in [("trailer", "failed"), ("reset", "cut")] {
        let path = format!("/export/orders?limit=10&fail_at=5&fail={how}");
        let response = client.get(&path).await;
        let id = id_of(response.headers()).to_owned();
        assert_eq!(read(response).await.is_ok(), how == "trailer", "{protocol}");
        let record = ended(&client, &id).await;
        assert_eq!(record["state"], state, "{protocol}: {record:#}");
        assert_eq!(record["trailers"].is_null(), how == "reset", "{protocol}: {record:#}");
    }
    let response = client.get("/answer?words=1000&delay=100").await;
    let id = id_of(response.headers()).to_owned();
    let running = json(client.get(format!("/seen/{id}")).await).await;
    assert_eq!((&running["state"], &running["durationMs"]), (&"running".into(), &Value::Null), "{protocol}");
    drop(response);
    assert_eq!(ended(&client, &id).await["state"], "gone", "{protocol}");
}

#[tokio::test]
async fn id_of_the_client_is_the_id_of_the_record_and_unknown_ones_are_a_404() {
    let server = serve();
    let client = Protocol::Http2.client(server.address).await;
    let request = client.request("GET", "/export").header("x-check-id", "probe-1");
    assert_eq!(request.send().await.expect("a response").status(), 200);
    assert_eq!(ended(&client, "probe-1").await["status"], 200);
    // Neither is recorded.
    for path in ["/healthz", "/ui/main.js"] {
        let request = client.request("GET", path).header("x-check-id", "probe-2");
        assert_eq!(request.send().await.expect("a response").status(), 200, "{path}");
    }
    let unknown = client.get("/seen/probe-2").await;
    assert_eq!(unknown.status(), 404);
    let detail = "there is no record of `probe-2`: it is the X-Request-Id of one of the last 256 responses, to this client, \
                  or the token of a recent request";
    assert_eq!(json(unknown).await["detail"], detail);
}

/// On Linux, all of 127.0.0.0/8 is this machine.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn record_is_only_for_the_client_that_received_the_response() {
    let server = serve();
    let get = async |local: [u8; 4], target: &str| {
        let mut client = raw::tls_from(local.into(), server.address, "http/1.1").await;
        let request = format!(
            "GET {target} HTTP/1.1\r\nhost: localhost\r\nx-check-id: probe-1\r\nconnection: close\r\n\r\n"
        );
        client.write_all(request.as_bytes()).await.expect("sent");
        raw::rest(&mut client).await
    };
    assert!(get([127, 0, 0, 2], "/export").await.starts_with("HTTP/1.1 200 "));
    assert!(get([127, 0, 0, 3], "/seen/probe-1").await.starts_with("HTTP/1.1 404 "));
    assert!(get([127, 0, 0, 2], "/seen/probe-1").await.starts_with("HTTP/1.1 200 "));
}
