//! `POST /echo`: the request's body, streamed back as it comes, and behind it the request's trailers as `X-Echo-…`.
//!
//! ```text
//! curl -v -k --no-buffer -d 'hello' 'https://localhost:3000/echo'
//! ```
//!
//! curl can't send trailers itself. What the request announces in `Trailer` is announced as `X-Echo-…`, and what does
//! not come is not made up: the echo lacks it, too. Trailers that the request did not announce come back over HTTP/2;
//! over HTTP/1.1 none is sent unannounced. Those that [RFC 9110 §6.5.1] forbids are left out.
//!
//! There is up to 1 GiB of data. It comes back as `application/octet-stream`, so that no browser runs what another page
//! made it send.
//!
//! [RFC 9110 §6.5.1]: https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1

use crate::{
    problem::Problem,
    request::{RequestBody, RequestBodyError},
    trailers::{Declared, Trailers},
};
use axum::{
    body::{self, HttpBody},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{Stream, future::BoxFuture};
use http::{HeaderMap, HeaderName, StatusCode, header};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// How much data a request to `POST /echo` and `POST /inspect` may have: 1 GiB. 413 past it.
pub const MAX_BODY: u64 = 1024 * 1024 * 1024;

pub(super) async fn echo(headers: HeaderMap, body: RequestBody) -> Result<impl IntoResponse, Problem> {
    fits(&headers, MAX_BODY)?;
    let announced = Declared::read(&headers);
    let declared = Declared::new(announced.iter().map(echoed)).expect("`X-Echo-…` is a permitted field");
    let mut response = Response::new(body::boxed(Echo { phase: Phase::Data(body), left: MAX_BODY }));
    declared.write(response.headers_mut());
    let fields =
        [(header::CONTENT_TYPE, "application/octet-stream"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((fields, response))
}

/// Refuses a body that is announced as larger than `limit` before any of it comes.
pub(super) fn fits(headers: &HeaderMap, limit: u64) -> Result<(), Problem> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > limit) { Err(too_large(limit)) } else { Ok(()) }
}

pub(super) fn too_large(limit: u64) -> Problem {
    let detail = format!("the request's body is larger than the {limit} bytes that are taken");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).with("maximum", limit)
}

fn echoed(name: &HeaderName) -> HeaderName {
    HeaderName::try_from(format!("x-echo-{name}")).expect("a field name with a prefix is one")
}

/// The body of a request as that of its response.
struct Echo {
    phase: Phase,
    left: u64,
}

enum Phase {
    Data(RequestBody),
    Trailers(BoxFuture<'static, Result<Trailers, RequestBodyError>>),
    Ended,
}

/// More came than is sent back.
#[derive(Debug, thiserror::Error)]
#[error("the request's body is larger than the {MAX_BODY} bytes that are sent back")]
struct TooMuch;

impl HttpBody for Echo {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_data(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let Phase::Data(body) = &mut self.phase else {
            return Poll::Ready(None);
        };
        let chunk = ready!(Pin::new(body).poll_next(cx));
        Poll::Ready(match chunk {
            Some(Ok(chunk)) if chunk.len() as u64 <= self.left => {
                self.left -= chunk.len() as u64;
                Some(Ok(chunk))
            }
            Some(Ok(_)) => {
                self.phase = Phase::Ended;
                Some(Err(TooMuch.into()))
            }
            Some(Err(error)) => {
                self.phase = Phase::Ended;
                Some(Err(error.into()))
            }
            None => {
                if let Phase::Data(body) = std::mem::replace(&mut self.phase, Phase::Ended) {
                    self.phase = Phase::Trailers(Box::pin(body.trailers()));
                }
                None
            }
        })
    }

    fn poll_trailers(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, Self::Error>> {
        let Phase::Trailers(trailers) = &mut self.phase else {
            return Poll::Ready(Ok(None));
        };
        let trailers = ready!(trailers.as_mut().poll(cx));
        self.phase = Phase::Ended;
        Poll::Ready(Ok(Some(prefixed(trailers?.as_map()))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.phase, Phase::Ended)
    }
}

fn prefixed(trailers: &HeaderMap) -> HeaderMap {
    let mut fields = HeaderMap::with_capacity(trailers.len());
    for (name, value) in trailers {
        fields.append(echoed(name), value.clone());
    }
    fields
}
