use super::{http1, http2, http3};
use crate::support::Ending;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// A response whose header section has arrived. Dropping it before its end cancels the exchange.
pub(crate) struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    trailers: Option<HeaderMap>,
}

pub(super) enum Body {
    Http1(http1::Body),
    Http2(http2::Body),
    Http3(http3::Body),
}

/// What follows a header section.
pub(super) enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
}

/// An exchange that did not come to its regular end.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) why: Why,
    /// The content that arrived before.
    pub(crate) content: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The stream was reset with this code.
    Reset(u64),
    /// The server rejected the request without a response, so that it can be sent again.
    Refused,
    /// The connection ended.
    Closed,
    /// The content ended before its announced length, or inside a frame.
    Short,
    /// The server broke a rule of the protocol.
    Malformed(String),
}

impl From<Why> for Cut {
    fn from(why: Why) -> Self {
        Self { why, content: Vec::new() }
    }
}

impl Response {
    pub(super) fn new(status: StatusCode, headers: HeaderMap, body: Body) -> Self {
        Self { status, headers, body, trailers: None }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A field of the header section. Empty if it is not there.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The next part of the content. `None` is the regular end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Cut> {
        loop {
            let next = async {
                match &mut self.body {
                    Body::Http1(body) => body.next().await,
                    Body::Http2(body) => body.next().await,
                    Body::Http3(body) => body.next().await,
                }
            };
            match crate::support::soon("more of a response", next).await? {
                Some(Piece::Data(data)) if data.is_empty() => {}
                Some(Piece::Data(data)) => return Ok(Some(data)),
                Some(Piece::Trailers(trailers)) => self.trailers = Some(trailers),
                None => return Ok(None),
            }
        }
    }

    /// Everything to the end.
    pub(crate) async fn read(mut self) -> Result<Ending, Cut> {
        let mut content = Vec::new();
        loop {
            match self.chunk().await {
                Ok(Some(chunk)) => content.extend_from_slice(&chunk),
                Ok(None) => return Ok(Ending { content, trailers: self.trailers.take() }),
                Err(Cut { why, .. }) => return Err(Cut { why, content }),
            }
        }
    }

    /// The content of a whole response.
    pub(crate) async fn bytes(self) -> Result<Vec<u8>, Cut> {
        Ok(self.read().await?.content)
    }

    /// The same as text.
    pub(crate) async fn text(self) -> Result<String, Cut> {
        Ok(String::from_utf8(self.bytes().await?).expect("text"))
    }
}

/// Reads a response to its end.
pub(crate) async fn read(response: Response) -> Result<Ending, Cut> {
    response.read().await
}

/// Reads a JSON document.
pub(crate) async fn json(response: Response) -> serde_json::Value {
    serde_json::from_slice(&response.bytes().await.expect("whole")).expect("JSON")
}
