use super::{content_source::ContentError, request_content::RequestContent};
use bytes::Bytes;
use http_body::Body;
use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};
use tokio::task::yield_now;

/// Handles the part of an HTTP/1.1 request's content that its handler does not read.
///
/// The next request begins after it. So a response that is sent before the end of the content is here contains
/// `Connection: close` ([RFC 9112 §9.6](https://www.rfc-editor.org/rfc/rfc9112#section-9.6)), unless the handler still
/// reads. If the handler drops the content after the response was sent, the rest is read.
///
/// Empty without content, and over HTTP/2, where streams end by themselves.
#[derive(Clone, Default)]
pub(crate) struct UnreadContent(Option<Arc<Mutex<Progress>>>);

/// The reading side.
pub(crate) struct Reader(Arc<Mutex<Progress>>);

struct Progress {
    state: State,
    /// The response, which waits until the state is no longer `Draining`.
    response: Option<Waker>,
    /// The reader, which waits for more of the content or for the response.
    reader: Option<Waker>,
}

impl Progress {
    fn new(state: State) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self { state, response: None, reader: None }))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The handler may still read.
    Wanted,
    /// The handler has dropped it. What arrives before the response is sent is read.
    Draining,
    Ended,
    /// Nobody reads it.
    Abandoned,
    /// The response was sent while the handler could still read.
    ResponseSent,
}

impl UnreadContent {
    pub(crate) fn new() -> (Self, Reader) {
        let progress = Progress::new(State::Wanted);
        (Self(Some(progress.clone())), Reader(progress))
    }

    /// For a request that no handler gets.
    pub(crate) fn abandoned(content: &RequestContent) -> Self {
        let is_left = content.delays_next_request() && !content.is_end_stream();
        Self(is_left.then(|| Progress::new(State::Abandoned)))
    }

    /// Whether the handler may still read, unless it has just dropped the content.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.as_ref().is_some_and(|progress| lock(progress).state == State::Wanted)
    }

    /// Notes that the response is about to be sent, and returns whether it ends the connection, once that is decided.
    ///
    /// The handler may drop the content at the same time, on another thread.
    pub(crate) fn poll_ends_connection(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let Some(mut progress) = self.0.as_ref().map(lock) else {
            return Poll::Ready(false);
        };
        if let Some(reader) = progress.reader.take() {
            reader.wake();
        }
        match progress.state {
            State::Draining => {
                progress.response = Some(cx.waker().clone());
                return Poll::Pending;
            }
            State::Wanted => progress.state = State::ResponseSent,
            State::Ended | State::Abandoned | State::ResponseSent => {}
        }
        Poll::Ready(progress.state == State::Abandoned)
    }
}

impl Reader {
    /// Notes that the content was read to its end.
    pub(crate) fn ended(&self) {
        self.set(State::Ended);
    }

    /// Takes over the content that the handler has just dropped, and returns the future that reads it, if it is to be read.
    /// `is_broken` gets its error, before the response is sent.
    pub(crate) fn dropped(
        self,
        content: RequestContent,
        is_broken: impl FnOnce(ContentError),
    ) -> Option<impl Future<Output = ()>> {
        let is_sent = self.begins_to_drain(!content.awaits_continue())?;
        Some(async move {
            if is_sent {
                return content.drain().await;
            }
            match self.read_to_end(content).await {
                Ok(true) => self.ended(),
                Ok(false) => {}
                Err(error) => is_broken(error),
            }
        })
    }

    /// Returns whether the response was sent before, or `None` if nothing is to be read.
    fn begins_to_drain(&self, may_read: bool) -> Option<bool> {
        let mut progress = lock(&self.0);
        match progress.state {
            State::ResponseSent => Some(true),
            State::Ended => None,
            _ if !may_read => None,
            _ => {
                progress.state = State::Draining;
                Some(false)
            }
        }
    }

    /// Reads until the response is about to be sent, and then what is here. Returns whether that was everything.
    async fn read_to_end(&self, mut content: RequestContent) -> Result<bool, ContentError> {
        let (mut bytes, mut chunks, mut looks) = (0, 0, 0);
        while looks < LOOKS && bytes <= BYTES && chunks <= CHUNKS {
            match poll_fn(|cx| self.poll_next(&mut content, cx)).await {
                Next::Ended => return Ok(true),
                Next::Broken(error) => return Err(error),
                Next::Data(length) => (looks, chunks, bytes) = (0, chunks + 1, bytes + length),
                Next::ResponseWaits => {
                    looks += 1;
                    yield_now().await;
                }
            }
        }
        Ok(false)
    }

    fn poll_next(&self, content: &mut RequestContent, cx: &mut Context<'_>) -> Poll<Next> {
        if let Poll::Ready(frame) = Pin::new(content).poll_frame(cx) {
            return Poll::Ready(match frame {
                None => Next::Ended,
                Some(Err(error)) => Next::Broken(error),
                Some(Ok(frame)) => Next::Data(frame.data_ref().map_or(0, Bytes::len)),
            });
        }
        let mut progress = lock(&self.0);
        if progress.response.is_some() {
            return Poll::Ready(Next::ResponseWaits);
        }
        progress.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Also wakes the response, if it waits.
    fn set(&self, state: State) {
        let mut progress = lock(&self.0);
        progress.state = state;
        if let Some(response) = progress.response.take() {
            response.wake();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let state = lock(&self.0).state;
        if state != State::Ended {
            self.set(State::Abandoned);
        }
    }
}

fn lock(progress: &Arc<Mutex<Progress>>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

enum Next {
    Data(usize),
    Ended,
    Broken(ContentError),
    /// Nothing is here, and the response is about to be sent.
    ResponseWaits,
}

/// How many checks in a row may find nothing: hyper takes turns with the task that checks.
const LOOKS: u32 = 4;

/// The most that is read to keep the connection open: bytes, and chunks.
const BYTES: usize = 64 * 1024;
const CHUNKS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn ends_connection(unread: &UnreadContent) -> Poll<bool> {
        unread.poll_ends_connection(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn response_waits_while_the_content_that_the_handler_has_dropped_is_read() {
        for (is_read, ends) in [(true, false), (false, true)] {
            let (unread, reader) = UnreadContent::new();
            // On another thread, just before the response is sent.
            assert_eq!(reader.begins_to_drain(true), Some(false));
            assert_eq!(ends_connection(&unread), Poll::Pending);
            if is_read {
                reader.ended();
            }
            drop(reader);
            assert_eq!(ends_connection(&unread), Poll::Ready(ends));
        }
    }

    #[test]
    fn response_does_not_wait_for_a_handler_that_may_still_read() {
        let (unread, reader) = UnreadContent::new();
        assert_eq!(ends_connection(&unread), Poll::Ready(false));
        for may_read in [true, false] {
            assert_eq!(reader.begins_to_drain(may_read), Some(true), "the response was sent");
        }
    }

    #[test]
    fn content_that_was_read_to_its_end_is_not_read_again() {
        let (unread, reader) = UnreadContent::new();
        reader.ended();
        assert_eq!(reader.begins_to_drain(true), None);
        drop(reader);
        assert_eq!(ends_connection(&unread), Poll::Ready(false));
    }

    #[test]
    fn content_that_awaits_100_continue_is_not_read() {
        let (unread, reader) = UnreadContent::new();
        assert_eq!(reader.begins_to_drain(false), None);
        drop(reader);
        assert_eq!(ends_connection(&unread), Poll::Ready(true));
    }
}
