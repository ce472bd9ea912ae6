use super::{Phase, channel::Producer};
use crate::trailers::{Declared, TrailerError, Trailers};
use axum_core::{
    BoxError, Error, body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::TryStream;
use http::HeaderMap;
use http_body::{Body, SizeHint};
use pin_project_lite::pin_project;
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};
use sync_wrapper::SyncWrapper;

pin_project! {
    /// A response body made from a stream of chunks, followed by trailers.
    ///
    /// The response announces the trailers in its `Trailer` field
    /// ([RFC 9110 §6.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-6.6.2)).
    ///
    /// The end of the stream is the end of the body. If a task that may fail produces the stream, use
    /// [`channel`](super::channel()): a plain receiver ends when its sender is dropped, whether or not the producer has
    /// finished.
    ///
    /// ```
    /// use axum::response::IntoResponse;
    /// use axum_trailers::body::StreamBody;
    /// use http::{HeaderMap, HeaderValue};
    /// use std::convert::Infallible;
    /// use tokio::sync::mpsc;
    /// use tokio_stream::wrappers::ReceiverStream;
    ///
    /// async fn handler() -> impl IntoResponse {
    ///     let (sender, receiver) = mpsc::channel::<Result<String, Infallible>>(2);
    ///     tokio::spawn(async move { sender.send(Ok("hello\n".to_owned())).await });
    ///
    ///     let mut trailers = HeaderMap::new();
    ///     trailers.insert("chunky-trailer", HeaderValue::from_static("foo"));
    ///     let mut body = StreamBody::new(ReceiverStream::new(receiver));
    ///     body.set_trailers(trailers).expect("a permitted field");
    ///     body
    /// }
    /// # let _ = handler;
    /// ```
    #[must_use]
    pub struct StreamBody<S> {
        #[pin]
        stream: SyncWrapper<S>,
        phase: Phase,
        stored: HeaderMap,
        producer: Option<Producer>,
    }
}

/// `poll_trailers` was called before `poll_data` returned the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the trailers were polled before the data had ended")]
#[non_exhaustive]
pub struct TrailersPolledEarly;

impl<S> StreamBody<S> {
    /// Creates a body from a stream of chunks. An error of the stream ends the body in that error.
    pub fn new(stream: S) -> Self
    where
        S: TryStream + Send + 'static,
        S::Ok: Into<Bytes>,
        S::Error: Into<BoxError>,
    {
        Self {
            stream: SyncWrapper::new(stream),
            phase: Phase::Data,
            stored: HeaderMap::new(),
            producer: None,
        }
    }

    pub(super) fn of_producer(stream: S, producer: Producer) -> Self
    where
        S: TryStream + Send + 'static,
        S::Ok: Into<Bytes>,
        S::Error: Into<BoxError>,
    {
        Self { producer: Some(producer), ..Self::new(stream) }
    }

    /// Sets the trailers that follow the last chunk, and replaces earlier ones. The body of a
    /// [`channel`](super::channel()) sends them in addition to the sender's.
    ///
    /// # Errors
    ///
    /// [`TrailerError`] if a field is not permitted in a trailer section. The body is then unchanged.
    pub fn set_trailers(&mut self, trailers: HeaderMap) -> Result<(), TrailerError> {
        self.stored = Trailers::try_from(trailers)?.into_map();
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn into_stream(self) -> S {
        self.stream.into_inner()
    }
}

impl<S> From<S> for StreamBody<S>
where
    S: TryStream + Send + 'static,
    S::Ok: Into<Bytes>,
    S::Error: Into<BoxError>,
{
    fn from(stream: S) -> Self {
        Self::new(stream)
    }
}

impl<S> IntoResponse for StreamBody<S>
where
    S: TryStream + Send + 'static,
    S::Ok: Into<Bytes>,
    S::Error: Into<BoxError>,
{
    fn into_response(self) -> Response {
        let mut response = Response::new(());
        if let Some(producer) = &self.producer {
            producer.declared().write(response.headers_mut());
            if let Some(failure) = producer.failure() {
                response.extensions_mut().insert(failure.clone());
            }
        }
        if !self.stored.is_empty() {
            Declared::from_fields(&self.stored).write(response.headers_mut());
        }
        response.map(|()| body::boxed(self))
    }
}

impl<S> Body for StreamBody<S>
where
    S: TryStream,
    S::Ok: Into<Bytes>,
    S::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_data(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Self::Data, Self::Error>>> {
        let this = self.project();
        if *this.phase != Phase::Data {
            return Poll::Ready(None);
        }
        let chunk = ready!(this.stream.get_pin_mut().try_poll_next(cx));
        Poll::Ready(match chunk {
            Some(Ok(chunk)) => Some(Ok(chunk.into())),
            Some(Err(error)) => {
                *this.phase = Phase::Ended;
                Some(Err(Error::new(error)))
            }
            None => {
                let failure = this.producer.as_ref().and_then(Producer::unwatched_failure);
                *this.phase = if failure.is_some() { Phase::Ended } else { Phase::Trailers };
                failure.map(|failure| Err(Error::new(failure)))
            }
        })
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, Self::Error>> {
        let this = self.project();
        Poll::Ready(match *this.phase {
            Phase::Data => Err(Error::new(TrailersPolledEarly)),
            Phase::Ended => Ok(None),
            Phase::Trailers => {
                *this.phase = Phase::Ended;
                let mut trailers = std::mem::take(this.stored);
                if this.producer.as_ref().is_some_and(Producer::has_failed) {
                    // They were set for a body that succeeds.
                    trailers.clear();
                }
                let sent = this.producer.as_ref().and_then(Producer::take_trailers);
                let sent = sent.map(Trailers::into_map).unwrap_or_default();
                if trailers.is_empty() {
                    trailers = sent;
                } else {
                    for (name, value) in &sent {
                        let added = trailers.try_append(name, value.clone());
                        added.map_err(|full| Error::new(TrailerError::from(full)))?;
                    }
                }
                Ok((!trailers.is_empty()).then_some(trailers))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// At least the bytes that are ready, so a reader can take several chunks at once without polling for the end.
    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::default();
        hint.set_lower(self.producer.as_ref().map_or(0, Producer::ready_bytes));
        hint
    }
}

impl<S> fmt::Debug for StreamBody<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamBody").field("phase", &self.phase).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trailers::server::read_as_server;
    use axum_trailers_testing::{
        Step::{Data, Error as Fail, Pending},
        read_by_contract, scripted,
    };
    use futures_util::task::noop_waker;
    use http::{HeaderValue, header};
    use std::pin::pin;

    fn foo() -> HeaderMap {
        let mut trailers = HeaderMap::new();
        trailers.insert("chunky-trailer", HeaderValue::from_static("foo"));
        trailers
    }

    #[test]
    fn keeps_the_contract_of_http_body() {
        let mut body = StreamBody::new(scripted([Pending, Data("a"), Data(""), Pending, Data("b")]));
        body.set_trailers(foo()).expect("permitted");
        let read = read_by_contract(body);
        assert_eq!((&*read.content, read.pending, read.trailers), ("ab", 2, Some(foo())));
    }

    #[test]
    fn nothing_follows_an_error() {
        let mut body = StreamBody::new(scripted([Data("a"), Fail, Data("never")]));
        body.set_trailers(foo()).expect("permitted");
        let read = read_by_contract(body);
        assert_eq!((&*read.content, read.trailers), ("a", None), "no trailer of a failed body");
        assert!(read.error.is_some());
    }

    #[test]
    fn trailers_polled_early_are_an_error_and_not_lost() {
        let mut body = StreamBody::new(scripted([Data("a")]));
        body.set_trailers(foo()).expect("permitted");
        let mut body = pin!(body);
        let waker = noop_waker();
        let cx = &mut Context::from_waker(&waker);

        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Err(_))));
        while let Poll::Ready(Some(_)) = body.as_mut().poll_data(cx) {}
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(Some(_)))));
    }

    #[test]
    fn forbidden_trailers_are_refused_and_the_old_ones_kept() {
        let mut body = StreamBody::new(scripted([]));
        body.set_trailers(foo()).expect("permitted");
        let mut forbidden = HeaderMap::new();
        forbidden.insert(header::CONTENT_LENGTH, HeaderValue::from(1));
        let error = body.set_trailers(forbidden).expect_err("forbidden");
        assert!(error.to_string().contains("content-length"), "{error}");
        assert_eq!(body.into_response().headers()[header::TRAILER], "chunky-trailer");
    }

    #[test]
    fn response_without_trailers_announces_none() {
        let response = StreamBody::new(scripted([Data("a")])).into_response();
        assert!(response.headers().is_empty());
    }

    #[tokio::test]
    async fn trailers_of_channel_and_body_make_one_section() {
        let (sender, mut body) = crate::body::channel(64, Declared::new(["x-rows"]).expect("permitted"));
        body.set_trailers(foo()).expect("permitted");
        let mut trailers = Trailers::new();
        trailers.insert("x-rows", 1).expect("permitted");
        sender.finish(trailers).expect("as declared");

        let mut response = body.into_response();
        assert_eq!(response.headers()[header::TRAILER], "x-rows, chunky-trailer");
        assert!(response.body_mut().data().await.is_none());
        let trailers = response.body_mut().trailers().await.expect("no error").expect("trailers");
        assert_eq!(trailers.len(), 2);
    }

    #[tokio::test]
    async fn trailers_of_the_body_are_left_out_if_its_producer_fails() {
        for failing in [true, false] {
            let (sender, mut body) = crate::body::channel(64, Declared::new(["x-state"]).expect("permitted"));
            body.set_trailers(foo()).expect("permitted");
            let mut trailers = Trailers::new();
            trailers.insert("x-state", "1").expect("permitted");
            let ended = if failing { sender.fail_with_trailers(trailers) } else { sender.finish(trailers) };
            ended.expect("as declared");
            let trailers = read_as_server(body.into_response()).trailers.expect("trailers");
            assert!(trailers.contains_key("x-state"));
            assert_eq!(trailers.contains_key("chunky-trailer"), !failing);
        }
    }

    #[test]
    fn type_facts() {
        fn send_and_sync<T: Send + Sync + 'static>(_: T) {}
        send_and_sync(StreamBody::new(scripted([])));
        // The stream itself need not be `Sync`.
        let once =
            futures_util::stream::once(async { Ok::<_, std::io::Error>(std::cell::Cell::new(1).take()) });
        send_and_sync(StreamBody::new(futures_util::TryStreamExt::map_ok(once, |n| vec![n])));
    }
}
