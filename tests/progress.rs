//! Clients that can't read trailers get the same data from an export's progress, and from events.

use crate::support::{
    TestServer,
    protocols::{Client, Protocol, over_each_protocol, read},
    raw, soon, workbench,
};
use serde_json::Value;
use std::time::Duration;

async fn progress(client: &Client, id: &str) -> Value {
    let response = client.get(&format!("/exports/{id}")).await;
    assert_eq!(response.status(), 200);
    serde_json::from_slice(&read(response).await.expect("no error").content).expect("JSON")
}

async fn until(client: &Client, id: &str, state: &str) -> Value {
    let came = async {
        loop {
            let told = progress(client, id).await;
            if told["state"] == state {
                break told;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon(state, came).await
}

fn id(headers: &http::HeaderMap) -> String {
    headers["x-export-id"].to_str().expect("text").to_owned()
}

over_each_protocol! {
    running_export_reports_its_progress;
    status_of_an_ended_export_contains_its_trailers;
    failure_is_told_with_its_reason;
    unknown_id_is_a_problem_that_explains_ids;
    events_have_the_rows_and_the_progress_and_at_last_what_the_trailers_say;
    no_proxy_may_store_or_transform_events;
}

async fn status_of_an_ended_export_contains_its_trailers(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    let response = client.get("/export/orders?limit=5000&format=ndjson").await;
    let id = id(response.headers());
    let ending = read(response).await.expect("no error");
    let told = progress(&client, &id).await;
    assert_eq!(told["state"], "complete", "known by the time the end is");
    let trailers = ending.trailers.expect("trailers");
    assert_eq!(told["trailers"].as_object().expect("fields").len(), 3, "{protocol}");
    for (name, value) in &trailers {
        assert_eq!(told["trailers"][name.as_str()], value.to_str().expect("text"), "{protocol}");
    }
    assert_eq!([&told["rows"], &told["total"]], [5000, 5000], "{protocol}");
    assert_eq!(told["bytes"], ending.content.len(), "{protocol}");
    assert!(told["durationMs"].as_f64().expect("a number") > 0.0, "{told}");
    assert_eq!([&told["table"], &told["format"], &told["id"]], ["orders", "ndjson", &*id], "{protocol}");
}

#[tokio::test]
async fn client_without_trailers_gets_them_there() {
    let server = TestServer::start(workbench(".").router());
    let client = Protocol::Http1.client(server.address).await;
    let response = client.request("GET", "/export/customers").send().await.expect("a response");
    let id = id(response.headers());
    let ending = read(response).await.expect("no error");
    assert!(ending.trailers.is_none());
    let told = until(&client, &id, "complete").await;
    assert_eq!(told["trailers"]["x-row-count"], "5000");
}

async fn running_export_reports_its_progress(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    let mut response = client.get("/export/orders").await;
    let id = id(response.headers());
    response.chunk().await.expect("no error").expect("a chunk");

    let other = protocol.client(server.address).await;
    let told = progress(&other, &id).await;
    let rows = told["rows"].as_u64().expect("a number");
    assert!(told["state"] == "running" && rows > 0 && rows < 100_000, "{told}");
    assert_eq!(told["total"], 100_000);
    assert!(told["bytes"].as_u64().expect("a number") > 0 && told["trailers"].is_null(), "{told}");

    drop(response);
    let told = until(&other, &id, "cancelled").await;
    assert!(told["trailers"].is_null() && told["rows"].as_u64().expect("a number") < 100_000, "{told}");
}

/// The whole export fits into the buffers, so its thread finishes although the client has read nothing.
#[tokio::test]
async fn export_whose_end_nobody_took_is_not_complete() {
    let server = TestServer::start(workbench(".").router());
    let stream = raw::tls(server.address, "h2").await;
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(0);
    let (client, connection) = builder.handshake::<_, bytes::Bytes>(stream).await.expect("a preface");
    tokio::spawn(connection);
    let mut client = client.ready().await.expect("a connection");
    let request =
        http::Request::get("https://localhost/export/orders?limit=100").body(()).expect("a request");
    let (response, _) = client.send_request(request, true).expect("sent");
    let response = soon("a response", response).await.expect("a response");
    let id = id(response.headers());
    let other = Protocol::Http1.client(server.address).await;
    let all_written = async {
        while progress(&other, &id).await["rows"] != 100 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon("all rows", all_written).await;
    assert_eq!(progress(&other, &id).await["state"], "running");
    drop(response);
    let told = until(&other, &id, "cancelled").await;
    assert!(told["trailers"].is_null(), "{told}");
}

async fn failure_is_told_with_its_reason(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    for (told, status) in [("reset", None), ("trailer", Some("13"))] {
        let response = client.get(&format!("/export/orders?fail_at=9&fail={told}")).await;
        let id = id(response.headers());
        let _broken_or_not = read(response).await;
        let told = until(&client, &id, "failed").await;
        assert_eq!(told["reason"], "Database connection lost at row 9", "{protocol}");
        assert_eq!(told["rows"], 8, "{protocol}");
        assert_eq!(told["trailers"]["grpc-status"].as_str(), status, "{protocol}");
    }
}

async fn unknown_id_is_a_problem_that_explains_ids(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    let response = client.get("/exports/0123456789abcdef").await;
    assert_eq!(response.status(), 404, "{protocol}");
    assert!(response.text().await.expect("text").contains("X-Export-Id"), "{protocol}");
}

#[derive(Debug, Default, PartialEq)]
struct Event {
    id: String,
    kind: String,
    data: String,
}

/// Parses an event stream (HTML §9.2.6). Unlike there, an event without data counts.
fn parse(stream: &str) -> Vec<Event> {
    let (mut events, mut event) = (Vec::new(), Event::default());
    for line in stream.lines() {
        match line.split_once(": ") {
            Some(("id", id)) => id.clone_into(&mut event.id),
            Some(("event", kind)) => kind.clone_into(&mut event.kind),
            Some(("data", data)) => event.data = event.data + data + "\n",
            _ => {
                assert_eq!(line, "");
                events.push(std::mem::take(&mut event));
            }
        }
    }
    events
}

async fn events_have_the_rows_and_the_progress_and_at_last_what_the_trailers_say(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    let plain = client.get("/export/orders?format=ndjson&limit=3000").await;
    let plain = read(plain).await.expect("no error");
    let response = client.get("/export/orders/events?limit=3000").await;
    assert_eq!(response.headers()["content-type"], "text/event-stream", "{protocol}");
    let id = id(response.headers());
    let ending = read(response).await.expect("no error");
    assert!(ending.trailers.is_none(), "{protocol}");
    assert!(!ending.content.starts_with(b":") && !ending.content.windows(2).any(|two| two == b"\n:"));
    let events = parse(std::str::from_utf8(&ending.content).expect("text"));

    let of = |kind: &str| events.iter().filter(|event| event.kind == kind).collect::<Vec<_>>();
    let rows: String = of("rows").iter().map(|event| &*event.data).collect();
    assert_eq!(rows.as_bytes(), plain.content, "{protocol}");
    let progress: Vec<Value> =
        of("progress").iter().map(|event| serde_json::from_str(&event.data).expect("JSON")).collect();
    let so_far: Vec<_> = progress.iter().map(|told| told["rows"].as_u64().expect("a number")).collect();
    assert!(so_far.len() > 5 && so_far.is_sorted() && so_far.last() == Some(&3000), "{so_far:?}");
    assert!(progress.iter().all(|told| told["total"] == 3000), "{protocol}");

    let last = events.last().expect("an event");
    assert_eq!(last.kind, "end", "{protocol}");
    assert_eq!(events[0], Event { id: id.clone(), ..Event::default() }, "it has an id before all else");
    let (told, trailers): (Value, _) =
        (serde_json::from_str(&last.data).expect("JSON"), plain.trailers.expect("trailers"));
    for name in ["x-row-count", "content-digest"] {
        assert_eq!(told[name], trailers[name].to_str().expect("text"), "{protocol}");
    }
    assert!(told["server-timing"].as_str().expect("text").contains("total;dur="), "{protocol}");

    let again = client.request("GET", "/export/orders/events").header("last-event-id", &events[0].id);
    assert_eq!(again.send().await.expect("a response").status(), 204, "{protocol}");
    let wrong = client.request("GET", "/export/orders/events?x=1").header("last-event-id", "x");
    assert_eq!(wrong.send().await.expect("a response").status(), 400, "{protocol}");
}

/// A cache or a compressor would delay events. Other responses may be compressed.
async fn no_proxy_may_store_or_transform_events(protocol: Protocol) {
    let server = TestServer::start(workbench(".").router());
    let client = protocol.client(server.address).await;
    for (path, expected) in [
        ("/export/orders/events?limit=1", "no-store, no-transform"),
        ("/export/orders?limit=1", "no-store"),
        ("/export/orders?limit=1&metadata=body", "no-store"),
    ] {
        for response in [client.request("GET", path).send(), client.request("HEAD", path).send()] {
            let response = response.await.expect("a response");
            assert_eq!(response.headers()["cache-control"], expected, "{path} over {protocol}");
        }
    }
}
