//! The bodies of a service's responses: their lengths, trailers, failures and panics.

use crate::support::{
    App, TestServer, clients, http1, http2,
    log::Log,
    protocols::Protocol,
    raw, read,
    upload::{PROTOCOLS, Upload, fields},
};
use axum_trailers_server::RequestBody;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full, StreamBody, combinators::UnsyncBoxBody};
use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::sync::Notify;
use tower::service_fn;

type AnyBody = UnsyncBoxBody<Bytes, io::Error>;

/// The body of a path.
fn body(path: &str) -> AnyBody {
    let chunks = |chunks: [&'static str; 2]| stream::iter(chunks.map(|chunk| Ok(Frame::data(chunk.into()))));
    match path {
        "/full" => Full::from("four").map_err(io::Error::other).boxed_unsync(),
        "/empty" => Empty::new().map_err(io::Error::other).boxed_unsync(),
        "/trailers" => {
            let trailers = fields(&[("x-rows", "2"), ("content-length", "4")]);
            let body = StreamBody::new(chunks(["fo", "ur"]));
            body.with_trailers(async { Some(Ok(trailers)) }).boxed_unsync()
        }
        "/fails" => {
            let fails = stream::iter([Err(io::Error::other("the database is gone"))]);
            StreamBody::new(chunks(["fo", "ur"]).chain(fails)).boxed_unsync()
        }
        _ => StreamBody::new(chunks(["fo", "ur"])).boxed_unsync(),
    }
}

/// Responds to each path with its body, and sends uploads back.
fn app() -> App<impl axum_trailers_server::Application> {
    App(service_fn(|request: Request<RequestBody>| async move {
        let (head, content) = request.into_parts();
        let response = match (head.method.as_str(), head.uri.path()) {
            ("PUT", _) => Response::new(content.map_err(io::Error::other).boxed_unsync()),
            (_, path) => Response::new(body(path)),
        };
        Ok::<_, Infallible>(response)
    }))
}

#[tokio::test]
async fn body_of_known_size_has_a_length_and_another_has_none() {
    let server = TestServer::start(app());
    for (protocol, client) in clients() {
        // Over HTTP/2 the header section itself can be the end.
        let nothing = (protocol == "HTTP/1.1").then_some("0");
        for (path, length, content) in
            [("/full", Some("4"), "four"), ("/empty", nothing, ""), ("/stream", None, "four")]
        {
            let response = server.get(&client, path).await;
            let field = response.headers().get("content-length").map(|length| length.to_str().expect("text"));
            assert_eq!(field, length, "{path} over {protocol}");
            assert_eq!(read(response).await.expect("whole").content, content.as_bytes(), "{path}");
        }
    }
    for path in ["/full", "/stream"] {
        let wire = raw::http1(server.address, &format!("GET {path} HTTP/1.0\r\n\r\n")).await;
        assert!(wire.ends_with("\r\n\r\nfour"), "{wire}");
        assert_eq!(wire.contains("\r\ncontent-length: 4\r\n"), path == "/full", "{wire}");
    }
}

#[tokio::test]
async fn trailers_of_a_body_arrive_without_forbidden_ones() {
    let server = TestServer::start(app());
    let ending = read(server.get(&http2(), "/trailers").await).await.expect("whole");
    assert_eq!((&*ending.content, ending.trailers), (&b"four"[..], Some(fields(&[("x-rows", "2")]))));
    // Nothing announces them.
    let ending = read(server.get(&http1(), "/trailers").await).await.expect("whole");
    assert_eq!((&*ending.content, ending.trailers.unwrap_or_default()), (&b"four"[..], HeaderMap::new()));
}

#[tokio::test]
async fn request_sent_back_has_its_content_and_its_trailers() {
    let server = TestServer::start(app());
    for protocol in PROTOCOLS {
        let request = Upload { chunks: &["fo", "ur"], trailers: &[("x-sum", "1")], ..Upload::default() };
        let answer = request.send(protocol, server.address).await;
        assert_eq!((&*answer.content, answer.is_whole), ("four", true), "{protocol}");
        assert_eq!(answer.trailers.contains_key("x-sum"), protocol == Protocol::Http2, "{protocol}");
    }
}

#[tokio::test]
async fn failed_body_cuts_its_response() {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(app());
    for (protocol, client) in clients() {
        let read = read(server.get(&client, "/fails").await).await;
        assert!(read.is_err(), "{protocol}: {read:?}");
        let protocol = format!("protocol={protocol:?}");
        log.line(&["/fails", &protocol, "ended=failed: the database is gone"]).await;
    }
}

/// What of a body panics.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Panics {
    PollFrame,
    SizeHint,
    IsEndStream,
    Drop,
}

struct Panicking(Panics, Option<&'static str>);

impl Body for Panicking {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = self.1.take();
        assert!(chunk.is_some() || self.0 != Panics::PollFrame, "on purpose");
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(Bytes::from(chunk)))))
    }

    fn is_end_stream(&self) -> bool {
        assert_ne!(self.0, Panics::IsEndStream, "on purpose");
        false
    }

    fn size_hint(&self) -> SizeHint {
        assert_ne!(self.0, Panics::SizeHint, "on purpose");
        SizeHint::default()
    }
}

impl Drop for Panicking {
    fn drop(&mut self) {
        assert_ne!(self.0, Panics::Drop, "on purpose");
    }
}

/// Only a body that panics while it is read has not ended well.
#[tokio::test]
async fn body_that_panics_harms_no_other_response() {
    for panics in [Panics::PollFrame, Panics::SizeHint, Panics::IsEndStream, Panics::Drop] {
        let hangs = Arc::new(Notify::new());
        let go_on = hangs.clone();
        let service = service_fn(move |request: Request<RequestBody>| {
            let go_on = go_on.clone();
            async move {
                let body = match request.uri().path() {
                    "/beside" => {
                        let waits = stream::once(async move {
                            go_on.notified().await;
                            Ok(Frame::data(Bytes::from("beside")))
                        });
                        StreamBody::new(waits).boxed_unsync()
                    }
                    _ => Panicking(panics, Some("first")).boxed_unsync(),
                };
                Ok::<_, Infallible>(Response::new(body))
            }
        });
        let server = TestServer::start(App(service));
        let mut client = raw::http2(server.address).await;
        let mut beside = raw::http2_get(&mut client, "/beside").await;
        let mut body = raw::http2_get(&mut client, "/panics").await;
        let read = raw::http2_read(&mut body).await;
        assert_eq!(read.is_err(), panics == Panics::PollFrame, "{panics:?}: {read:?}");
        hangs.notify_one();
        assert_eq!(raw::http2_read(&mut beside).await.expect("whole"), b"beside", "{panics:?}");
        let wire = raw::http1(server.address, "GET /panics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let wire = wire.await;
        assert!(wire.contains("5\r\nfirst\r\n"), "{panics:?}: {wire}");
        assert_eq!(wire.ends_with("\r\n0\r\n\r\n"), panics != Panics::PollFrame, "{panics:?}: {wire}");
    }
}
