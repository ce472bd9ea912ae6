use super::{
    app_body::AppBody,
    atomic_instant::{AtomicInstant, Epoch},
};
use axum_trailers::BoxError;
use bytes::Bytes;
use http::HeaderMap;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
};
#[cfg(feature = "http3")]
use tokio::sync::Notify;
use tokio::time::Instant;

/// A response body on its way to a client that may stop reading. A panic in the application's code affects only this
/// response.
///
/// hyper polls it chunk by chunk. From outside, the connection checks how long a chunk has been waiting, and drops the
/// body if that is too long.
pub(crate) struct SharedBody {
    body: Mutex<Option<AppBody>>,
    waiting_since: AtomicInstant,
    #[cfg(feature = "http3")]
    abandoned: Notify,
}

/// The application's body panicked.
#[derive(Debug, thiserror::Error)]
#[error("the body panicked")]
pub(crate) struct BodyPanicked;

/// The connection dropped the body because nobody read it.
#[derive(Debug, thiserror::Error)]
#[error("the client stopped reading")]
pub(crate) struct Abandoned;

impl SharedBody {
    pub(crate) fn new(body: AppBody) -> Self {
        Self {
            body: Mutex::new(Some(body)),
            waiting_since: AtomicInstant::never(),
            #[cfg(feature = "http3")]
            abandoned: Notify::new(),
        }
    }

    /// Notes that a chunk waits for the reader.
    pub(crate) fn waiting(&self, epoch: &Epoch) {
        self.waiting_since.set(epoch);
    }

    /// Notes that the reader polls for the next chunk.
    pub(crate) fn polled(&self) {
        self.waiting_since.clear();
    }

    /// Since when a chunk has been waiting.
    pub(crate) fn waits_since(&self, epoch: &Epoch) -> Option<Instant> {
        self.waiting_since.get(epoch)
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Drops the body, and with it the receiver of its producer.
    pub(crate) fn abandon(&self) {
        let mut body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        let _panic = catch_unwind(AssertUnwindSafe(|| *body = None));
        #[cfg(feature = "http3")]
        self.abandoned.notify_one();
    }

    /// Waits until the body is dropped because nobody read it. hyper can't be told, but an HTTP/3 stream is reset.
    #[cfg(feature = "http3")]
    pub(crate) async fn abandoned(&self) {
        self.abandoned.notified().await;
    }

    pub(crate) fn poll_data(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        self.with_body(|body| body.poll_data(cx)).unwrap_or_else(|error| Poll::Ready(Some(Err(error))))
    }

    /// The body's remaining size in bytes, if it is known.
    pub(crate) fn exact_size(&self) -> Option<u64> {
        self.with_body(|body| body.size_hint().exact()).ok().flatten()
    }

    /// The minimum number of bytes before the end.
    pub(crate) fn ready_bytes(&self) -> usize {
        let lower = self.with_body(|body| body.size_hint().lower()).unwrap_or(0);
        usize::try_from(lower).unwrap_or(usize::MAX)
    }

    pub(crate) fn poll_trailers(&self, cx: &mut Context<'_>) -> Poll<Result<Option<HeaderMap>, BoxError>> {
        self.with_body(|body| body.poll_trailers(cx)).unwrap_or_else(|error| Poll::Ready(Err(error)))
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.with_body(|body| body.is_end_stream()).unwrap_or(false)
    }

    /// A panic in the application's code becomes an error of this body instead of ending the connection.
    fn with_body<T>(&self, use_it: impl FnOnce(&mut AppBody) -> T) -> Result<T, BoxError> {
        let mut body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        let body = body.as_mut().ok_or(Abandoned)?;
        catch_unwind(AssertUnwindSafe(|| use_it(body))).map_err(|_panic| BodyPanicked.into())
    }
}

impl Drop for SharedBody {
    fn drop(&mut self) {
        self.abandon();
    }
}
