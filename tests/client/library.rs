//! The client as a library, against this server.

use crate::support::{
    CERTIFICATE, TestServer,
    client::sha256,
    scripted::{Answer, Scripted, Step},
    workbench,
};
use axum_trailers_client::{Client, Connector, Cut, Protocol, Tls, Verdict, Verification, VerifiedBody};
use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, StreamBody};
use std::{convert::Infallible, time::Duration};
use tower::{Service, ServiceExt};

const PROTOCOLS: [Protocol; 4] = [Protocol::Negotiated, Protocol::Http1, Protocol::Http2, Protocol::Http3];

fn client(protocol: Protocol) -> Client {
    let tls = Tls::trusting_pem(CERTIFICATE).expect("a certificate");
    Client::with(Connector::new().tls(tls).protocol(protocol)).stall_timeout(Duration::from_secs(10))
}

fn get(url: String) -> Request<Empty<Bytes>> {
    Request::get(url).header("te", "trailers").body(Empty::new()).expect("a request")
}

#[tokio::test]
async fn finish_returns_the_verdict() {
    let server = TestServer::start(workbench("examples").router());
    for protocol in PROTOCOLS {
        let client = client(protocol);
        for (path, status, is_as_expected) in [
            (
                "/files/axum_06/grpc.rs",
                200,
                (|verdict| matches!(verdict, Verdict::Verified { .. })) as fn(&Verdict) -> bool,
            ),
            ("/lines/3", 200, |verdict| *verdict == Verdict::Unverified),
            ("/lines/3?fail_at=2", 200, |verdict| matches!(verdict, Verdict::SenderFailed(_))),
            ("/export/orders?limit=10&fail_at=5", 200, |verdict| matches!(verdict, Verdict::Cut(_))),
            ("/missing", 404, |verdict| *verdict == Verdict::refused(StatusCode::NOT_FOUND)),
        ] {
            let mut response = client.send(get(server.url(path))).await.expect("a response");
            assert_eq!(response.status(), status, "{path} over {protocol:?}");
            let verdict = response.body_mut().finish().await;
            assert!(is_as_expected(&verdict), "{path} over {protocol:?}: {verdict}");
            assert_eq!(
                verdict.is_success(),
                response.body().findings().iter().all(Verdict::is_success),
                "{path}"
            );
        }
    }
}

/// Another content than announced makes a copy fail, as a connection that breaks does.
#[tokio::test]
async fn body_that_is_not_verified_ends_in_an_error() {
    for (digest, is_right) in [(sha256(b"content"), true), (sha256(b"other"), false)] {
        let answer =
            Answer::new("content").field("trailer", "content-digest").trailer("content-digest", digest);
        let server = Scripted::plain(Step::answer(false, &answer)).await;
        let response = client(Protocol::Http1).send(get(server.url("/"))).await.expect("a response");
        let mut stream = response.into_body().into_data_stream();
        let mut copy = Vec::new();
        let copied = loop {
            match stream.next().await {
                Some(Ok(data)) => copy.extend_from_slice(&data),
                Some(Err(error)) => break Err(error),
                None => break Ok(()),
            }
        };
        assert_eq!(copied.is_ok(), is_right, "{copied:?}");
        assert_eq!(copy, b"content");
    }
}

/// The layers of a user go around it.
#[tokio::test]
async fn client_is_a_service() {
    let server = TestServer::start(workbench(".").router());
    let mut service = tower::ServiceBuilder::new()
        .map_request(|mut request: Request<Empty<Bytes>>| {
            request.headers_mut().insert("te", HeaderValue::from_static("trailers"));
            request
        })
        .map_response(VerifiedBody::wrap)
        .service(client(Protocol::Negotiated));
    for _ in 0..2 {
        let request = Request::get(server.url("/files/Cargo.toml")).body(Empty::new()).expect("a request");
        let mut response = service.ready().await.expect("ready").call(request).await.expect("a response");
        let verdict = response.body_mut().finish().await;
        assert!(matches!(verdict, Verdict::Verified { .. }), "{verdict}");
    }
}

#[tokio::test]
async fn request_ends_with_trailers() {
    let server = TestServer::start(workbench(".").router());
    for protocol in PROTOCOLS {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("9"));
        let frames =
            [Frame::data(Bytes::from("content")), Frame::trailers(trailers)].map(Ok::<_, Infallible>);
        let body = StreamBody::new(futures_util::stream::iter(frames));
        let request =
            Request::post(server.url("/inspect")).header("trailer", "x-sum").body(body).expect("a request");
        let response = client(protocol).send(request).await.expect("a response");
        let content = response.into_body().collect().await.expect("a whole response").to_bytes();
        let seen: serde_json::Value = serde_json::from_slice(&content).expect("JSON");
        assert_eq!(
            seen["trailers"],
            serde_json::json!([{ "name": "x-sum", "value": "9" }]),
            "{protocol:?}: {seen}"
        );
    }
}

/// A user who stops early has no verdict, and the connection is not used for something else.
#[tokio::test]
async fn body_that_is_dropped_early_is_no_success() {
    let server = TestServer::start(workbench(".").router());
    for protocol in PROTOCOLS {
        let client = client(protocol);
        let mut response = client.send(get(server.url("/bytes/1000000"))).await.expect("a response");
        let first = response.body_mut().frame().await.expect("a frame").expect("data");
        assert!(first.is_data());
        assert!(response.body().findings().is_empty(), "{protocol:?}: no verdict before the end");
        response.body_mut().cut(Cut::TimedOut(Duration::from_secs(1)));
        assert!(matches!(response.body_mut().finish().await, Verdict::Cut(Cut::TimedOut(_))), "{protocol:?}");
        drop(response);
        let mut response = client.send(get(server.url("/lines/3"))).await.expect("a response");
        assert_eq!(response.body_mut().finish().await, Verdict::Unverified, "{protocol:?}");
    }
}

#[tokio::test]
async fn user_s_digest_is_compared() {
    use axum_trailers::digest::{Algorithm, Digest, Hashers};
    let server = TestServer::start(workbench(".").router());
    let digest = |content: &[u8]| -> Digest {
        let mut hashers = Hashers::new([Algorithm::Sha256]);
        hashers.update(content);
        hashers.finish().remove(0)
    };
    for (content, is_right) in [(&b"line 1\n"[..], true), (b"line 2\n", false)] {
        let response =
            client(Protocol::Negotiated).exchange(get(server.url("/lines/1"))).await.expect("a response");
        let mut response = Verification::new().expect(digest(content)).verify(response);
        let verdict = response.body_mut().finish().await;
        assert_eq!(verdict.is_success(), is_right, "{verdict}");
        assert_eq!(matches!(verdict, Verdict::DigestDiffers { .. }), !is_right, "{verdict}");
    }
}

#[test]
fn type_facts() {
    fn sendable<T: Send>(_: T) {}
    fn shareable<T: Clone + Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
    fn body<
        B: http_body::Body<Data = Bytes, Error = axum_trailers_client::VerifyError> + Send + Unpin + 'static,
    >() {
    }
    shareable::<Client>();
    shareable::<Verdict>();
    shareable::<Verification>();
    shareable::<axum_trailers_client::Error>();
    body::<VerifiedBody<axum_trailers_client::ResponseBody>>();
    sendable(client(Protocol::Http1).send(get("http://localhost/".to_owned())));
    sendable(client(Protocol::Http1).exchange(get("http://localhost/".to_owned())));
}
