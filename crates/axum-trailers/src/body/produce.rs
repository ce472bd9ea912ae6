use super::{
    ProducerError, StreamBody,
    channel::{Chunks, Sender, ends},
};
use crate::{BoxError, trailers::Declaration};
use bytes::Bytes;
use futures_util::Stream;
use pin_project_lite::pin_project;
use std::{
    error::Error,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::task::coop;

/// Creates a body that runs its producer itself, without a task.
///
/// `producer` gets the [`Sender`] and returns a future. The body polls that future whenever it has no chunk left.
/// `capacity` and `declared` are those of [`channel`](super::channel()): the producer may send chunks of `capacity` bytes
/// before the reader takes one, then [`send`](Sender::send) waits.
///
/// - **Nothing runs while the reader stalls.** What the producer holds at an `.await` stays open: a lock, a transaction,
///   a connection of a pool. If that must not be, spawn a task with a [`channel`](super::channel()).
/// - **If the reader leaves, the producer is dropped** at an `.await`. It gets no error from `send` then.
/// - **Ending the body is the producer's last act.** Once the reader has the end, the producer is dropped, so code after
///   [`finish`](Sender::finish) runs at most up to its next `.await`. Commit a transaction before.
///
/// If the producer returns an error, the error is logged, and the body ends in [`ProducerError::Failed`]: a **cut
/// transfer**, as with [`fail`](Sender::fail). If the producer has ended the body before, the error is only logged. If it
/// returns `Ok` without ending the body, or panics, the body ends in an error as well ([`ProducerError::Gone`]).
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
///     body::produce(64 * 1024, declared!["x-row-count"], |mut sender| async move {
///         let mut trailers = Trailers::new();
///         for row in 0..3 {
///             sender.send(format!("row {row}\n")).await?;
///         }
///         trailers.insert("x-row-count", 3)?;
///         sender.finish(trailers)?;
///         Ok(())
///     })
/// }
/// # let _ = rows;
/// ```
#[track_caller]
pub fn produce<F, Fut>(
    capacity: usize,
    declared: impl Into<Declaration>,
    producer: F,
) -> StreamBody<Produced<Fut>>
where
    F: FnOnce(Sender) -> Fut,
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    let (sender, chunks) = ends(capacity, declared.into());
    let view = chunks.producer(true);
    let stream = Produced { producer: Some(producer(sender)), turn: Turn::New, chunks };
    StreamBody::of_producer(stream, view)
}

pin_project! {
    /// The stream inside the [`StreamBody`] of [`produce`]: the chunks as they were sent.
    pub struct Produced<Fut> {
        // `None` once it has returned or panicked.
        #[pin]
        producer: Option<Fut>,
        turn: Turn,
        chunks: Chunks,
    }
}

/// What the producer did last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Nothing.
    New,
    /// It is being polled, or has panicked.
    Running,
    Paused,
}

impl<Fut> Produced<Fut>
where
    Fut: Future<Output = Result<(), BoxError>>,
{
    /// After a panic of the producer: the body fails even if the producer had finished it.
    fn give_up(self: Pin<&mut Self>) {
        let mut this = self.project();
        *this.turn = Turn::Paused;
        this.producer.set(None);
        this.chunks.queue().runs_producer(false);
        this.chunks.queue().end_panicked();
    }

    /// Polls the producer, if it has not ended.
    fn run(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let mut this = self.project();
        let Some(producer) = this.producer.as_mut().as_pin_mut() else { return };
        *this.turn = Turn::Running;
        this.chunks.queue().runs_producer(true);
        let returned = producer.poll(cx);
        this.chunks.queue().runs_producer(false);
        *this.turn = Turn::Paused;
        if let Poll::Ready(returned) = returned {
            if let Err(error) = returned {
                tracing::error!(error = &*error as &(dyn Error + 'static), "a body's producer failed");
                this.chunks.queue().end_returned(error);
            }
            this.producer.set(None);
        }
    }
}

impl<Fut> Stream for Produced<Fut>
where
    Fut: Future<Output = Result<(), BoxError>>,
{
    type Item = Result<Bytes, ProducerError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // A producer that never waits must also yield.
        let budget = ready!(coop::poll_proceed(cx));
        let said = self.as_mut().poll_said(cx);
        if said.is_ready() {
            budget.made_progress();
        }
        said
    }
}

impl<Fut> Produced<Fut>
where
    Fut: Future<Output = Result<(), BoxError>>,
{
    fn poll_said(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, ProducerError>>> {
        if self.turn == Turn::Running {
            self.as_mut().give_up();
        }
        if self.turn != Turn::New
            && let Poll::Ready(said) = self.chunks.queue().poll_ready(cx)
        {
            return Poll::Ready(said);
        }
        self.as_mut().run(cx);
        self.chunks.queue().poll_produced(cx)
    }
}

impl<Fut> fmt::Debug for Produced<Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Produced").field("chunks", &self.chunks).finish_non_exhaustive()
    }
}
