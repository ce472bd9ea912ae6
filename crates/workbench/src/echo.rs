//! `POST /echo`: streams the request's body back, followed by the request's trailers as `X-Echo-…`.
//!
//! ```text
//! curl -v -k --no-buffer -d 'hello' 'https://localhost:3000/echo'
//! ```
//!
//! curl can't send trailers itself. The names in the request's `Trailer` are announced as `X-Echo-…`. An announced
//! trailer that does not arrive is also missing in the echo. Unannounced trailers are echoed over HTTP/2 and HTTP/3; over
//! HTTP/1.1 only announced ones are sent. Fields that [RFC 9110 §6.5.1] forbids are left out. A name that is too long for the
//! prefix gets 400 if it is announced; otherwise the transfer is cut.
//!
//! The response is `application/octet-stream`, so no browser runs content that another page made it send.
//!
//! [RFC 9110 §6.5.1]: https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1

use super::{
    Bounds,
    body_limit::fits,
    query::bad_request,
    seen::{ObservedBody, Probe},
};
use axum::{
    Extension,
    body::{self, HttpBody},
    extract::State,
    response::{IntoResponse, Response},
};
use axum_trailers::{
    hints::Relayed,
    problem::Problem,
    request::{RequestBody, RequestBodyError},
    trailers::{Declared, TrailerError, Trailers},
};
use bytes::Bytes;
use futures_util::{Stream, future::BoxFuture};
use http_02::{HeaderMap, header};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

pub(super) async fn echo(
    State(bounds): State<Bounds>,
    headers: HeaderMap,
    probe: Option<Extension<Arc<Probe>>>,
    body: RequestBody,
) -> Result<impl IntoResponse, Problem> {
    fits(&headers, bounds.body_size)?;
    let declared = Declared::new(Declared::read(&headers).iter().map(echoed)).map_err(|_too_long| {
        bad_request("`Trailer` contains a name that is too long for the prefix `x-echo-`")
    })?;
    let body = ObservedBody::new(body, probe.map(|Extension(probe)| probe));
    let mut response = Response::new(body::boxed(Echo::new(body, bounds.body_size)));
    declared.write(response.headers_mut());
    response.extensions_mut().insert(Relayed);
    let fields =
        [(header::CONTENT_TYPE, "application/octet-stream"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((fields, response))
}

/// Adds the prefix. The result is a valid name unless it is longer than the 64 KiB that `http` accepts.
fn echoed(name: &str) -> String {
    format!("x-echo-{name}")
}

/// A request's body as a response body.
struct Echo {
    phase: Phase,
    limit: u64,
    left: u64,
}

enum Phase {
    Data(ObservedBody),
    Trailers(BoxFuture<'static, Result<Trailers, RequestBodyError>>),
    Ended,
}

/// The body is larger than the limit.
#[derive(Debug, thiserror::Error)]
#[error("the request body is larger than the limit of {limit} bytes")]
struct TooMuch {
    limit: u64,
}

impl Echo {
    fn new(body: ObservedBody, limit: u64) -> Self {
        Self { phase: Phase::Data(body), limit, left: limit }
    }
}

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
                Some(Err(TooMuch { limit: self.limit }.into()))
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
        Poll::Ready(Ok(Some(prefixed(&trailers?)?.try_into()?)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.phase, Phase::Ended)
    }
}

fn prefixed(trailers: &Trailers) -> Result<Trailers, TrailerError> {
    let mut prefixed = Trailers::new();
    for (name, value) in trailers.as_map() {
        prefixed.append(echoed(name.as_str()), value)?;
    }
    Ok(prefixed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::FromRequest;
    use axum_trailers_testing::{
        Read, ScriptedBody,
        Step::{self, Data, End, Error as Fail, Pending, Trailers},
        fields,
        http_02::read_by_contract,
    };
    use futures_util::FutureExt;
    use http_02::Request;

    fn echoed_of(steps: &[Step], limit: u64) -> Read {
        let request = Request::new(ScriptedBody::new(steps.iter().cloned()));
        let body = RequestBody::from_request(request, &()).now_or_never().expect("at once");
        let body = ObservedBody::new(body.unwrap_or_else(|never| match never {}), None);
        read_by_contract(Echo::new(body, limit))
    }

    const TRAILERS: Step = Trailers(&[("x-sum", "1"), ("x-sum", "2")]);

    #[test]
    fn echo_keeps_the_contract_of_bodies() {
        let read = echoed_of(&[Pending, Data("ab"), Data(""), Pending, Data("c"), End, Pending, TRAILERS], 3);
        assert!(read.content == "abc" && read.error.is_none());
        assert_eq!(read.trailers, Some(fields(&[("x-echo-x-sum", "1"), ("x-echo-x-sum", "2")])));
        let read = echoed_of(&[Data("ab"), Pending, Fail], 3);
        assert!(read.content == "ab" && read.error.is_some() && read.trailers.is_none());
        let read = echoed_of(&[Data("ab"), End, Fail], 3);
        assert!(read.content == "ab" && read.error.is_some() && read.trailers.is_none());
    }

    #[test]
    fn echo_past_its_limit_fails() {
        let read = echoed_of(&[Data("ab"), Data("cd"), TRAILERS], 3);
        assert!(read.content == "ab" && read.trailers.is_none());
        let error = read.error.expect("too much").to_string();
        assert_eq!(error, "the request body is larger than the limit of 3 bytes");
    }

    #[test]
    fn type_facts() {
        fn send_and_unpin<T: Send + Unpin + 'static>() {}
        send_and_unpin::<Echo>();
    }
}
