//! The same names of axum 0.8.

pub(crate) use ::axum_08::{
    Extension, Router,
    body::Body,
    extract::{ConnectInfo, DefaultBodyLimit, Path},
    http::{HeaderMap, HeaderName, HeaderValue, Request, Response as HttpResponse, StatusCode},
    middleware::map_response,
    response::{AppendHeaders, IntoResponse, Response},
    routing::{any, get, post, put},
};
pub(crate) use ::tower_http_06::compression::CompressionLayer;

use ::axum_08::{BoxError, Error, extract::FromRequest};
use bytes::Bytes;
use futures_util::{Stream, TryStream, stream};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use std::convert::Infallible;

/// Whether each method of RFC 9110 is one.
pub(crate) const ANY_METHOD: bool = true;

/// A name that need not be a token.
pub(crate) fn any_name(name: &str) -> HeaderName {
    HeaderName::from_lowercase(name.as_bytes()).expect("accepted")
}

/// A route in this version's syntax.
pub(crate) fn route(path: &str) -> String {
    path.to_owned()
}

/// A body of axum alone.
pub(crate) struct Plain;

impl Plain {
    #[expect(clippy::new_ret_no_self, reason = "axum 0.6 has a type for it")]
    pub(crate) fn new<S>(stream: S) -> Body
    where
        S: TryStream<Ok: Into<Bytes>, Error: Into<BoxError>> + Send + 'static,
    {
        Body::from_stream(stream)
    }
}

/// The data of a body without its trailers.
pub(crate) fn data_of(body: Body) -> impl Stream<Item = Result<Bytes, Error>> {
    body.into_data_stream()
}

/// Extracts a request's content.
pub(crate) struct RawBody(pub(crate) Content);

impl<S: Sync> FromRequest<S> for RawBody {
    type Rejection = Infallible;

    async fn from_request(request: Request<Body>, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(Content { body: request.into_body(), trailers: None }))
    }
}

/// A request's content.
pub(crate) struct Content {
    body: Body,
    trailers: Option<HeaderMap>,
}

/// Reads content as `http-body` 0.4 does: first the data, then the trailers.
pub(crate) trait ReadContent {
    async fn data(&mut self) -> Option<Result<Bytes, Error>>;
    async fn trailers(&mut self) -> Result<Option<HeaderMap>, Error>;
}

impl ReadContent for Content {
    async fn data(&mut self) -> Option<Result<Bytes, Error>> {
        while let Some(frame) = self.body.frame().await {
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) => return Some(Ok(data)),
                Ok(Err(frame)) => self.trailers = frame.into_trailers().ok(),
                Err(error) => return Some(Err(error)),
            }
        }
        None
    }

    async fn trailers(&mut self) -> Result<Option<HeaderMap>, Error> {
        while let Some(data) = self.data().await {
            data?;
        }
        Ok(self.trailers.take())
    }
}

/// Sends a request's content back.
pub(crate) fn echo(content: Content) -> Response {
    Response::new(content.body)
}

/// A response with a body of another library, which may return any trailers and announces none.
pub(crate) fn foreign(content: Option<&'static str>, trailers: HeaderMap) -> Response {
    let content = content.map(|content| Frame::data(Bytes::from(content)));
    let frames = content.into_iter().chain([Frame::trailers(trailers)]).map(Ok::<_, Infallible>);
    Response::new(Body::new(StreamBody::new(stream::iter(frames))))
}
