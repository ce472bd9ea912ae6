use super::server::{Asked, CONTINUE, EARLY_HINTS, NO_CONTENT, OK, Server, client, get, with_length};
use crate::{
    Cut, Error, OnInformational, Transport, Verdict, Verification,
    tests::peer::{failure, read, response, send},
};
use axum_trailers_quic::{Bounds, Connection, h3};
use axum_trailers_testing::http3::{DATA, HEADERS, data, frame, frame_head, headers, literal};
use bytes::{Buf, Bytes};
use http::{HeaderMap, Method, Request, Version};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio_stream::iter;

/// Responds to one request with these bytes, and ends the stream.
pub(super) async fn respond(asked: &mut Asked, parts: &[Vec<u8>]) {
    asked.send(parts.concat()).await;
    asked.finish();
}

#[tokio::test]
async fn content_and_trailers_arrive() {
    let server = Server::start();
    let client = client();
    let exchanging = send(&client, get(&server.url));
    let peer = server.accept().await;
    let mut asked = peer.asked().await;
    asked.rest().await.expect("a whole request");
    let parts = [frame(HEADERS, OK), data(b"a"), data(b""), data(b"bc"), headers(&[("x", "1"), ("x", "2")])];
    respond(&mut asked, &parts).await;
    let response = response(exchanging).await;
    assert_eq!((response.version(), response.status().as_u16()), (Version::HTTP_3, 200));
    let transport = response.extensions().get::<Transport>().expect("each response has it");
    assert_eq!((transport.version, transport.is_tls), (Version::HTTP_3, true));
    let (content, trailers, cut) = read(response).await;
    assert_eq!((content.as_str(), cut), ("abc", None));
    let trailers = trailers.expect("trailers");
    assert_eq!(trailers.get_all("x").iter().collect::<Vec<_>>(), ["1", "2"]);
}

#[tokio::test]
async fn parts_of_a_frame_arrive_as_they_come() {
    let server = Server::start();
    let client = client();
    let exchanging = send(&client, get(&server.url));
    let peer = server.accept().await;
    let mut asked = peer.asked().await;
    asked.send([frame(HEADERS, &with_length(4)), frame_head(DATA, 4)].concat()).await;
    let mut body = response(exchanging).await.into_body();
    for part in ["a", "bc", "d"] {
        asked.send(part).await;
        let frame = body.frame().await.expect("a frame").expect("no cut");
        assert_eq!(frame.into_data().expect("data"), part);
    }
    asked.finish();
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn responses_without_content_end_with_their_header_section() {
    for (method, head) in [(Method::HEAD, with_length(7)), (Method::GET, NO_CONTENT.to_vec())] {
        let server = Server::start();
        let client = client();
        let mut request = get(&server.url);
        *request.method_mut() = method.clone();
        let exchanging = send(&client, request);
        let peer = server.accept().await;
        respond(&mut peer.asked().await, &[frame(HEADERS, &head)]).await;
        let mut response = Verification::new().method(&method).verify(response(exchanging).await);
        assert_eq!(response.body_mut().finish().await, Verdict::Unverified, "{method}");
    }
}

/// What arrives of a request at a server of h3: head, content and trailers.
async fn arrived<B>(request: impl FnOnce(&str) -> Request<B>) -> (Request<()>, Vec<u8>, Option<HeaderMap>)
where
    B: http_body::Body<Data = Bytes, Error: Into<axum_trailers::BoxError>> + Send + 'static,
{
    let server = Server::start();
    let client = client();
    let exchanging = send(&client, request(&server.url));
    let (connection, _streams) = Connection::new(server.accept_quic().await, Bounds::default());
    let mut connection = h3::server::Connection::new(connection).await.expect("an open connection");
    let resolver = connection.accept().await.expect("an open connection").expect("a request");
    let (head, mut stream) = resolver.resolve_request().await.expect("a request");
    let mut content = Vec::new();
    while let Some(data) = stream.recv_data().await.expect("a whole request") {
        content.extend_from_slice(data.chunk());
    }
    let trailers = stream.recv_trailers().await.expect("a whole request");
    stream.send_response(http::Response::new(())).await.expect("an open stream");
    stream.finish().await.expect("an open stream");
    assert_eq!(read(response(exchanging).await).await.2, None);
    (head, content, trailers)
}

#[tokio::test]
async fn request_has_the_form_of_http3() {
    let (head, content, trailers) = arrived(|url| {
        Request::put(format!("{url}a?b"))
            .header("host", "other:81")
            .header("connection", "te, keep-alive")
            .header("keep-alive", "1")
            .header("transfer-encoding", "chunked")
            .header("te", "trailers")
            .header("x", "1")
            .body(Full::new(Bytes::from("abc")))
            .expect("a request")
    })
    .await;
    assert_eq!(head.method(), Method::PUT);
    assert_eq!(*head.uri(), "https://other:81/a?b");
    let names: Vec<_> =
        head.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let expected: [(&str, &[u8]); 3] = [("te", b"trailers"), ("x", b"1"), ("content-length", b"3")];
    assert!(names.len() == 3 && expected.iter().all(|field| names.contains(field)), "{names:?}");
    assert_eq!((content.as_slice(), trailers), (&b"abc"[..], None));
}

#[tokio::test]
async fn request_trailers_arrive() {
    let (head, content, trailers) = arrived(|url| {
        let trailers =
            HeaderMap::from_iter([(http::HeaderName::from_static("x"), "1".parse().expect("a value"))]);
        let frames = [
            Ok::<_, Infallible>(Frame::data(Bytes::from("a"))),
            Ok(Frame::data(Bytes::from(vec![b'b'; 200_000]))),
            Ok(Frame::trailers(trailers)),
        ];
        Request::post(url).body(StreamBody::new(iter(frames))).expect("a request")
    })
    .await;
    assert!(!head.headers().contains_key("content-length"));
    assert_eq!(content.len(), 200_001);
    assert_eq!(trailers.expect("trailers")["x"], "1");
}

fn expecting(url: &str) -> Request<String> {
    Request::put(url).header("expect", "100-continue").body("content".to_owned()).expect("a request")
}

#[tokio::test]
async fn informational_responses_are_passed_on_and_100_opens_the_body() {
    let server = Server::start();
    let client = client().expect_timeout(Duration::from_secs(3600));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let receiver = OnInformational::new({
        let seen = seen.clone();
        move |status, fields| {
            let value = fields.get("x").map(|value| value.to_str().expect("ASCII").to_owned());
            seen.lock().expect("no panic").push((status.as_u16(), value));
        }
    });
    let mut request = expecting(&server.url);
    request.extensions_mut().insert(receiver);
    let exchanging = send(&client, request);
    let peer = server.accept().await;
    let mut asked = peer.asked().await;
    let hints = [EARLY_HINTS, &literal("x", "1")].concat();
    asked.send([frame(HEADERS, &hints), frame(HEADERS, CONTINUE)].concat()).await;
    assert!(asked.rest().await.expect("a whole request").ends_with(b"content"));
    respond(&mut asked, &[frame(HEADERS, OK)]).await;
    assert_eq!(response(exchanging).await.status(), 200);
    assert_eq!(*seen.lock().expect("no panic"), [(103, Some("1".to_owned())), (100, None)]);
}

#[tokio::test]
async fn final_response_instead_of_100_keeps_the_body_back() {
    let server = Server::start();
    let client = client().expect_timeout(Duration::from_secs(3600));
    let exchanging = send(&client, expecting(&server.url));
    let peer = server.accept().await;
    let mut asked = peer.asked().await;
    respond(&mut asked, &[frame(HEADERS, OK), data(b"no")]).await;
    assert_eq!(read(response(exchanging).await).await, ("no".to_owned(), None, None));
    // H3_REQUEST_CANCELLED.
    assert_eq!(asked.rest().await, Err(0x10c));
}

#[tokio::test]
async fn informational_responses_are_bounded_in_number() {
    let server = Server::start();
    let client = client();
    let exchanging = send(&client, get(&server.url));
    let peer = server.accept().await;
    let mut asked = peer.asked().await;
    asked.send(frame(HEADERS, EARLY_HINTS).repeat(33)).await;
    let error = failure(exchanging).await;
    assert!(matches!(error, Error::NoResponse(Cut::TooLarge(_))), "{error}");
    assert_eq!(asked.send.stopped().await.expect("open").map(u64::from), Some(0x10c));
}

#[tokio::test]
async fn switching_protocols_is_malformed() {
    let server = Server::start();
    let client = client();
    let exchanging = send(&client, get(&server.url));
    let peer = server.accept().await;
    let mut asked = peer.asked().await;
    asked.send(headers(&[(":status", "101")])).await;
    let error = failure(exchanging).await;
    assert!(matches!(error, Error::NoResponse(Cut::Malformed(_))), "{error}");
}
