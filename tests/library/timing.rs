//! `ServerTimingLayer` over the wire, also with other layers and bodies.

use super::{
    observed_producers::{declared, rows},
    prelude::{
        ANNOUNCES_WITHHELD_TRAILERS, Extension, IntoResponse, Plain, Router, TestServer, get,
        over_each_protocol,
    },
};
use crate::support::protocols::{Protocol, read};
use axum_trailers::{
    body::{self, Sender},
    layers::{
        ContentDigestLayer, ServerTimingLayer,
        server_timing::{Metric, ServerTimingMetrics},
    },
    trailers::Trailers,
};
use futures_util::{StreamExt, stream};
use std::{convert::Infallible, error::Error, time::Duration};

const PAUSE: Duration = Duration::from_millis(30);

async fn produced(Extension(metrics): Extension<ServerTimingMetrics>) -> impl IntoResponse {
    let (sender, body) = body::channel(1024, declared());
    tokio::spawn(
        async move { produce(sender, &metrics).await.expect("the metrics and the reader are there") },
    );
    body
}

async fn produce(
    mut sender: Sender,
    metrics: &ServerTimingMetrics,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    metrics.add(Metric::new("cache").description("a \"miss\""))?;
    tokio::time::sleep(PAUSE).await;
    sender.send("first\n").await?;
    tokio::time::sleep(2 * PAUSE).await;
    sender.send("last\n").await?;
    metrics.add(Metric::new("db").duration(Duration::from_micros(23_500)).description("all rows"))?;
    sender.finish(rows(2))?;
    Ok(())
}

fn routes() -> Router {
    Router::new()
        .route("/produced", get(produced))
        .route("/text", get(|| async { "text" }))
        .route("/stream", get(|| async { Plain::new(stream::iter(["a", "b"]).map(Ok::<_, Infallible>)) }))
        .route(
            "/fails",
            get(|| async {
                let (mut sender, body) = body::channel(1024, declared());
                tokio::spawn(async move { sender.send("part").await });
                body
            }),
        )
        .route(
            "/empty",
            get(|| async {
                let (sender, body) = body::channel(1024, axum_trailers::trailers::Declared::none());
                sender.finish(Trailers::new()).expect("nothing declared");
                body
            }),
        )
}

/// The duration of a metric, in milliseconds.
fn duration(field: &str, name: &str) -> f64 {
    let metric = field.split(", ").find_map(|metric| metric.strip_prefix(name)?.strip_prefix(";dur="));
    metric.and_then(|dur| dur.parse().ok()).unwrap_or_else(|| panic!("no {name} in {field}"))
}

over_each_protocol! {
    timing_comes_last_and_is_that_of_the_parts;
    both_layers_make_one_section_in_either_order_around_any_body;
}

async fn timing_comes_last_and_is_that_of_the_parts(protocol: Protocol) {
    let server = TestServer::start(routes().layer(ServerTimingLayer::new()));
    let client = protocol.client(server.address).await;
    let response = client.get("/produced").await;
    assert_eq!(response.headers()["trailer"], "x-rows, server-timing", "{protocol}");
    let trailers = read(response).await.expect("no error").trailers.expect("trailers");
    assert_eq!(trailers["x-rows"], "2", "{protocol}");
    let field = trailers["server-timing"].to_str().expect("text");
    let own = r#"cache;desc="a \"miss\"", db;dur=23.5;desc="all rows", ttfb;dur="#;
    assert!(field.starts_with(own), "{protocol}: {field}");
    let [ttfb, stream, total] = ["ttfb", "stream", "total"].map(|name| duration(field, name));
    let pause = PAUSE.as_secs_f64() * 1e3;
    assert!(ttfb >= pause && stream >= 2.0 * pause, "{protocol}: {field}");
    assert!((ttfb + stream - total).abs() < 0.002, "{protocol}: {field}");
}

async fn both_layers_make_one_section_in_either_order_around_any_body(protocol: Protocol) {
    let apps = [
        routes().layer(ServerTimingLayer::new()).layer(ContentDigestLayer::new()),
        routes().layer(ContentDigestLayer::new()).layer(ServerTimingLayer::new()),
    ];
    for (n, app) in apps.into_iter().enumerate() {
        let server = TestServer::start(app);
        let client = protocol.client(server.address).await;
        for path in ["/produced", "/text", "/stream", "/empty"] {
            let case = format!("{path} over {protocol}, order {n}");
            let response = client.get(path).await;
            let announced = response.headers().get_all("trailer").iter().collect::<Vec<_>>();
            assert_eq!(announced.len(), 1, "{case}");
            let announced = announced[0].to_str().expect("text").split(", ").map(str::to_owned);
            let mut announced: Vec<_> = announced.collect();
            announced.sort();
            let trailers = read(response).await.expect("no error").trailers.expect("trailers");
            let mut sent: Vec<_> = trailers.keys().map(ToString::to_string).collect();
            sent.sort();
            assert_eq!(announced, sent, "{case}");
            let mut expected = vec!["content-digest", "server-timing"];
            expected.extend((path == "/produced").then_some("x-rows"));
            assert_eq!(sent, expected, "{case}");
        }
        client.cut("/fails").await;
    }
}

#[tokio::test]
async fn client_without_trailers_gets_none_and_the_producer_need_not_know() {
    let layers = |app: Router| app.layer(ServerTimingLayer::new()).layer(ContentDigestLayer::new());
    let server = TestServer::start(layers(routes()));
    for path in ["/produced", "/text", "/stream"] {
        let client = Protocol::Http1.client(server.address).await;
        let response = client.request("GET", path).send().await.expect("a response");
        for name in ["server-timing", "content-digest"] {
            assert!(!response.headers().contains_key(name), "{name} of {path}");
        }
        let announced = response.headers().get("trailer").map(|names| names.to_str().expect("text"));
        let is_kept = ANNOUNCES_WITHHELD_TRAILERS && path == "/produced";
        assert_eq!(announced, is_kept.then_some("x-rows"), "only the handler's own can be announced");
        let ending = read(response).await.expect("the producer ends well");
        assert!(ending.trailers.is_none(), "{path}");
    }
}
