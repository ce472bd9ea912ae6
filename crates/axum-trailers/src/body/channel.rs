use super::{
    StreamBody,
    ending::{FinishError, ProducerError},
    queue::{Queue, Refused},
};
use crate::trailers::{Declared, Trailers, server::FailureMark};
use axum_core::BoxError;
use bytes::Bytes;
use futures_util::Stream;
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
/// them in its `Trailer` field.
///
/// **A producer must finish.** If the sender is dropped before (the producer returned early, panicked or was
/// cancelled), the body ends in the error [`ProducerError::Gone`]: HTTP/2 resets the stream, HTTP/1.1 closes the
/// connection without the last chunk, and no client mistakes the part for the whole. A producer that fails can report
/// the reason with [`fail`](Sender::fail) or [`fail_with_trailers`](Sender::fail_with_trailers).
///
/// # Panics
///
/// If `capacity` is zero.
///
/// # Example
///
/// ```
/// use axum::response::IntoResponse;
/// use axum_trailers::{body, trailers::{Declared, Trailers}};
///
/// async fn rows() -> impl IntoResponse {
///     let declared = Declared::new(["x-row-count"]).expect("a permitted field");
///     let (mut sender, body) = body::channel(64 * 1024, declared);
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
pub fn channel(capacity: usize, declared: Declared) -> (Sender, StreamBody<Chunks>) {
    assert!(capacity > 0, "a channel without capacity carries nothing");
    let failure = (!declared.is_empty()).then(FailureMark::default);
    let shared = Arc::new(Shared { queue: Queue::new(capacity), declared, failure });
    let (sender, producer) = (Sender { shared: shared.clone() }, Producer { shared: shared.clone() });
    (sender, StreamBody::of_producer(Chunks { shared }, producer))
}

/// The state that both ends of a channel share.
#[derive(Debug)]
struct Shared {
    queue: Queue,
    declared: Declared,
    /// `None` if no field is declared, because no trailer could report a failure.
    failure: Option<FailureMark>,
}

/// The producer's end of a [`channel`].
#[derive(Debug)]
pub struct Sender {
    shared: Arc<Shared>,
}

/// A body's view of the producer that feeds it.
#[derive(Debug)]
pub(super) struct Producer {
    shared: Arc<Shared>,
}

impl Producer {
    pub(super) fn declared(&self) -> &Declared {
        &self.shared.declared
    }

    /// The mark for a failure reported in trailers, if any are declared.
    pub(super) fn failure(&self) -> Option<&FailureMark> {
        self.shared.failure.as_ref()
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failure().is_some_and(FailureMark::is_set)
    }

    /// The error for a reader that would mistake the trailers of a failure for those of a complete body.
    pub(super) fn unwatched_failure(&self) -> Option<ProducerError> {
        let failure = self.failure().filter(|failure| failure.is_set() && !failure.is_watched());
        failure.and_then(|_| self.take_trailers()).map(ProducerError::FailedWithTrailers)
    }

    /// The number of bytes that are ready.
    pub(super) fn ready_bytes(&self) -> u64 {
        self.shared.queue.bytes() as u64
    }

    pub(super) fn take_trailers(&self) -> Option<Trailers> {
        self.shared.queue.take_trailers()
    }
}

/// The stream inside the [`StreamBody`] of a [`channel`]: the chunks as they were sent.
#[derive(Debug)]
pub struct Chunks {
    shared: Arc<Shared>,
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

    /// Ends the body with these trailers, which follow the last chunk.
    ///
    /// Pass [`Trailers`], or a [`HeaderMap`](http::HeaderMap), which is checked here.
    ///
    /// # Errors
    ///
    /// [`FinishError`] if a field is forbidden or the trailers differ from the declared ones: the body then ends in
    /// [`ProducerError::Refused`]. Also if the reader is gone; that error can be ignored.
    pub fn finish<T>(self, trailers: T) -> Result<(), FinishError>
    where
        T: TryInto<Trailers>,
        FinishError: From<T::Error>,
    {
        let checked = trailers.try_into().map_err(FinishError::from).and_then(|trailers| {
            self.all_declared(&trailers)?;
            self.none_missing(&trailers)?;
            Ok(trailers)
        });
        self.end(checked)
    }

    /// Ends the body in an error: after the chunks sent so far, the client gets a **cut transfer**.
    ///
    /// HTTP/2 resets the stream with `INTERNAL_ERROR`, HTTP/1.1 closes the connection without the last chunk. The
    /// reason only goes to the server's log.
    pub fn fail(self, reason: impl Into<BoxError>) {
        self.shared.queue.end(Err(ProducerError::Failed(reason.into())));
    }

    /// Ends the body as failed and reports it in **trailers**. With axum-trailers-server the client gets a complete,
    /// well-formed message, as gRPC ends one with `grpc-status`; with other servers, a cut transfer.
    ///
    /// Declared fields may be missing, because their values may be unknown after a failure. Trailers from
    /// [`set_trailers`](StreamBody::set_trailers) are left out, and a digest layer adds no digest of incomplete
    /// content. See [the module](crate::body#failures-in-the-middle) for what clients notice.
    ///
    /// If the trailers can't be sent (HTTP/1.1 without `TE: trailers`), axum-trailers-server cuts the transfer
    /// instead. It detects the failure by an extension of the response that
    /// [`into_response`](axum_core::response::IntoResponse) creates. If a layer drops that extension, and on other
    /// servers, the body ends in the error [`ProducerError::FailedWithTrailers`]: axum-trailers-server finds it among
    /// the sources of a body's error and sends its trailers if it can; other servers cut the transfer.
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
    pub fn fail_with_trailers<T>(self, trailers: T) -> Result<(), FinishError>
    where
        T: TryInto<Trailers>,
        FinishError: From<T::Error>,
    {
        let checked = trailers.try_into().map_err(FinishError::from).and_then(|trailers| {
            self.all_declared(&trailers)?;
            if trailers.is_empty() { Err(FinishError::SaysNothing) } else { Ok(trailers) }
        });
        if let (Ok(trailers), Some(failure)) = (&checked, &self.shared.failure) {
            failure.set(trailers.declared());
        }
        self.end(checked)
    }

    fn all_declared(&self, trailers: &Trailers) -> Result<(), FinishError> {
        match trailers.as_map().keys().find(|name| !self.shared.declared.contains(name)) {
            Some(name) => Err(FinishError::Undeclared { name: name.clone() }),
            None => Ok(()),
        }
    }

    fn none_missing(&self, trailers: &Trailers) -> Result<(), FinishError> {
        match self.shared.declared.missing_in(trailers.as_map()) {
            Some(name) => Err(FinishError::Missing { name }),
            None => Ok(()),
        }
    }

    fn end(self, trailers: Result<Trailers, FinishError>) -> Result<(), FinishError> {
        match trailers {
            Ok(_) if self.is_closed() => Err(FinishError::ReaderGone),
            Ok(trailers) => {
                self.shared.queue.end(Ok(trailers));
                Ok(())
            }
            Err(refused) => {
                self.shared.queue.end(Err(ProducerError::Refused(refused.clone())));
                Err(refused)
            }
        }
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
        self.shared.queue.end(Err(ProducerError::Gone));
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
    use crate::trailers::{ForbiddenReason, TrailerError, server::read_as_server};
    use axum::response::IntoResponse;
    use axum_trailers_testing::{fields, read_by_contract};
    use futures_util::{FutureExt, StreamExt};
    use http::{HeaderMap, HeaderName, HeaderValue};
    use http_body::Body;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    type End = fn(Sender, HeaderMap) -> Result<(), FinishError>;

    const CAPACITY: usize = 1024;
    const CHUNK: usize = CAPACITY / 4 - CHUNK_OVERHEAD;

    fn undeclared() -> (Sender, StreamBody<Chunks>) {
        channel(CAPACITY, Declared::none())
    }

    async fn all(body: &mut StreamBody<Chunks>) -> Vec<Result<Bytes, String>> {
        let mut chunks = Vec::new();
        while let Some(chunk) = body.data().await {
            chunks.push(chunk.map_err(|error| error.to_string()));
        }
        chunks
    }

    #[tokio::test]
    async fn finished_body_ends_with_its_trailers() {
        let (mut sender, mut body) = channel(CAPACITY, Declared::new(["x-row-count"]).expect("permitted"));
        sender.send("a").await.expect("room");
        sender.send("b").await.expect("room");
        let mut trailers = Trailers::new();
        trailers.insert("x-row-count", 2).expect("permitted");
        sender.finish(trailers).expect("as declared");

        assert_eq!(all(&mut body).await, [Ok(Bytes::from("a")), Ok(Bytes::from("b"))]);
        let trailers = body.trailers().await.expect("no error").expect("trailers");
        assert_eq!(trailers["x-row-count"], HeaderValue::from(2));
    }

    #[tokio::test]
    async fn dropped_sender_is_an_error_for_the_reader() {
        let (mut sender, mut body) = undeclared();
        sender.send("a").await.expect("room");
        drop(sender);
        let chunks = all(&mut body).await;
        assert_eq!(chunks[0], Ok(Bytes::from("a")));
        assert!(chunks[1].as_ref().is_err_and(|error| error.contains("the producer stopped")), "{chunks:?}");
        assert_eq!(chunks.len(), 2, "an error is the last thing a body says");
        assert!(body.trailers().await.expect("the end").is_none());
    }

    #[tokio::test]
    async fn producer_that_panics_is_an_error_for_the_reader() {
        let (mut sender, mut body) = undeclared();
        let producer = tokio::spawn(async move {
            sender.send("a").await.expect("room");
            panic!("on purpose");
        });
        assert!(producer.await.expect_err("panicked").is_panic());
        assert!(all(&mut body).await[1].is_err());
    }

    #[tokio::test]
    async fn refused_ending_is_a_failure_with_its_reason() {
        let declared = || Declared::new(["x-rows"]).expect("permitted");
        let name = |name| HeaderName::from_static(name);
        let reason = ForbiddenReason::MessageFraming;
        let forbidden = TrailerError::Forbidden { name: name("content-length"), reason };
        let undeclared = FinishError::Undeclared { name: name("x-extra") };
        let whole = [("x-rows", "1")];
        let extra = [("x-rows", "1"), ("x-extra", "1")];
        let finish: End = |sender, trailers| sender.finish(trailers);
        let fail: End = |sender, trailers| sender.fail_with_trailers(trailers);
        let cases: [(&str, End, &[_], Option<FinishError>); 8] = [
            ("finish as declared", finish, &whole, None),
            ("finish undeclared", finish, &extra, Some(undeclared.clone())),
            ("finish missing", finish, &[], Some(FinishError::Missing { name: name("x-rows") })),
            ("finish forbidden", finish, &[("content-length", "1")], Some(forbidden.clone().into())),
            ("fail as declared", fail, &whole, None),
            ("fail undeclared", fail, &extra, Some(undeclared)),
            ("fail forbidden", fail, &[("content-length", "1")], Some(forbidden.into())),
            ("fail without a word", fail, &[], Some(FinishError::SaysNothing)),
        ];
        for (case, end, trailers, refused) in cases {
            let (mut sender, body) = channel(CAPACITY, declared());
            sender.send("a").await.expect("room");
            assert_eq!(end(sender, fields(trailers)).err(), refused, "{case}");

            let read = read_as_server(body.into_response());
            assert_eq!(read.content, "a", "{case}");
            assert_eq!(read.trailers.is_some(), refused.is_none(), "{case}");
            let error = read.error.map(|error| error.source().expect("a producer's").to_string());
            let expected = refused.map(|_| "the producer's trailers were rejected".to_owned());
            assert_eq!(error, expected, "{case}");
        }
    }

    #[tokio::test]
    async fn failure_is_reported_by_an_error_with_its_reason() {
        let (mut sender, body) = undeclared();
        sender.send("a").await.expect("room");
        sender.fail("database connection lost");
        let read = read_by_contract(body);
        assert_eq!((&*read.content, read.trailers), ("a", None));
        let error = read.error.expect("an error");
        let failed = error.source().expect("a producer's");
        assert!(matches!(failed.downcast_ref(), Some(ProducerError::Failed(_))), "{failed:?}");
        assert_eq!(failed.source().expect("a reason").to_string(), "database connection lost");
    }

    #[tokio::test]
    async fn failure_is_reported_by_trailers_and_marked() {
        let declared = Declared::new(["x-rows", "grpc-status"]).expect("permitted");
        for failing in [true, false] {
            let (sender, body) = channel(CAPACITY, declared.clone());
            let response = body.into_response();
            let mark = response.extensions().get::<FailureMark>().expect("a mark").clone();
            assert!(!mark.is_set());
            let trailers = fields(&[("grpc-status", "13")]);
            let ended = if failing {
                sender.fail_with_trailers(trailers.clone())
            } else {
                sender.finish(fields(&[("grpc-status", "0"), ("x-rows", "1")]))
            };
            ended.expect("as declared");
            assert_eq!(mark.is_set(), failing);
            let read = read_as_server(response);
            assert!(read.error.is_none());
            assert_eq!(read.trailers == Some(trailers), failing, "what was declared may be missing");
        }
    }

    #[tokio::test]
    async fn failure_is_an_error_with_the_trailers_if_no_server_watches() {
        for (ending, failing) in [("13", true), ("0", false)] {
            let (mut sender, body) = channel(CAPACITY, Declared::new(["grpc-status"]).expect("permitted"));
            sender.send("a").await.expect("room");
            let trailers = fields(&[("grpc-status", ending)]);
            let ended = if failing {
                sender.fail_with_trailers(trailers.clone())
            } else {
                sender.finish(trailers.clone())
            };
            ended.expect("as declared");
            let read = read_by_contract(body);
            assert_eq!(read.content, "a");
            let Some(error) = read.error else {
                assert_eq!((read.trailers, failing), (Some(trailers), false));
                continue;
            };
            assert_eq!((read.trailers, failing), (None, true));
            let failed = error.source().and_then(|error| error.downcast_ref()).expect("a producer's");
            let ProducerError::FailedWithTrailers(reported) = failed else { panic!("{failed:?}") };
            assert_eq!(reported.as_map(), &trailers);
        }
    }

    #[tokio::test]
    async fn send_waits_for_room_in_bytes() {
        let (mut sender, mut body) = undeclared();
        for _ in 0..4 {
            sender.send(vec![0; CHUNK]).await.expect("room");
        }
        assert!(sender.send("x").now_or_never().is_none(), "the capacity is used up");
        body.data().await.expect("a chunk").expect("no error");
        sender.send("x").now_or_never().expect("a chunk's room is free").expect("a reader");
    }

    #[tokio::test]
    async fn tiny_chunks_do_not_exceed_the_capacity() {
        let (mut sender, _body) = undeclared();
        let mut sent = 0;
        while let Some(result) = sender.send("x").now_or_never() {
            result.expect("a reader");
            sent += 1;
        }
        assert_eq!(sent, CAPACITY / (1 + CHUNK_OVERHEAD));
    }

    #[tokio::test]
    async fn chunk_larger_than_the_capacity_goes_alone() {
        let (mut sender, mut body) = undeclared();
        sender.send("x").await.expect("room");
        assert!(sender.send(vec![0; 2 * CAPACITY]).now_or_never().is_none());
        body.data().await.expect("a chunk").expect("no error");
        sender.send(vec![0; 2 * CAPACITY]).await.expect("an empty channel");
        assert_eq!(body.data().await.expect("a chunk").expect("no error").len(), 2 * CAPACITY);
    }

    #[tokio::test]
    async fn waiting_send_ends_when_the_reader_goes() {
        let (mut sender, body) = undeclared();
        sender.send(vec![0; CAPACITY]).await.expect("room");
        let (result, ()) = tokio::join!(sender.send("kept"), async { drop(body) });
        assert_eq!(result, Err(SendError(Bytes::from("kept"))));
        assert!(sender.is_closed());
        sender.closed().await;
        assert_eq!(sender.send("").await, Err(SendError(Bytes::new())));
        assert_eq!(sender.finish(Trailers::new()), Err(FinishError::ReaderGone));
    }

    #[tokio::test]
    async fn cancelled_send_leaves_the_sender_usable() {
        let (mut sender, mut body) = undeclared();
        sender.send(vec![0; CAPACITY]).await.expect("room");
        assert!(sender.send("lost").now_or_never().is_none());
        body.data().await.expect("a chunk").expect("no error");
        sender.send("kept").await.expect("room");
        sender.finish(Trailers::new()).expect("nothing declared");
        assert_eq!(all(&mut body).await, [Ok(Bytes::from("kept"))]);
    }

    /// Neither side ever waits for the other, yet a task beside them runs.
    #[tokio::test]
    async fn both_sides_let_other_tasks_run() {
        const MANY: usize = 1000;
        let beside = || {
            let ran = Arc::new(AtomicBool::new(false));
            tokio::spawn({
                let ran = ran.clone();
                async move { ran.store(true, Relaxed) }
            });
            ran
        };
        let (mut sender, mut body) = channel(MANY * (1 + CHUNK_OVERHEAD), Declared::none());
        let ran = beside();
        for _ in 0..MANY {
            sender.send("x").await.expect("room");
        }
        assert!(ran.load(Relaxed), "beside the producer");
        let ran = beside();
        for _ in 0..MANY {
            body.data().await.expect("a chunk").expect("no error");
        }
        assert!(ran.load(Relaxed), "beside the reader");
    }

    #[tokio::test]
    async fn empty_chunks_are_not_sent() {
        let (mut sender, mut body) = undeclared();
        for _ in 0..10 * CAPACITY {
            sender.send("").now_or_never().expect("takes no room").expect("a reader");
        }
        sender.finish(Trailers::new()).expect("nothing declared");
        assert!(all(&mut body).await.is_empty());
    }

    #[tokio::test]
    async fn chunks_repeat_the_end() {
        let (sender, body) = undeclared();
        drop(sender);
        let mut chunks = body.into_stream();
        assert!(matches!(chunks.next().await, Some(Err(ProducerError::Gone))));
        assert!(chunks.next().await.is_none());
        assert!(chunks.next().await.is_none());
    }

    #[test]
    fn type_facts() {
        fn send_and_sync<T: Send + Sync + Unpin + 'static>() {}
        send_and_sync::<Sender>();
        send_and_sync::<StreamBody<Chunks>>();
        send_and_sync::<SendError>();
    }
}
