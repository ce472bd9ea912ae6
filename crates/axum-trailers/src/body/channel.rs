use super::{
    StreamBody,
    ending::{FinishError, ProducerError},
    queue::{NotEnded, NotTaken, Queue, Refused},
};
use crate::{
    BoxError,
    compat::IntoTrailers,
    trailers::{
        Declaration, Declared, TrailerError, Trailers,
        server::{FailureMark, Mark, Marked},
    },
};
use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// The capacity that each chunk of a channel uses besides its own bytes: 64 bytes.
///
/// It accounts for the chunk's place in the queue, so many tiny chunks can't use more memory than the capacity.
pub const CHUNK_OVERHEAD: usize = 64;

/// Creates a body and the sender that feeds it.
///
/// `capacity` limits what waits in between, in bytes: each chunk uses its length plus [`CHUNK_OVERHEAD`]. A chunk
/// larger than the whole capacity waits until the channel is empty.
///
/// `declared` names the trailer fields that the sender must pass to [`finish`](Sender::finish). The response announces
/// them in its `Trailer` field. With a [`Declaration`] there can also be fields that may be missing.
///
/// **A producer must finish.** If the sender is dropped before (the producer returned early, panicked or was
/// cancelled), the body ends in the error [`ProducerError::Gone`]: HTTP/2 and HTTP/3 reset the stream, HTTP/1.1 closes the
/// connection without the last chunk, and no client mistakes the part for the whole. A producer that fails can report
/// the reason with [`fail`](Sender::fail) or [`fail_with_trailers`](Sender::fail_with_trailers).
///
/// # Panics
///
/// If `capacity` is 0.
///
/// # Example
///
/// ```
/// use axum::response::IntoResponse;
/// use axum_trailers::{body, declared, trailers::Trailers};
///
/// async fn rows() -> impl IntoResponse {
///     let (mut sender, body) = body::channel(64 * 1024, declared!["x-row-count"]);
///     tokio::spawn(async move {
///         let mut trailers = Trailers::new();
///         for row in 0..3 {
///             sender.send(format!("row {row}\n")).await?;
///         }
///         trailers.insert("x-row-count", 3)?;
///         sender.finish(trailers)?;
///         Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
///     });
///     body
/// }
/// # let _ = rows;
/// ```
#[track_caller]
pub fn channel(capacity: usize, declared: impl Into<Declaration>) -> (Sender, StreamBody<Chunks>) {
    let (sender, chunks) = ends(capacity, declared.into());
    let producer = chunks.producer(false);
    (sender, StreamBody::of_producer(chunks, producer))
}

/// Both ends of a channel.
#[track_caller]
pub(super) fn ends(capacity: usize, declaration: Declaration) -> (Sender, Chunks) {
    assert!(capacity > 0, "the capacity of a body must be at least 1 byte");
    let shared = Arc::new(Shared { queue: Queue::new(capacity), declaration, mark: Mark::default() });
    (Sender { shared: shared.clone(), has_ended: false }, Chunks { shared })
}

/// The state that both ends of a channel share.
#[derive(Debug)]
struct Shared {
    queue: Queue,
    declaration: Declaration,
    mark: Mark,
}

impl Marked for Shared {
    fn mark(&self) -> &Mark {
        &self.mark
    }

    fn declaration(&self) -> Option<&Declaration> {
        Some(&self.declaration)
    }
}

/// The producer's end of a [`channel`].
#[derive(Debug)]
pub struct Sender {
    shared: Arc<Shared>,
    has_ended: bool,
}

/// A body's view of the producer that feeds it.
#[derive(Debug)]
pub(super) struct Producer {
    shared: Arc<Shared>,
    runs_when_polled: bool,
}

impl Producer {
    pub(super) fn declaration(&self) -> &Declaration {
        &self.shared.declaration
    }

    pub(super) fn runs_when_polled(&self) -> bool {
        self.runs_when_polled
    }

    /// The mark for a failure reported in trailers. If there are never any, there is none.
    pub(super) fn failure(&self) -> Option<FailureMark> {
        (!self.shared.declaration.is_empty()).then(|| FailureMark::of(self.shared.clone()))
    }

    pub(super) fn has_failed(&self) -> bool {
        self.shared.mark.is_set()
    }

    /// The error for a reader that would mistake the trailers of a failure for those of a complete body.
    pub(super) fn unwatched_failure(&self) -> Option<ProducerError> {
        let is_mistaken = self.has_failed() && !self.shared.mark.is_watched();
        is_mistaken.then(|| self.take_trailers()).flatten().map(ProducerError::FailedWithTrailers)
    }

    /// The number of bytes that are ready.
    pub(super) fn ready_bytes(&self) -> u64 {
        self.shared.queue.bytes() as u64
    }

    /// The body's trailer section. `stored` are fields that were set for a body that succeeds.
    pub(super) fn section(&self, stored: HeaderMap) -> Result<HeaderMap, TrailerError> {
        let sent = self.take_trailers().map(Trailers::into_map).unwrap_or_default();
        if self.has_failed() {
            return Ok(sent);
        }
        let mut section = if stored.is_empty() { sent } else { joined(stored, &sent)? };
        for name in self.shared.declaration.failure_fields().into_iter().flat_map(Declared::iter) {
            if section.remove(name).is_some() {
                tracing::warn!(name, "field of failures omitted: the body succeeded");
            }
            if !self.shared.mark.leaves_out_optional() {
                let name = HeaderName::from_bytes(name.as_bytes()).expect("it was checked");
                section.try_insert(name, HeaderValue::from_static(""))?;
            }
        }
        Ok(section)
    }

    pub(super) fn take_trailers(&self) -> Option<Trailers> {
        self.shared.queue.take_trailers()
    }
}

fn joined(mut section: HeaderMap, more: &HeaderMap) -> Result<HeaderMap, TrailerError> {
    for (name, value) in more {
        section.try_append(name, value.clone())?;
    }
    Ok(section)
}

/// The stream inside the [`StreamBody`] of a [`channel`]: the chunks as they were sent.
#[derive(Debug)]
pub struct Chunks {
    shared: Arc<Shared>,
}

impl Chunks {
    pub(super) fn queue(&self) -> &Queue {
        &self.shared.queue
    }

    /// `runs_when_polled`: the body polls the producer.
    pub(super) fn producer(&self, runs_when_polled: bool) -> Producer {
        Producer { shared: self.shared.clone(), runs_when_polled }
    }
}

/// The reader is gone: the client left, or the response was dropped. Contains the chunk.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the reader has dropped this body")]
pub struct SendError(pub Bytes);

impl fmt::Debug for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SendError({} bytes)", self.0.len())
    }
}

/// Why [`try_send`](Sender::try_send) has not sent a chunk. Contains the chunk.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrySendError {
    /// Too much waits for the reader.
    #[error("there is no room for the chunk")]
    Full(Bytes),
    /// The reader is gone: the client left, or the response was dropped.
    #[error("the reader has dropped this body")]
    Closed(Bytes),
}

impl TrySendError {
    /// The chunk.
    #[must_use]
    pub fn into_chunk(self) -> Bytes {
        match self {
            Self::Full(chunk) | Self::Closed(chunk) => chunk,
        }
    }
}

impl fmt::Debug for TrySendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(chunk) => write!(f, "Full({} bytes)", chunk.len()),
            Self::Closed(chunk) => write!(f, "Closed({} bytes)", chunk.len()),
        }
    }
}

impl Sender {
    /// Waits for room, then sends a chunk. An empty chunk is ignored.
    ///
    /// If the future is dropped, only this chunk is lost; the sender stays usable.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the chunk if the reader is gone. A waiting `send` returns it at once.
    pub async fn send(&mut self, chunk: impl Into<Bytes>) -> Result<(), SendError> {
        let data = chunk.into();
        if data.is_empty() {
            return if self.is_closed() { Err(SendError(data)) } else { Ok(()) };
        }
        let mut data = Some(data);
        poll_fn(|cx| self.shared.queue.poll_push(&mut data, cx))
            .await
            .map_err(|Refused(data)| SendError(data))
    }

    /// Sends a chunk if there is room for it now. An empty chunk is ignored.
    ///
    /// For producers that can skip a chunk or join it with the next one, and for code that is not `async`.
    ///
    /// ```
    /// use axum_trailers::body::{Sender, TrySendError};
    ///
    /// /// Leaves out values for a client that reads too slowly. Returns whether the client still reads.
    /// fn show(sender: &mut Sender, value: f64) -> bool {
    ///     !matches!(sender.try_send(format!("{value}\n")), Err(TrySendError::Closed(_)))
    /// }
    /// # let _ = show;
    /// ```
    ///
    /// # Errors
    ///
    /// [`TrySendError`] with the chunk if there is no room or the reader is gone.
    pub fn try_send(&mut self, chunk: impl Into<Bytes>) -> Result<(), TrySendError> {
        let chunk = chunk.into();
        if chunk.is_empty() {
            return if self.is_closed() { Err(TrySendError::Closed(chunk)) } else { Ok(()) };
        }
        self.shared.queue.try_push(chunk).map_err(|not_taken| match not_taken {
            NotTaken::Full(chunk) => TrySendError::Full(chunk),
            NotTaken::Closed(chunk) => TrySendError::Closed(chunk),
        })
    }

    /// Ends the body with these trailers, which follow the last chunk.
    ///
    /// Pass [`Trailers`] or a [`HeaderMap`](http::HeaderMap), which is checked here.
    ///
    /// # Errors
    ///
    /// [`FinishError`] if a field is forbidden or the trailers differ from the declared ones: the body then ends in
    /// [`ProducerError::Refused`]. Also if the reader is gone; that error can be ignored.
    pub fn finish(self, trailers: impl IntoTrailers) -> Result<(), FinishError> {
        let checked = trailers.into_trailers().map_err(FinishError::from).and_then(|trailers| {
            self.all_declared(&trailers)?;
            self.none_missing(&trailers)?;
            self.none_of_a_failure(&trailers)?;
            Ok(trailers)
        });
        self.end(checked, || {})
    }

    /// Ends the body in an error: the client gets a **cut transfer**. axum-trailers-server sends the chunks before it;
    /// other servers may drop the last of them.
    ///
    /// HTTP/2 and HTTP/3 reset the stream with `INTERNAL_ERROR` or `H3_INTERNAL_ERROR`, HTTP/1.1 closes the connection without the last chunk. The
    /// reason only goes to the log: to the access log of axum-trailers-server, and otherwise to a line at `DEBUG`.
    pub fn fail(mut self, reason: impl Into<BoxError>) {
        self.end_in(ProducerError::Failed(reason.into()));
    }

    /// Ends the body as failed and reports it in **trailers**. With axum-trailers-server the client gets a complete,
    /// well-formed message, as gRPC ends one with `grpc-status`; with other servers, a cut transfer.
    ///
    /// Required fields may be missing, because their values may be unknown after a failure. Trailers from
    /// [`set_trailers`](StreamBody::set_trailers) are left out, and a digest layer adds no digest of incomplete
    /// content. See [the module](crate::body#failures-in-the-middle) for what clients notice.
    ///
    /// If the trailers can't be sent (HTTP/1.1 or HTTP/3 without `TE: trailers`), axum-trailers-server cuts the transfer
    /// instead. It detects the failure by an extension of the response that
    /// [`into_http_response`](StreamBody::into_http_response) and axum's `into_response` create. If a layer drops that
    /// extension, and on other servers, the body ends in the error [`ProducerError::FailedWithTrailers`]:
    /// axum-trailers-server finds it among the sources of a body's error and sends its trailers if it can; other servers
    /// cut the transfer.
    ///
    /// ```
    /// use axum_trailers::{body::{FinishError, Sender}, trailers::Trailers};
    ///
    /// fn lost_at(sender: Sender, row: u64) -> Result<(), FinishError> {
    ///     let mut trailers = Trailers::new();
    ///     trailers.insert("grpc-status", 13)?; // both are declared
    ///     trailers.insert("grpc-message", format!("Database connection lost at row {row}"))?;
    ///     sender.fail_with_trailers(trailers)
    /// }
    /// # let _ = lost_at;
    /// ```
    ///
    /// # Errors
    ///
    /// [`FinishError`] if a field is forbidden or undeclared, or the trailers are empty: the body then ends in
    /// [`ProducerError::Refused`]. Also if the reader is gone; that error can be ignored.
    pub fn fail_with_trailers(self, trailers: impl IntoTrailers) -> Result<(), FinishError> {
        let checked = trailers.into_trailers().map_err(FinishError::from).and_then(|trailers| {
            self.all_declared(&trailers)?;
            if trailers.is_empty() { Err(FinishError::SaysNothing) } else { Ok(trailers) }
        });
        let shared = self.shared.clone();
        let reporting = checked.as_ref().ok().map(Trailers::declared);
        self.end(checked, || reporting.into_iter().for_each(|fields| shared.mark.set(fields)))
    }

    fn all_declared(&self, trailers: &Trailers) -> Result<(), FinishError> {
        match trailers.as_map().keys().find(|name| !self.shared.declaration.permits(name)) {
            Some(name) => Err(FinishError::Undeclared { name: name.clone() }),
            None => Ok(()),
        }
    }

    fn none_missing(&self, trailers: &Trailers) -> Result<(), FinishError> {
        match self.shared.declaration.required_fields().missing_in(trailers.as_map()) {
            Some(name) => Err(FinishError::Missing { name }),
            None => Ok(()),
        }
    }

    fn none_of_a_failure(&self, trailers: &Trailers) -> Result<(), FinishError> {
        let Some(fields) = self.shared.declaration.failure_fields() else { return Ok(()) };
        match trailers.as_map().keys().find(|name| fields.contains(name)) {
            Some(name) => Err(FinishError::ReportsFailure { name: name.clone() }),
            None => Ok(()),
        }
    }

    /// `notes` runs if the body ends with these trailers.
    fn end(
        mut self,
        trailers: Result<Trailers, FinishError>,
        notes: impl FnOnce(),
    ) -> Result<(), FinishError> {
        self.has_ended = true;
        match trailers {
            Ok(trailers) => self.shared.queue.end(Ok(trailers), notes).map_err(|not_ended| match not_ended {
                NotEnded::ReaderGone => FinishError::ReaderGone,
                NotEnded::Failed => FinishError::AlreadyFailed,
            }),
            Err(refused) => {
                self.end_in(ProducerError::Refused(refused.clone()));
                Err(refused)
            }
        }
    }

    fn end_in(&mut self, error: ProducerError) {
        self.has_ended = true;
        // The body may have ended before, or nobody reads it.
        let _ended = self.shared.queue.end(Err(error), || {});
    }

    /// Waits until the reader is gone, for producers that wait for something other than [`send`](Self::send).
    pub async fn closed(&self) {
        self.shared.queue.closed().await;
    }

    /// Whether the reader is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.queue.is_closed()
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        if !self.has_ended {
            self.end_in(ProducerError::Gone);
        }
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, ProducerError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.shared.queue.poll_next(cx)
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        self.shared.queue.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;

    #[tokio::test]
    async fn chunks_repeat_the_end() {
        let (sender, body) = channel(1024, Declaration::default());
        drop(sender);
        let mut chunks = body.into_stream();
        assert!(matches!(chunks.next().await, Some(Err(ProducerError::Gone))));
        assert!(chunks.next().await.is_none());
        assert!(chunks.next().await.is_none());
    }
}
