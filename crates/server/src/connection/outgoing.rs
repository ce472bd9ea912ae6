use super::clock::{Clock, Moment};
use axum::{
    BoxError,
    body::{BoxBody, HttpBody},
};
use bytes::Bytes;
use http::HeaderMap;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
};
use tokio::time::Instant;

/// A response body on its way to a client that may stop reading.
///
/// hyper takes it chunk by chunk; the connection looks from outside at how long it has been waiting, and takes
/// the body away where that is too long.
pub(crate) struct Outgoing {
    body: Mutex<Option<BoxBody>>,
    offered: Moment,
}

/// The application's body panicked.
#[derive(Debug, thiserror::Error)]
#[error("the body panicked")]
pub(crate) struct BodyPanicked;

/// The connection gave the body up, since nobody read it.
#[derive(Debug, thiserror::Error)]
#[error("the reader stalled")]
pub(crate) struct GivenUp;

impl Outgoing {
    pub(crate) fn new(body: BoxBody) -> Self {
        Self { body: Mutex::new(Some(body)), offered: Moment::never() }
    }

    /// Notes that a chunk lies ready for the reader.
    pub(crate) fn offer(&self, clock: &Clock) {
        self.offered.set(clock);
    }

    /// Notes that the reader took what lay ready.
    pub(crate) fn taken(&self) {
        self.offered.clear();
    }

    pub(crate) fn offered(&self, clock: &Clock) -> Option<Instant> {
        self.offered.get(clock)
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Drops the body, and with it the reader of its producer.
    pub(crate) fn give_up(&self) {
        let body = self.body.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(body);
    }

    pub(crate) fn poll_data(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        self.with_body(|body| body.poll_data(cx).map_err(Into::into))
            .unwrap_or_else(|error| Poll::Ready(Some(Err(error))))
    }

    /// Whether the body knows how many bytes are to come.
    pub(crate) fn knows_its_size(&self) -> bool {
        self.with_body(|body| body.size_hint().exact().is_some()).unwrap_or(false)
    }

    /// Whether there are bytes to come before the end.
    pub(crate) fn has_more(&self) -> bool {
        self.with_body(|body| body.size_hint().lower() > 0).unwrap_or(false)
    }

    pub(crate) fn poll_trailers(&self, cx: &mut Context<'_>) -> Poll<Result<Option<HeaderMap>, BoxError>> {
        self.with_body(|body| body.poll_trailers(cx).map_err(Into::into))
            .unwrap_or_else(|error| Poll::Ready(Err(error)))
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.with_body(|body| body.is_end_stream()).unwrap_or(false)
    }

    /// A panic in the application's code is an error of this body, not the end of the connection.
    fn with_body<T>(&self, use_it: impl FnOnce(Pin<&mut BoxBody>) -> T) -> Result<T, BoxError> {
        let mut body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        let body = body.as_mut().ok_or(GivenUp)?;
        catch_unwind(AssertUnwindSafe(|| use_it(Pin::new(body)))).map_err(|_panic| BodyPanicked.into())
    }
}
