//! `GET /seen/{id}` contains what the server sent, as the client received it.

use crate::support::{TestServer, clients, http1, http2, json, read, soon, workbench};
use http_1::HeaderMap;
use serde_json::Value;
use std::time::Duration;

fn serve() -> TestServer {
    TestServer::start(workbench(".").router())
}

fn id_of(head: &HeaderMap) -> &str {
    head["x-request-id"].to_str().expect("text")
}

/// The record of a response, once the response has ended.
async fn ended(server: &TestServer, client: &reqwest::Client, id: &str) -> Value {
    let ended = async {
        loop {
            let response = server.get(client, &format!("/seen/{id}")).await;
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

#[tokio::test]
async fn record_has_the_sections_that_arrived_and_the_size_of_the_content() {
    let server = serve();
    for (protocol, client) in clients() {
        for path in [
            "/export/orders?limit=1000",
            "/answer?words=40&delay=0",
            "/te",
            "/help",
            "/nothing",
            "/ui/main.js",
        ] {
            let response = server.get(&client, path).await;
            let (status, head) = (response.status().as_u16(), response.headers().clone());
            let ending = read(response).await.expect("no error");
            let record = ended(&server, &client, id_of(&head)).await;
            let case = format!("{path} over {protocol}: {record:#}");
            assert_eq!(record["id"], id_of(&head), "{case}");
            assert_eq!((&record["method"], &record["protocol"]), (&"GET".into(), &protocol.into()), "{case}");
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
            assert_eq!(
                (&record["state"], &record["ended"]),
                (&"complete".into(), &"complete".into()),
                "{case}"
            );
            assert!(record["durationMs"].as_f64() > Some(0.0), "{case}");
        }
    }
}

#[tokio::test]
async fn pieces_are_those_that_were_sent_with_their_times() {
    let server = serve();
    for (protocol, client) in clients() {
        let response = server.get(&client, "/bytes/40?chunk=16&delay=50").await;
        let id = id_of(response.headers()).to_owned();
        read(response).await.expect("no error");
        let data = ended(&server, &client, &id).await["data"].take();
        let pieces = data["first"].as_array().expect("a list");
        assert_eq!(pieces.iter().map(|piece| &piece[1]).collect::<Vec<_>>(), [16, 16, 8], "{protocol}");
        let times: Vec<_> = pieces.iter().map(|piece| piece[0].as_f64().expect("a number")).collect();
        assert!(times[1] - times[0] > 40.0 && times[2] - times[1] > 40.0, "{protocol}: {times:?}");
        assert_eq!((&data["pieces"], &data["last"]), (&3.into(), &Value::Array(Vec::new())), "{protocol}");
    }
}

#[tokio::test]
async fn withheld_trailers_are_not_in_the_record_but_the_reason_is() {
    let server = serve();
    let client = http1();
    let response = client.get(server.url("/te")).send().await.expect("a response");
    let id = id_of(response.headers()).to_owned();
    read(response).await.expect("no error");
    let record = ended(&server, &client, &id).await;
    assert_eq!(record["trailers"], Value::Null);
    assert_eq!(record["withheld"], "no `TE: trailers`");
}

#[tokio::test]
async fn failure_and_cut_are_told_apart() {
    let server = serve();
    for (protocol, client) in clients() {
        for (how, state, begins) in [("trailer", "failed", "failed"), ("reset", "cut", "failed: ")] {
            let path = format!("/export/orders?limit=10&fail_at=5&fail={how}");
            let response = server.get(&client, &path).await;
            let id = id_of(response.headers()).to_owned();
            assert_eq!(read(response).await.is_ok(), how == "trailer", "{protocol}");
            let record = ended(&server, &client, &id).await;
            assert_eq!(record["state"], state, "{protocol}: {record:#}");
            assert!(record["ended"].as_str().expect("text").starts_with(begins), "{protocol}: {record:#}");
            assert_eq!(record["trailers"].is_null(), how == "reset", "{protocol}: {record:#}");
        }
        let response = server.get(&client, "/answer?words=1000&delay=100").await;
        let id = id_of(response.headers()).to_owned();
        let running = json(server.get(&client, &format!("/seen/{id}")).await).await;
        assert_eq!((&running["state"], &running["ended"]), (&"running".into(), &Value::Null), "{protocol}");
        drop(response);
        let record = ended(&server, &client, &id).await;
        assert_eq!(
            (&record["state"], &record["ended"]),
            (&"cut".into(), &"client gone".into()),
            "{protocol}"
        );
    }
}

#[tokio::test]
async fn id_of_the_client_is_the_id_of_the_record_and_unknown_ones_are_a_404() {
    let server = serve();
    let client = http2();
    let request = client.get(server.url("/healthz")).header("x-check-id", "probe-1");
    assert_eq!(request.send().await.expect("a response").status(), 200);
    assert_eq!(ended(&server, &client, "probe-1").await["data"]["bytes"], 3);
    let unknown = server.get(&client, "/seen/probe-2").await;
    assert_eq!(unknown.status(), 404);
    let problem = json(unknown).await;
    let detail =
        "no response has the id `probe-2`: it is the X-Request-Id of a response, and the last 256 are kept";
    assert_eq!(problem["detail"], detail);
}
