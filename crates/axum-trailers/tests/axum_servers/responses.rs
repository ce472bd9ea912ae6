use crate::{
    client::Answer,
    servers::{Over, Servers},
};
use axum::{Router, body::Body, response::IntoResponse, routing::get};
use axum_trailers::{
    body,
    layers::{ContentDigestLayer, ServerTimingLayer},
    trailers::{Declared, Trailers},
};
use http::{HeaderName, Request, StatusCode};

/// Of "hello\n", from `openssl dgst -sha256`.
const DIGEST: &str = "sha-256=:WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=:";

async fn rows() -> impl IntoResponse {
    let declared = Declared::new(["x-row-count"]).expect("a permitted field");
    let (mut sender, body) = body::channel(1024, declared);
    tokio::spawn(async move {
        sender.send("row 1\n").await?;
        sender.send("row 2\n").await?;
        let mut trailers = Trailers::new();
        trailers.insert("x-row-count", 2)?;
        sender.finish(trailers)?;
        Ok::<_, axum_trailers::BoxError>(())
    });
    body
}

async fn hello() -> &'static str {
    "hello\n"
}

async fn none() -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn none_with_a_body() -> impl IntoResponse {
    (StatusCode::NO_CONTENT, rows().await)
}

fn layered(layer: ContentDigestLayer) -> Router {
    let routes =
        Router::new().route("/hello", get(hello)).route("/rows", get(rows)).route("/none", get(none));
    routes.layer(ServerTimingLayer::new()).layer(layer)
}

async fn servers() -> Servers {
    let app = Router::new()
        .route("/rows", get(rows))
        .route("/wrong", get(none_with_a_body))
        .nest("/layers", layered(ContentDigestLayer::new()))
        .nest("/buffered", layered(ContentDigestLayer::or_buffered(1024)));
    Servers::start(app).await
}

fn request(method: &str, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).expect("a request")
}

fn trailer_names(answer: &Answer) -> Vec<&str> {
    let mut names: Vec<_> =
        answer.trailers.iter().flat_map(|trailers| trailers.keys()).map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn trailers_of_a_channel_follow_its_content() {
    let servers = servers().await;
    for over in Over::ALL {
        let answer = servers.send(over, request("GET", "/rows")).await;
        assert_eq!(answer.content, "row 1\nrow 2\n", "{over:?}");
        assert_eq!(answer.trailer("x-row-count"), Some("2"), "{over:?}");
        assert_eq!(answer.field("trailer"), Some("x-row-count"), "{over:?}");
        assert_eq!(answer.field("content-length"), None, "{over:?}");
    }
}

#[tokio::test]
async fn layers_add_trailers_to_a_handler_without_any() {
    let servers = servers().await;
    for over in Over::ALL {
        let answer = servers.send(over, request("GET", "/layers/hello")).await;
        assert_eq!(answer.content, "hello\n", "{over:?}");
        assert_eq!(answer.field("trailer"), Some("server-timing, content-digest"), "{over:?}");
        assert_eq!(answer.trailer("content-digest"), Some(DIGEST), "{over:?}");
        assert!(
            answer.trailer("server-timing").is_some_and(|metrics| metrics.contains("total;dur=")),
            "{over:?}"
        );
        // Over HTTP/1.1 a length would rule out trailers. Over HTTP/2 curl would not show them.
        assert_eq!(answer.field("content-length"), None, "{over:?}");
        let coding = (!over.is_http2()).then_some("chunked");
        assert_eq!(answer.field("transfer-encoding"), coding, "{over:?}");
    }
}

#[tokio::test]
async fn layers_extend_the_trailers_of_a_body() {
    let servers = servers().await;
    for over in Over::ALL {
        let answer = servers.send(over, request("GET", "/layers/rows")).await;
        assert_eq!(answer.field("trailer"), Some("x-row-count, server-timing, content-digest"), "{over:?}");
        assert_eq!(trailer_names(&answer), ["content-digest", "server-timing", "x-row-count"], "{over:?}");
    }
}

#[tokio::test]
async fn without_te_trailers_arrive_over_http2_only() {
    let servers = servers().await;
    for over in Over::ALL {
        let answer = servers.send_without_te(over, request("GET", "/layers/rows")).await;
        assert_eq!(answer.content, "row 1\nrow 2\n", "{over:?}");
        if over.is_http2() {
            assert_eq!(
                trailer_names(&answer),
                ["content-digest", "server-timing", "x-row-count"],
                "{over:?}"
            );
        } else {
            assert_eq!(answer.trailers, None, "{over:?}");
        }
    }
}

/// hyper drops the trailers, but not the field that announces them.
#[tokio::test]
async fn without_te_http1_still_announces_the_trailers_of_a_body() {
    let servers = servers().await;
    for over in [Over::Http1, Over::TlsHttp1] {
        for path in ["/rows", "/layers/rows"] {
            let answer = servers.send_without_te(over, request("GET", path)).await;
            assert_eq!(answer.field("trailer"), Some("x-row-count"), "{over:?} {path}");
            assert_eq!(answer.field("transfer-encoding"), Some("chunked"), "{over:?} {path}");
            assert_eq!(answer.trailers, None, "{over:?} {path}");
        }
    }
}

#[tokio::test]
async fn without_te_http1_layers_leave_a_response_as_it_is() {
    let servers = servers().await;
    for over in [Over::Http1, Over::TlsHttp1] {
        let answer = servers.send_without_te(over, request("GET", "/layers/hello")).await;
        assert_eq!(
            (answer.content.as_str(), answer.field("content-length")),
            ("hello\n", Some("6")),
            "{over:?}"
        );
        assert_eq!((answer.field("trailer"), answer.field("content-digest")), (None, None), "{over:?}");

        let answer = servers.send_without_te(over, request("GET", "/buffered/hello")).await;
        assert_eq!(
            (answer.field("trailer"), answer.field("content-digest")),
            (None, Some(DIGEST)),
            "{over:?}"
        );
        assert_eq!((&*answer.content, answer.field("content-length")), ("hello\n", Some("6")), "{over:?}");
    }
}

#[tokio::test]
async fn response_without_content_has_no_trailers() {
    let servers = servers().await;
    let cases = ["HEAD /rows", "HEAD /layers/rows", "HEAD /layers/hello", "GET /layers/none"];
    for over in Over::ALL {
        for (method, path) in cases.map(|case| case.split_once(' ').expect("two words")) {
            let answer = servers.send(over, request(method, path)).await;
            assert_eq!((answer.content.as_str(), &answer.trailers), ("", &None), "{over:?} {method} {path}");
            // A HEAD response may contain the fields of the GET response. hyper removes this one over HTTP/1.1.
            let announced = (over.is_http2() && path.ends_with("rows")).then_some("x-row-count");
            assert_eq!(answer.field("trailer"), announced, "{over:?} {method} {path}");
        }
    }
}

/// Over HTTP/1.1 hyper removes the body of such a response. Over HTTP/2 a handler must not return one.
#[tokio::test]
async fn body_of_a_204_is_sent_over_http2() {
    let servers = servers().await;
    for over in Over::ALL {
        let answer = servers.send(over, request("GET", "/wrong")).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{over:?}");
        let sent = if over.is_http2() { ("row 1\nrow 2\n", Some("2")) } else { ("", None) };
        assert_eq!((answer.content.as_str(), answer.trailer("x-row-count")), sent, "{over:?}");
    }
}
