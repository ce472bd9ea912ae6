use super::{
    frames::{DATA, END_HEADERS, END_STREAM, Frames, HEADERS, OK, RST_STREAM},
    peer::{connected, failure, response, send, text},
};
use crate::{Error, UncheckedTrailers};
use axum_trailers_testing::{ScriptedBody, Step};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Version};
use http_body::Body;
use http_body_util::{Empty, Full};

const DONE: &str = "HTTP/1.1 204 No Content\r\n\r\n";

fn unchecked(fields: &[(&'static str, &'static str)]) -> UncheckedTrailers {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    UncheckedTrailers::new(map)
}

fn put() -> http::request::Builder {
    Request::put("http://test/")
}

const FORBIDDEN: [(&str, &str); 2] = [("content-length", "5"), ("transfer-encoding", "chunked")];

#[tokio::test]
async fn trailers_over_http1_have_exactly_these_bytes() {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    // Several requests on one connection, some without trailers.
    for _ in 0..2 {
        let scripted = || {
            ScriptedBody::new([Step::Data("ab"), Step::Pending, Step::Trailers(&[("x", "1"), ("x", "2")])])
        };
        let boxed = |body: ScriptedBody| http_body_util::BodyExt::boxed_unsync(body);
        let full = |content: &'static str| {
            use http_body_util::BodyExt;
            Full::<Bytes>::from(content).map_err(|never| match never {}).boxed_unsync()
        };
        let chunked = "transfer-encoding: chunked\r\n";
        let length = "content-length: 2\r\n";
        let cases = [
            (put().body(boxed(scripted())), chunked, "2\r\nab\r\n0\r\nx: 1\r\nx: 2\r\n\r\n"),
            (
                put().header("trailer", "x").body(boxed(scripted())),
                chunked,
                "2\r\nab\r\n0\r\nx: 1\r\nx: 2\r\n\r\n",
            ),
            (
                put().extension(unchecked(&FORBIDDEN)).body(boxed(scripted())),
                chunked,
                "2\r\nab\r\n0\r\nx: 1\r\nx: 2\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
            ),
            (
                put().header("content-length", "2").extension(unchecked(&FORBIDDEN)).body(full("ab")),
                chunked,
                "2\r\nab\r\n0\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
            ),
            (put().extension(unchecked(&[("x", "1")])).body(full("")), chunked, "0\r\nx: 1\r\n\r\n"),
            (put().header("trailer", "x").body(full("ab")), chunked, "2\r\nab\r\n0\r\n\r\n"),
            (put().body(full("ab")), length, "ab"),
            (put().extension(unchecked(&[])).body(full("ab")), length, "ab"),
        ];
        for (request, framing, content) in cases {
            let exchanging = send(&client, request.expect("a request"));
            let head = peer.head().await;
            assert!(head.contains(framing), "{head}");
            assert_eq!(text(peer.bytes(content.len()).await), content);
            peer.send(DONE).await;
            response(exchanging).await;
        }
    }
}

#[tokio::test]
async fn methods_without_usual_content_can_have_trailers() {
    for method in ["GET", "HEAD", "DELETE"] {
        let (client, mut peer) = connected(Version::HTTP_11).await;
        let body = ScriptedBody::new([Step::Data("ab"), Step::Trailers(&[("x", "1")])]);
        let request = Request::builder().method(method).uri("http://test/").body(body);
        let exchanging = send(&client, request.expect("a request"));
        peer.head().await;
        assert_eq!(peer.until("\r\n\r\n").await, "2\r\nab\r\n0\r\nx: 1\r\n\r\n");
        peer.send(DONE).await;
        response(exchanging).await;
    }
}

/// The trailers of a request over HTTP/2.
async fn http2_trailers_of<B>(request: Request<B>) -> Result<HeaderMap, Error>
where
    B: Body<Data = Bytes, Error: Into<axum_trailers::BoxError>> + Send + 'static,
{
    let (client, near) = super::peer::unused(Version::HTTP_2).await;
    let exchanging = send(&client, request);
    let mut server = h2::server::handshake(near).await.expect("HTTP/2");
    let (request, mut respond) = server.accept().await.expect("a request").expect("no error");
    let driving = tokio::spawn(async move { while server.accept().await.is_some() {} });
    let mut body = request.into_body();
    while let Some(data) = body.data().await {
        if data.is_err() {
            return Err(failure(exchanging).await);
        }
    }
    let trailers = body.trailers().await.expect("the end").unwrap_or_default();
    respond.send_response(http::Response::new(()), true).expect("it is awaited");
    response(exchanging).await;
    driving.abort();
    Ok(trailers)
}

#[tokio::test]
async fn unchecked_trailers_over_http2_follow_those_of_the_body() {
    let fields = [("content-length", "5"), ("x", "2")];
    let scripted = ScriptedBody::new([Step::Data("ab"), Step::Trailers(&[("x", "1")])]);
    let request = put().extension(unchecked(&fields)).body(scripted).expect("a request");
    let trailers = http2_trailers_of(request).await.expect("trailers");
    assert_eq!(trailers.get_all("x").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(trailers["content-length"], "5");

    let request = put().extension(unchecked(&fields)).body(Full::<Bytes>::from("ab")).expect("a request");
    assert_eq!(http2_trailers_of(request).await.expect("trailers").len(), 2);

    let request = put().extension(unchecked(&fields)).body(Empty::<Bytes>::new()).expect("a request");
    assert_eq!(http2_trailers_of(request).await.expect("trailers").len(), 2);

    let request = put().body(Full::<Bytes>::from("ab")).expect("a request");
    assert_eq!(http2_trailers_of(request).await.expect("none").len(), 0);
}

#[tokio::test]
async fn http2_has_no_fields_of_a_connection() {
    for (name, value) in [
        ("connection", "close"),
        ("keep-alive", "1"),
        ("proxy-connection", "close"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "x"),
        ("te", "gzip"),
    ] {
        let request = put().extension(unchecked(&[(name, value)])).body(Full::<Bytes>::from("ab"));
        let error = http2_trailers_of(request.expect("a request")).await.expect_err("it can't be sent");
        assert_eq!(
            error,
            Error::RequestBody(format!("`{name}` can't be sent over HTTP/2 or HTTP/3; use HTTP/1.1"))
        );
    }
}

#[tokio::test]
async fn forbidden_trailers_of_a_body_are_refused() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let (client, mut peer) = connected(version).await;
        let body = ScriptedBody::new([Step::Data("ab"), Step::Trailers(&[("content-length", "5")])]);
        let exchanging =
            send(&client, put().header("trailer", "content-length").body(body).expect("a request"));
        if version == Version::HTTP_11 {
            let request = text(peer.rest().await);
            assert!(!request.contains("0\r\n\r\n"), "no last chunk: {request}");
        } else {
            Frames::begin(peer).await.until(RST_STREAM).await;
        }
        let error = failure(exchanging).await.to_string();
        assert!(error.contains("`content-length` is forbidden in trailers"), "{error}");
    }
}

#[tokio::test]
async fn trailers_behind_content_of_known_size_need_an_announcement() {
    let body = || ScriptedBody::new([Step::Data("ab"), Step::Trailers(&[("x", "1")])]).sized();
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let exchanging = send(&client, put().header("trailer", "x").body(body()).expect("a request"));
    peer.head().await;
    assert_eq!(peer.until("\r\n\r\n").await, "2\r\nab\r\n0\r\nx: 1\r\n\r\n");
    peer.send(DONE).await;
    response(exchanging).await;

    let (client, peer) = connected(Version::HTTP_2).await;
    let exchanging = send(&client, put().body(body()).expect("a request"));
    let mut frames = Frames::begin(peer).await;
    let stream = frames.until(HEADERS).await.stream;
    frames.until(DATA).await;
    assert_eq!(frames.until(HEADERS).await.flags & END_STREAM, END_STREAM, "HTTP/2 needs none");
    frames.send(HEADERS, END_HEADERS | END_STREAM, stream, OK).await;
    response(exchanging).await;
}
