use super::{
    helpers::{answer, body, http2},
    prelude::*,
};
use crate::{
    body::StreamBody,
    layers::{
        ServerTimingLayer,
        server_timing::{Metric, MetricError, ServerTimingMetrics},
    },
    trailers::server::TrailersWithheld,
};
use axum_trailers_testing::{
    Step::{Data, Error as Fail, Pending},
    scripted,
};
use std::{cell::RefCell, time::Duration};

/// The metrics of a trailer section: name and milliseconds.
fn metrics(trailers: &http::HeaderMap) -> Vec<(String, f64)> {
    let metrics = trailers["server-timing"].to_str().expect("text").split(", ");
    let parts = metrics.map(|metric| metric.split_once(";dur=").expect("a duration"));
    parts.map(|(name, dur)| (name.to_owned(), dur.parse().expect("a number"))).collect()
}

#[tokio::test]
async fn first_byte_and_stream_make_the_total() {
    let some: fn() -> Response = || body([Pending, Data(""), Data("a"), Pending, Data("b")]);
    let none: fn() -> Response = || body([]);
    for (request, response) in [(http2(), some), (request_with_te(), some), (http2(), none)] {
        let response = answer(ServerTimingLayer::new(), request, |_| response()).await;
        assert_eq!(response.headers()[header::TRAILER], "server-timing");
        let metrics = metrics(&read_by_contract(response.into_body()).trailers.expect("trailers"));
        let [(ttfb, first), (stream, rest), (total, all)] = &metrics[..] else {
            panic!("three metrics: {metrics:?}")
        };
        assert_eq!([ttfb, stream, total], ["ttfb", "stream", "total"]);
        assert!((first + rest - all).abs() < 0.002, "{metrics:?}");
    }
}

#[tokio::test]
async fn each_time_covers_its_part() {
    let chunks = futures_util::stream::unfold(0, |n| async move {
        std::thread::sleep(Duration::from_millis([20, 40, 0][n]));
        (n < 2).then_some((Ok::<_, std::io::Error>("x"), n + 1))
    });
    let chunks = RefCell::new(Some(Box::pin(chunks)));
    let handler =
        |_: &Request<()>| StreamBody::new(chunks.borrow_mut().take().expect("one request")).into_response();
    let response = answer(ServerTimingLayer::new(), http2(), handler).await;
    let metrics = metrics(&read_by_contract(response.into_body()).trailers.expect("trailers"));
    assert!(metrics[0].1 >= 20.0 && metrics[1].1 >= 40.0 && metrics[2].1 >= 60.0, "{metrics:?}");
}

#[tokio::test]
async fn handlers_metrics_come_first_and_are_accepted_until_the_end() {
    let handle = RefCell::new(None);
    let response = answer(ServerTimingLayer::new(), http2(), |request| {
        let metrics: &ServerTimingMetrics = request.extensions().get().expect("a handle");
        metrics.add(Metric::new("cache").description("a \"hit\"")).expect("in time");
        handle.replace(Some(metrics.clone()));
        body([Data("a")])
    })
    .await;
    let handle = handle.take().expect("called");
    handle.add(Metric::new("db").duration(Duration::from_micros(23_500))).expect("the body has not ended");
    let trailers = read_by_contract(response.into_body()).trailers.expect("trailers");
    let field = trailers["server-timing"].to_str().expect("text");
    assert!(field.starts_with(r#"cache;desc="a \"hit\"", db;dur=23.5, ttfb;dur="#), "{field}");
    assert_eq!(handle.add(Metric::new("late")), Err(MetricError::Ended { name: "late".to_owned() }));
}

#[tokio::test]
async fn own_field_stays_beside_it() {
    let response = answer(ServerTimingLayer::new(), http2(), |_| {
        let mut body = StreamBody::new(scripted([Data("a")]));
        body.set_trailers(fields(&[("server-timing", "own")])).expect("permitted");
        ([("server-timing", "miss")], body).into_response()
    })
    .await;
    assert_eq!(response.headers()["server-timing"], "miss");
    assert_eq!(response.headers()[header::TRAILER], "server-timing");
    let trailers = read_by_contract(response.into_body()).trailers.expect("trailers");
    let fields: Vec<_> = trailers.get_all("server-timing").iter().collect();
    assert!(fields.len() == 2 && fields[0] == "own", "{fields:?}");
}

#[tokio::test]
async fn nothing_is_added_if_no_trailer_can_be_sent_and_metrics_are_accepted() {
    let handle = RefCell::new(None);
    let keep = |request: &Request<()>| {
        handle.replace(request.extensions().get::<ServerTimingMetrics>().cloned());
        body([Data("a")])
    };
    let response = answer(ServerTimingLayer::new(), Request::builder(), keep).await;
    assert!(!response.headers().contains_key(header::TRAILER));
    assert!(response.extensions().get::<TrailersWithheld>().is_some());
    let handle = handle.take().expect("called");
    handle.add(Metric::new("db")).expect("a producer need not know who its client is");
    read_by_contract(response.into_body()).assert_no_trailer("server-timing");
    assert!(handle.add(Metric::new("late")).is_err());

    let response =
        answer(ServerTimingLayer::new(), http2(), |_| StatusCode::NO_CONTENT.into_response()).await;
    assert!(!response.headers().contains_key(header::TRAILER));
    let response =
        answer(ServerTimingLayer::new(), http2().method(Method::HEAD), |_| "x".into_response()).await;
    assert!(!response.headers().contains_key(header::TRAILER));
}

#[tokio::test]
async fn failed_body_has_no_trailers_and_rejects_metrics() {
    let handle = RefCell::new(None);
    let response = answer(ServerTimingLayer::new(), http2(), |request| {
        handle.replace(request.extensions().get::<ServerTimingMetrics>().cloned());
        body([Data("a"), Fail])
    })
    .await;
    let read = read_by_contract(response.into_body());
    assert!(read.error.is_some() && read.trailers.is_none());
    assert!(handle.take().expect("called").add(Metric::new("late")).is_err());
}

/// Name and duration of each metric in the header field.
fn header_metrics(headers: &HeaderMap) -> Vec<String> {
    let fields = headers.get_all("server-timing").iter().map(|field| field.to_str().expect("text"));
    let metrics =
        fields.flat_map(|field| field.split(", ")).map(|metric| metric.split(';').next().expect("a name"));
    metrics.map(str::to_owned).collect()
}

#[tokio::test]
async fn what_is_known_before_the_content_is_also_a_header_field() {
    for (request, has_trailers) in [(http2(), true), (request_with_te(), true), (Request::builder(), false)] {
        let handle = RefCell::new(None);
        let response = answer(ServerTimingLayer::or_header(), request, |request| {
            let metrics: &ServerTimingMetrics = request.extensions().get().expect("a handle");
            metrics.add(Metric::new("cache")).expect("in time");
            handle.replace(Some(metrics.clone()));
            ([("server-timing", "own")], body([Data("a")])).into_response()
        })
        .await;
        assert_eq!(header_metrics(response.headers()), ["own", "cache", "handler"]);
        handle.take().expect("called").add(Metric::new("db")).expect("the body has not ended");
        let read = read_by_contract(response.into_body());
        assert_eq!(read.trailers.is_some(), has_trailers);
        if let Some(trailers) = read.trailers {
            let field = trailers["server-timing"].to_str().expect("text");
            assert!(field.starts_with("db, ttfb;dur=") && !field.contains("cache"), "{field}");
        }
    }
}

#[tokio::test]
async fn response_without_content_has_the_header_field_only_if_asked_for() {
    let empty = |_: &Request<()>| StatusCode::NO_CONTENT.into_response();
    let response = answer(ServerTimingLayer::or_header(), http2(), empty).await;
    assert_eq!(header_metrics(response.headers()), ["handler"]);
    let response = answer(ServerTimingLayer::new(), http2(), empty).await;
    assert!(header_metrics(response.headers()).is_empty());
}
