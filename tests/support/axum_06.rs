//! The names of axum 0.6, for tests that run on both versions.

pub(crate) use ::axum::{
    Extension, Router,
    body::{Body, Body as Content, HttpBody as ReadContent, StreamBody as Plain},
    extract::{ConnectInfo, DefaultBodyLimit, Path, RawBody},
    http::{HeaderMap, HeaderName, HeaderValue, Request, Response as HttpResponse, StatusCode},
    middleware::map_response,
    response::{AppendHeaders, IntoResponse, Response},
    routing::{any, get, post, put},
};
pub(crate) use ::tower_http::compression::CompressionLayer;

use ::axum::body::{BoxBody, HttpBody, boxed};
use bytes::Bytes;
use futures_util::{Stream, stream};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

/// Whether each method of RFC 9110 is one. `http` 0.2 refuses a `#`.
pub(crate) const ANY_METHOD: bool = false;

/// A name that need not be a token.
pub(crate) fn any_name(name: &str) -> HeaderName {
    name.parse().expect("accepted")
}

/// A route in this version's syntax: `/{name}` is `/:name`, and `/{*rest}` is `/*rest`.
pub(crate) fn route(path: &str) -> String {
    path.replace("{*", "*").replace('{', ":").replace('}', "")
}

/// The data of a body without its trailers.
pub(crate) fn data_of(mut body: BoxBody) -> impl Stream<Item = Result<Bytes, ::axum::Error>> {
    stream::poll_fn(move |cx| Pin::new(&mut body).poll_data(cx))
}

/// Sends a request's content back.
pub(crate) fn echo(content: Content) -> Response {
    Plain::new(content).into_response()
}

/// A response with a body of another library, which may return any trailers and announces none.
pub(crate) fn foreign(content: Option<&'static str>, trailers: HeaderMap) -> Response {
    Response::new(boxed(Foreign { content: content.map(Bytes::from), trailers: Some(trailers) }))
}

struct Foreign {
    content: Option<Bytes>,
    trailers: Option<HeaderMap>,
}

impl HttpBody for Foreign {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_data(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(self.content.take().map(Ok))
    }

    fn poll_trailers(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, Infallible>> {
        Poll::Ready(Ok(self.trailers.take()))
    }
}
