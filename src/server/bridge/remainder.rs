use super::content::Content;
use crate::body::CHUNK_OVERHEAD;
use futures_util::FutureExt;
use hyper::body::{Body, Bytes};
use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::task::yield_now;

/// What becomes of a request's content over HTTP/1.1 that its handler does not read to the end.
///
/// The next request begins behind it. So a response that leaves before the end is known says `Connection: close`
/// ([RFC 9112 §9.6](https://www.rfc-editor.org/rfc/rfc9112#section-9.6)), unless the handler still reads. If that lets go of
/// it once the response has left, the rest is read.
///
/// There is none without content, and over HTTP/2, where streams end by themselves.
#[derive(Clone, Default)]
pub(super) struct Remainder(Option<Arc<Mutex<State>>>);

/// The end of it that reads.
pub(super) struct Reading(Remainder);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The handler may still read it.
    Wanted,
    /// The handler has let go of it, and what is here already is read.
    LetGo,
    Ended,
    /// Nobody reads it.
    Left,
    /// The response has left while the handler could read.
    Answered,
}

impl Remainder {
    pub(super) fn new() -> (Self, Reading) {
        let remainder = Self(Some(Arc::new(Mutex::new(State::Wanted))));
        (remainder.clone(), Reading(remainder))
    }

    /// That of a request which no handler sees.
    pub(super) fn left(content: &Content) -> Self {
        let is_left = content.is_of_http1() && !content.is_end_stream();
        Self(is_left.then(|| Arc::new(Mutex::new(State::Left))))
    }

    fn state(&self) -> State {
        let state = self.0.as_ref().map(|state| *state.lock().unwrap_or_else(PoisonError::into_inner));
        state.unwrap_or(State::Ended)
    }

    fn set(&self, to: State) {
        if let Some(state) = &self.0 {
            *state.lock().unwrap_or_else(PoisonError::into_inner) = to;
        }
    }

    /// Whether the handler may still read, unless it has let go of it just now.
    pub(super) fn is_wanted(&self) -> bool {
        self.state() == State::Wanted
    }

    /// Whether it will be known at once what becomes of it.
    pub(super) fn is_undecided(&self) -> bool {
        self.state() == State::LetGo
    }

    /// Notes that the response leaves, and says whether the connection ends with it.
    pub(super) fn ends_connection(&self) -> bool {
        if self.is_wanted() {
            self.set(State::Answered);
        }
        self.state() == State::Left
    }
}

impl Reading {
    /// Notes that it was read to its end.
    pub(super) fn ended(&self) {
        self.0.set(State::Ended);
    }

    /// Takes what the handler has let go of.
    pub(super) async fn let_go(self, content: Content) {
        if self.0.state() == State::Answered {
            content.forget().await;
        } else if !content.awaits_continue() {
            self.0.set(State::LetGo);
            if is_here_to_its_end(content).await {
                self.ended();
            }
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if self.0.state() != State::Ended {
            self.0.set(State::Left);
        }
    }
}

/// How often in a row to look in vain for more of what is here: hyper takes turns with the task that looks.
const LOOKS: u32 = 4;

/// The most that is read so that the connection can stay open, in bytes, [`CHUNK_OVERHEAD`] for each chunk among them.
const LARGEST: usize = 64 * 1024;

async fn is_here_to_its_end<B: Body<Data = Bytes> + Unpin>(mut content: B) -> bool {
    let (mut read, mut looks) = (0, 0);
    while looks < LOOKS && read <= LARGEST {
        match poll_fn(|cx| Pin::new(&mut content).poll_frame(cx)).now_or_never() {
            Some(None) => return true,
            Some(Some(Err(_broken))) => return false,
            Some(Some(Ok(frame))) => {
                looks = 0;
                read += CHUNK_OVERHEAD + frame.data_ref().map_or(0, Bytes::len);
            }
            None => {
                looks += 1;
                yield_now().await;
            }
        }
    }
    false
}
