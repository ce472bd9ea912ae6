use crate::servers::{Over, Servers};
use axum::{Router, body::Body, routing::put};
use axum_trailers::request::{
    CollectedBody, RequestBody, RequestBodyError, Verified, VerifyContentDigestLayer,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use http_body::Frame;
use std::convert::Infallible;

const CONTENT: &str = "{\"hello\": \"world\"}\n";
/// Of `CONTENT`: RFC 9530, appendix B.
const DIGEST: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";

/// Responds with the size of the content and the names of the trailers.
async fn count(mut body: RequestBody) -> Result<String, RequestBodyError> {
    let mut bytes = 0;
    while let Some(chunk) = body.next().await {
        bytes += chunk?.len();
    }
    let trailers = body.trailers().await?.into_map();
    let names: Vec<_> = trailers.keys().map(HeaderName::as_str).collect();
    Ok(format!("{bytes} bytes, trailers: {}", names.join(" ")))
}

async fn store(Verified(body): Verified<CollectedBody>) -> (StatusCode, String) {
    (StatusCode::CREATED, format!("{} bytes", body.content.len()))
}

async fn servers() -> Servers {
    let layered = Router::new().route("/layer", put(count)).layer(VerifyContentDigestLayer::required());
    Servers::start(Router::new().route("/count", put(count)).route("/store", put(store)).merge(layered)).await
}

fn upload(path: &str, content: &'static str, trailers: &HeaderMap) -> Request<Body> {
    let mut request = Request::put(path);
    // hyper's client sends only announced trailers over HTTP/1.1.
    for name in trailers.keys() {
        request = request.header(header::TRAILER, name.as_str());
    }
    let frames = [Frame::data(Bytes::from(content)), Frame::trailers(trailers.clone())];
    let frames = stream::iter(frames.map(Ok::<_, Infallible>));
    request.body(Body::new(http_body_util::StreamBody::new(frames))).expect("a request")
}

fn trailer(name: &'static str, value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))])
}

#[tokio::test]
async fn request_trailers_reach_the_handler() {
    let servers = servers().await;
    for over in Over::ALL {
        let answer = servers.send(over, upload("/count", CONTENT, &trailer("x-row-count", "1"))).await;
        assert_eq!(answer.content, "19 bytes, trailers: x-row-count", "{over:?}");
        let answer = servers.send(over, upload("/count", CONTENT, &HeaderMap::new())).await;
        assert_eq!(answer.content, "19 bytes, trailers: ", "{over:?}");
    }
}

#[tokio::test]
async fn upload_is_kept_only_if_the_digest_in_its_trailer_matches() {
    let servers = servers().await;
    let right = trailer("content-digest", DIGEST);
    for over in Over::ALL {
        for (path, stored) in [("/store", StatusCode::CREATED), ("/layer", StatusCode::OK)] {
            let answer = servers.send(over, upload(path, CONTENT, &right)).await;
            assert_eq!(answer.status, stored, "{over:?} {path}: {}", answer.content);
            assert!(answer.content.starts_with("19 bytes"), "{over:?} {path}: {}", answer.content);
            for (content, trailers) in [("other", &right), (CONTENT, &HeaderMap::new())] {
                let answer = servers.send(over, upload(path, content, trailers)).await;
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{over:?} {path} {content}");
                assert_eq!(answer.field("content-type"), Some("application/problem+json"), "{over:?} {path}");
            }
        }
    }
}

#[tokio::test]
async fn more_request_trailers_than_the_limit_are_refused() {
    let servers = servers().await;
    let many = |count| -> HeaderMap {
        let field = |n| (format!("x-{n}").parse::<HeaderName>().expect("a name"), HeaderValue::from(n));
        (0..count).map(field).collect()
    };
    for over in Over::ALL {
        for (count, status) in [(64, StatusCode::OK), (65, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)] {
            let answer = servers.send(over, upload("/count", CONTENT, &many(count))).await;
            assert_eq!(answer.status, status, "{over:?} {count}: {}", answer.content);
        }
        assert!(servers.send(over, upload("/count", CONTENT, &many(65))).await.content.contains("64 fields"));
    }
}
