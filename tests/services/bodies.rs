//! The bodies of a service's responses: their lengths, trailers, failures and panics.

use crate::support::{
    App, TestServer,
    log::Log,
    protocols::{Protocol, over_each_protocol, read},
    raw,
    upload::{Upload, fields},
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

over_each_protocol! {
    body_of_known_size_has_a_length_and_another_has_none;
    trailers_of_a_body_arrive_without_forbidden_ones;
    request_sent_back_has_its_content_and_its_trailers;
    failed_body_cuts_its_response;
    body_that_panics_harms_no_other_response;
}

async fn body_of_known_size_has_a_length_and_another_has_none(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    // Otherwise the header section itself can be the end.
    let nothing = if protocol == Protocol::Http1 { "0" } else { "" };
    for (path, length, content) in [("/full", "4", "four"), ("/empty", nothing, ""), ("/stream", "", "four")]
    {
        let response = client.get(path).await;
        assert_eq!(response.field("content-length"), length, "{path}");
        assert_eq!(read(response).await.expect("whole").content, content.as_bytes(), "{path}");
    }
    for path in ["/full", "/stream"] {
        let wire = raw::http1(server.address, &format!("GET {path} HTTP/1.0\r\n\r\n")).await;
        assert!(wire.ends_with("\r\n\r\nfour"), "{wire}");
        assert_eq!(wire.contains("\r\ncontent-length: 4\r\n"), path == "/full", "{wire}");
    }
}

async fn trailers_of_a_body_arrive_without_forbidden_ones(protocol: Protocol) {
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    let ending = read(client.get("/trailers").await).await.expect("whole");
    assert_eq!(ending.content, b"four");
    // Nothing announces them, as HTTP/1.1 needs it.
    let expected = if protocol == Protocol::Http1 { HeaderMap::new() } else { fields(&[("x-rows", "2")]) };
    assert_eq!(ending.trailers.unwrap_or_default(), expected);
}

async fn request_sent_back_has_its_content_and_its_trailers(protocol: Protocol) {
    let server = TestServer::start(app());
    let fields = &[("te", "trailers")];
    let request = Upload { fields, chunks: &["fo", "ur"], trailers: &[("x-sum", "1")], ..Upload::default() };
    let answer = request.send(protocol, server.address).await;
    assert_eq!((&*answer.content, answer.is_whole), ("four", true));
    assert_eq!(answer.trailers.contains_key("x-sum"), protocol != Protocol::Http1);
}

async fn failed_body_cuts_its_response(protocol: Protocol) {
    let (log, _guard) = Log::catch();
    let server = TestServer::start(app());
    let client = protocol.client(server.address).await;
    assert_eq!(client.cut_after("four", "/fails").await, protocol.failure());
    log.line(&["/fails", &format!("protocol={protocol:?}"), "ended=failed: the database is gone"]).await;
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
async fn body_that_panics_harms_no_other_response(protocol: Protocol) {
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
        let client = protocol.client(server.address).await;
        let beside = client.get("/beside").await;
        let response = read(client.get("/panics").await).await;
        assert_eq!(response.is_err(), panics == Panics::PollFrame, "{panics:?}: {response:?}");
        let content = response.map_or_else(|cut| cut.content, |ending| ending.content);
        assert_eq!(content, b"first", "{panics:?}");
        hangs.notify_one();
        assert_eq!(read(beside).await.expect("whole").content, b"beside", "{panics:?}");
    }
}
