use super::{Phase, channel::Producer};
use crate::{
    BoxError,
    compat::{IntoTrailers, ResponseHead, SplitBody, implement_body, sealed::Sealed},
    trailers::{Declared, TrailerError, server::RunsWhenPolled},
};
use bytes::Bytes;
use futures_util::TryStream;
use http::{HeaderMap, Response};
use http_body::SizeHint;
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
    pub fn set_trailers(&mut self, trailers: impl IntoTrailers) -> Result<(), TrailerError> {
        self.stored = trailers.into_trailers()?.into_map();
        Ok(())
    }

    /// A response with this body, for any server of `http` 1. It announces the trailers in its `Trailer` field. axum's
    /// `into_response` creates the same.
    pub fn into_http_response(self) -> Response<Self> {
        let mut response = Response::new(());
        self.announce(&mut response);
        response.map(|()| self)
    }

    /// Announces the trailers in the head of the body's response.
    pub(crate) fn announce(&self, response: &mut impl ResponseHead) {
        if let Some(producer) = &self.producer {
            producer.declaration().announce(response.fields_mut());
            if let Some(failure) = producer.failure() {
                response.insert_extension(failure);
            }
            if producer.runs_when_polled() {
                response.insert_extension(RunsWhenPolled);
            }
        }
        if !self.stored.is_empty() {
            Declared::from_fields(&self.stored).write(response.fields_mut());
        }
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

impl<S> Sealed for StreamBody<S> {}

impl<S> SplitBody for StreamBody<S>
where
    S: TryStream,
    S::Ok: Into<Bytes>,
    S::Error: Into<BoxError>,
{
    type Error = BoxError;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        let this = self.project();
        if *this.phase != Phase::Data {
            return Poll::Ready(None);
        }
        let chunk = ready!(this.stream.get_pin_mut().try_poll_next(cx));
        Poll::Ready(match chunk {
            Some(Ok(chunk)) => Some(Ok(chunk.into())),
            Some(Err(error)) => {
                *this.phase = Phase::Ended;
                Some(Err(error.into()))
            }
            None => {
                let failure = this.producer.as_ref().and_then(Producer::unwatched_failure);
                *this.phase = if failure.is_some() { Phase::Ended } else { Phase::Trailers };
                failure.map(|failure| Err(failure.into()))
            }
        })
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, BoxError>> {
        let this = self.project();
        Poll::Ready(match *this.phase {
            Phase::Data => Err(TrailersPolledEarly.into()),
            Phase::Ended => Ok(None),
            Phase::Trailers => {
                *this.phase = Phase::Ended;
                let stored = std::mem::take(this.stored);
                let trailers = match this.producer {
                    Some(producer) => producer.section(stored)?,
                    None => stored,
                };
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

implement_body!({S} StreamBody<S>, where S: TryStream, S::Ok: Into<Bytes>, S::Error: Into<BoxError>);

impl<S> fmt::Debug for StreamBody<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamBody").field("phase", &self.phase).finish_non_exhaustive()
    }
}
