use super::probe::Probe;
use axum_trailers::{
    request::{RequestBody, RequestBodyError},
    trailers::Trailers,
};
use bytes::Bytes;
use futures_util::Stream;
use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// A request's body. If the request is a probe, what arrives is recorded.
pub(crate) struct ObservedBody {
    body: RequestBody,
    observer: Option<Observer>,
}

struct Observer(Arc<Probe>);

impl ObservedBody {
    /// `probe` is in the extensions of a request with a token.
    pub(crate) fn new(body: RequestBody, probe: Option<Arc<Probe>>) -> Self {
        if let Some(probe) = &probe {
            probe.reads();
        }
        Self { body, observer: probe.map(Observer) }
    }

    /// As [`RequestBody::trailers`].
    pub(crate) async fn trailers(self) -> Result<Trailers, RequestBodyError> {
        let trailers = self.body.trailers().await;
        if let Some(Observer(probe)) = &self.observer {
            match &trailers {
                Ok(trailers) => probe.trailers(trailers.as_map()),
                Err(error) => failed(probe, error),
            }
        }
        trailers
    }
}

impl Stream for ObservedBody {
    type Item = Result<Bytes, RequestBodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = ready!(Pin::new(&mut self.body).poll_next(cx));
        if let Some(Observer(probe)) = &self.observer {
            match &chunk {
                Some(Ok(chunk)) => probe.data(chunk.len()),
                Some(Err(error)) => failed(probe, error),
                None => probe.complete(None),
            }
        }
        Poll::Ready(chunk)
    }
}

/// Content with a wrong digest has arrived completely.
fn failed(probe: &Probe, error: &RequestBodyError) {
    let text = with_sources(error);
    match error {
        RequestBodyError::Digest(_) => probe.complete(Some(text)),
        _ => probe.cut(text),
    }
}

fn with_sources(error: &dyn Error) -> String {
    let sources = std::iter::successors(error.source(), |error: &&dyn Error| (*error).source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.0.dropped();
    }
}
