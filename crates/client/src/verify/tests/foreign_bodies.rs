//! Bodies of hyper, reqwest and axum, on real connections to scripted servers.

use super::*;
use axum_core_05::body::Body as AxumBody;
use axum_trailers::BoxError;
use bytes::Bytes;
use http::Request;
use http_body::Body;
use http_body_util::Empty;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const UNVERIFIED: &str = "complete, nothing to verify it with";
const CLOSED: &str = "cut: the connection was closed before the end of the message";

/// Accepts one connection.
async fn listen<F>(serve: impl FnOnce(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        serve(stream).await;
    });
    address
}

/// Answers one request over HTTP/1.1 with these bytes, and closes the connection.
async fn http1_server(response: &'static str) -> SocketAddr {
    listen(move |mut stream| async move {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a request"));
        }
        stream.write_all(response.as_bytes()).await.expect("a client that reads");
    })
    .await
}

/// How a server ends `hello`.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Whole,
    Trailers(Fields),
    Reset(u32),
    Close,
}

/// Answers one request over HTTP/2 with these fields and `hello`.
async fn http2_server(header: Fields, ending: Ending) -> SocketAddr {
    listen(move |stream| async move {
        let mut connection = h2::server::handshake(stream).await.expect("a handshake");
        let (_, mut respond) = connection.accept().await.expect("a request").expect("a request");
        let mut response = Response::new(());
        *response.headers_mut() = fields(header);
        let mut stream = respond.send_response(response, false).expect("a head");
        let ends = matches!(ending, Ending::Whole);
        stream.send_data(Bytes::from("hello"), ends).expect("an open stream");
        match ending {
            Ending::Whole => {}
            Ending::Trailers(section) => stream.send_trailers(fields(section)).expect("an open stream"),
            Ending::Reset(_) | Ending::Close => {
                // Until the content has left: a reset drops what waits.
                let flush = connection.accept();
                let _pending = tokio::time::timeout(std::time::Duration::ZERO, flush).await;
            }
        }
        match ending {
            Ending::Reset(code) => stream.send_reset(code.into()),
            Ending::Close => return,
            Ending::Whole | Ending::Trailers(_) => {}
        }
        // Until the client leaves.
        while let Some(Ok(_)) = connection.accept().await {}
    })
    .await
}

/// Answers one request over HTTP/2 with the beginning of `hello`, then with GOAWAY for all streams.
async fn http2_server_that_goes_away(code: u8) -> SocketAddr {
    listen(move |mut stream| async move {
        stream.read_exact(&mut [0; b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len()]).await.expect("a preface");
        let mut head = [0; 9];
        // Until the HEADERS frame.
        while head[3] != 1 {
            stream.read_exact(&mut head).await.expect("a frame");
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut frame = vec![0; length.try_into().expect("small")];
            stream.read_exact(&mut frame).await.expect("a frame");
        }
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        let headers = [0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88];
        let data = [0, 0, 2, 0, 0, 0, 0, 0, 1, b'h', b'e'];
        let go_away = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, code];
        for frame in [&settings[..], &headers, &data, &go_away] {
            stream.write_all(frame).await.expect("a client that reads");
        }
        let _rest = stream.read_to_end(&mut Vec::new()).await;
    })
    .await
}

#[test]
fn code_of_goaway_is_reported() {
    for (code, name) in [(1, "PROTOCOL_ERROR"), (11, "ENHANCE_YOUR_CALM"), (99, "code 99")] {
        run(async {
            let expected = format!("cut: the server ended the connection with {name}");
            let found = hyper_findings(http2_server_that_goes_away(code).await, Protocol::Http2).await;
            assert_eq!(found, expected);
            let found = reqwest_findings(http2_server_that_goes_away(code).await, Protocol::Http2).await;
            assert_eq!(found, expected);
        });
    }
}

/// The version of a test's client.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Protocol {
    Http1,
    Http2,
}

async fn hyper_findings(address: SocketAddr, protocol: Protocol) -> String {
    let io = TokioIo::new(TcpStream::connect(address).await.expect("a connection"));
    let request = Request::get(format!("http://{address}/")).header("host", "localhost");
    let request = request.body(Empty::<Bytes>::new()).expect("a request");
    let response = match protocol {
        Protocol::Http1 => {
            let (mut sender, connection) = http1::handshake(io).await.expect("a handshake");
            tokio::spawn(connection);
            sender.send_request(request).await
        }
        Protocol::Http2 => {
            let (mut sender, connection) =
                http2::handshake(TokioExecutor::new(), io).await.expect("a handshake");
            tokio::spawn(connection);
            sender.send_request(request).await
        }
    };
    findings(response.expect("a response")).await
}

async fn reqwest_findings(address: SocketAddr, protocol: Protocol) -> String {
    let client = match protocol {
        Protocol::Http1 => reqwest::Client::builder().http1_only(),
        Protocol::Http2 => reqwest::Client::builder().http2_prior_knowledge(),
    };
    let client = client.no_proxy().build().expect("a client");
    let response = client.get(format!("http://{address}/")).send().await.expect("a response");
    findings(Response::<reqwest::Body>::from(response)).await
}

async fn findings<B>(response: Response<B>) -> String
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    let mut body = VerifiedBody::wrap(response).into_body();
    body.finish().await;
    body.findings().iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
}

#[test]
fn responses_over_http1_are_verified_around_hyper_and_reqwest() {
    for (response, expected) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", UNVERIFIED),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", "cut: 3 of 5 bytes arrived"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", UNVERIFIED),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", CLOSED),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", CLOSED),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel", CLOSED),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: content-digest\r\n\r\n5\r\nhello\r\n0\r\n\
             content-digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:\r\n\r\n",
            "verified: sha-256 (trailer field content-digest)",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: content-digest\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "an announced trailer is missing: content-digest (no trailer section arrived) | \
             complete, nothing to verify it with",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nfive\r\n",
            "cut: the message is malformed: Invalid chunk size line: Invalid Size",
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\nhello",
            "cut: only the end of the connection ended the content, which may be incomplete",
        ),
        (
            "HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\n\r\nhello",
            "refused: 404 Not Found | complete, nothing to verify it with",
        ),
    ] {
        run(async {
            let found = hyper_findings(http1_server(response).await, Protocol::Http1).await;
            assert_eq!(found, expected, "hyper: {response:?}");
            let found = reqwest_findings(http1_server(response).await, Protocol::Http1).await;
            assert_eq!(found, expected, "reqwest: {response:?}");
        });
    }
}

#[test]
fn responses_over_http2_are_verified_around_hyper_and_reqwest() {
    let digest: Fields = &[("content-digest", SHA_256)];
    for (header, ending, expected) in [
        (&[][..], Ending::Whole, UNVERIFIED),
        (&[("content-length", "5")], Ending::Whole, UNVERIFIED),
        (
            &[("content-length", "6")],
            Ending::Whole,
            "cut: the message is malformed: it breaks a rule of HTTP/2 (PROTOCOL_ERROR) after 0 of 6 bytes",
        ),
        (
            &[("content-length", "4")],
            Ending::Whole,
            "cut: the message is malformed: it breaks a rule of HTTP/2 (PROTOCOL_ERROR) after 0 of 4 bytes",
        ),
        (&[], Ending::Trailers(digest), "verified: sha-256 (trailer field content-digest)"),
        (
            &[],
            Ending::Trailers(&[("grpc-status", "5")]),
            "the sender reports a failure: grpc-status 5 (NOT_FOUND) | complete, nothing to verify it with",
        ),
        (&[], Ending::Reset(2), "cut: the server reset the stream with INTERNAL_ERROR"),
        (&[], Ending::Reset(8), "cut: the server reset the stream with CANCEL"),
        (&[("content-length", "10")], Ending::Reset(8), "cut: the server reset the stream with CANCEL"),
        // hyper takes it for the end, so it must contradict something.
        (&[], Ending::Reset(0), UNVERIFIED),
        (&[("content-length", "10")], Ending::Reset(0), "cut: 5 of 10 bytes arrived"),
        (
            &[("trailer", "x-a")],
            Ending::Reset(0),
            "an announced trailer is missing: x-a (no trailer section arrived) | complete, nothing to verify it with",
        ),
        (&[], Ending::Close, CLOSED),
        (&[("content-length", "10")], Ending::Close, "cut: 5 of 10 bytes arrived"),
    ] {
        run(async {
            let found = hyper_findings(http2_server(header, ending).await, Protocol::Http2).await;
            assert_eq!(found, expected, "hyper: {header:?} {ending:?}");
            let found = reqwest_findings(http2_server(header, ending).await, Protocol::Http2).await;
            assert_eq!(found, expected, "reqwest: {header:?} {ending:?}");
        });
    }
}

#[test]
fn responses_of_axum_are_verified() {
    for (steps, expected) in [
        (
            vec![HELLO, Step::Trailers(&[("content-digest", SHA_256)])],
            "verified: sha-256 (trailer field content-digest)",
        ),
        (vec![HELLO], UNVERIFIED),
        (vec![HELLO, Step::Error], "cut: scripted"),
    ] {
        let mut response = Response::new(AxumBody::new(ScriptedBody::new(steps)));
        *response.version_mut() = Version::HTTP_2;
        assert_eq!(run(findings(response)), expected);
    }
}
