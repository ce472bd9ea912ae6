use super::{
    frames::{END_HEADERS, END_STREAM, Frames, HEADERS, OK},
    peer::{connected, response, send},
};
use crate::{Client, Error, OnSend};
use bytes::Bytes;
use http::{Request, Version, request};
use http_body_util::{Empty, Full};
use std::sync::{Arc, Mutex};

const DONE: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// The header section of a request over HTTP/1.1.
async fn head_of(request: Request<Full<Bytes>>) -> String {
    let (client, mut peer) = connected(Version::HTTP_11).await;
    let exchanging = send(&client, request);
    let head = peer.head().await;
    peer.send(DONE).await;
    response(exchanging).await;
    head
}

fn request(method: &str, url: &str, fields: &[(&str, &str)], content: &'static str) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Full::from(content)).expect("a request")
}

#[tokio::test]
async fn http1_requests_have_exactly_these_bytes() {
    let cases: [(Request<Full<Bytes>>, &str); 13] = [
        (request("GET", "http://test", &[], ""), "GET / HTTP/1.1\r\nhost: test\r\n\r\n"),
        (request("GET", "http://test?b", &[], ""), "GET /?b HTTP/1.1\r\nhost: test\r\n\r\n"),
        (request("GET", "http://test/?b", &[], ""), "GET /?b HTTP/1.1\r\nhost: test\r\n\r\n"),
        (request("GET", "http://TEST:80/a?b#c", &[], ""), "GET /a?b HTTP/1.1\r\nhost: test\r\n\r\n"),
        (request("GET", "http://user:password@test/", &[], ""), "GET / HTTP/1.1\r\nhost: test\r\n\r\n"),
        (request("GET", "http://test:/", &[], ""), "GET / HTTP/1.1\r\nhost: test\r\n\r\n"),
        (
            request("GET", "http://test/", &[("host", "other:81")], ""),
            "GET / HTTP/1.1\r\nhost: other:81\r\n\r\n",
        ),
        (
            request("GET", "http://test/", &[("te", "trailers")], ""),
            "GET / HTTP/1.1\r\nte: trailers\r\nhost: test\r\nconnection: TE\r\n\r\n",
        ),
        (
            request("GET", "http://test/", &[("te", "trailers"), ("connection", "close, te")], ""),
            "GET / HTTP/1.1\r\nte: trailers\r\nconnection: close, te\r\nhost: test\r\n\r\n",
        ),
        (
            request("POST", "http://test/", &[], ""),
            "POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n",
        ),
        (request("DELETE", "http://test/", &[], ""), "DELETE / HTTP/1.1\r\nhost: test\r\n\r\n"),
        (
            request("GET", "http://test/", &[], "a"),
            "GET / HTTP/1.1\r\nhost: test\r\ncontent-length: 1\r\n\r\n",
        ),
        (
            request("GET", "http://test/", &[("transfer-encoding", "chunked")], "a"),
            "GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\nhost: test\r\n\r\n",
        ),
    ];
    for (request, expected) in cases {
        let shown = format!("{request:?}");
        assert_eq!(head_of(request).await, expected, "{shown}");
    }
}

/// The head of a request over HTTP/2, as it is sent.
async fn http2_head_of(mut request: Request<Full<Bytes>>) -> request::Parts {
    let (client, peer) = connected(Version::HTTP_2).await;
    let seen = Arc::new(Mutex::new(None));
    let on_send = {
        let seen = seen.clone();
        OnSend::new(move |head| *seen.lock().expect("no panic") = Some(head.clone()))
    };
    request.extensions_mut().insert(on_send);
    let exchanging = send(&client, request);
    let mut frames = Frames::begin(peer).await;
    let stream = frames.until(HEADERS).await.stream;
    frames.send(HEADERS, END_HEADERS | END_STREAM, stream, OK).await;
    response(exchanging).await;
    seen.lock().expect("no panic").take().expect("it was sent")
}

#[tokio::test]
async fn http2_requests_have_a_whole_url_and_no_fields_of_a_connection() {
    let cases: [(_, &str, &[(&str, &str)]); 8] = [
        (request("GET", "http://test", &[], ""), "http://test/", &[]),
        (request("GET", "http://test?b", &[], ""), "http://test/?b", &[]),
        (request("GET", "http://test/?b", &[], ""), "http://test/?b", &[]),
        (request("GET", "http://user:password@TEST:80/a?b#c", &[], ""), "http://test/a?b", &[]),
        (request("GET", "http://test/", &[("host", "other:81")], ""), "http://other:81/", &[]),
        (
            request("GET", "http://test/", &[("te", "trailers"), ("connection", "te")], ""),
            "http://test/",
            &[("te", "trailers")],
        ),
        (request("POST", "http://test/", &[], ""), "http://test/", &[("content-length", "0")]),
        (
            request("PUT", "http://test/", &[("transfer-encoding", "chunked")], "a"),
            "http://test/",
            &[("content-length", "1")],
        ),
    ];
    for (request, url, fields) in cases {
        let head = http2_head_of(request).await;
        // `Uri` prints a path that it lacks.
        let path = head.uri.path_and_query().expect("a path").as_str();
        assert_eq!(
            (&head.uri, path),
            (&url.parse().expect("a URL"), &url[url.rfind('/').expect("a path")..])
        );
        let sent: Vec<_> =
            head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().expect("text"))).collect();
        assert_eq!(sent, fields, "{url}");
    }
}

#[tokio::test]
async fn requests_to_nowhere_fail_on_this_side() {
    for url in ["/path", "ftp://test/", "http://test:99999/", "http://test:x/"] {
        let Ok(request) = Request::get(url).body(Empty::<Bytes>::new()) else { continue };
        let error = Client::new().exchange(request).await.expect_err("no URL of a server");
        assert!(matches!(error, Error::Request(_)), "{url}: {error:?}");
        assert!(!error.to_string().contains("password"));
    }
}
