//! The steps of a response body that wait until earlier data is sent: its failure, and what its handler has asked for.

use super::{
    body_failure::BodyFailed,
    exchange::Exchange,
    overrides::{Breaking, BrokenByHandler, Fate, send_by_transport},
    response_body::ResponseBody,
};
use axum_trailers::BoxError;
use bytes::Bytes;
use http::{HeaderMap, Version};
use http_body::Frame;
use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Sleep, sleep};

/// How far a response body has come.
pub(super) enum Phase {
    Data,
    Trailers,
    /// Earlier data is sent first.
    Waiting(Box<Waiting>),
    /// The transport ends the connection with the piece that was the last one. If the client's window is closed, nobody but
    /// the watchdog ends it.
    Cut,
    Ended,
}

/// A step that waits.
pub(super) struct Waiting {
    timer: Pin<Box<Sleep>>,
    /// How often hyper had written all it had when the wait began.
    writes: usize,
    then: Then,
}

/// What happens once earlier data is sent.
pub(super) enum Then {
    Fail,
    Break(Breaking),
    /// Half of this piece is sent.
    Cut(Breaking, Bytes),
    /// The transport sends these trailers. They may report a failure.
    Trailers(HeaderMap, bool),
}

/// How long that takes. hyper does not report it.
const SENDING: Duration = Duration::from_millis(10);

impl Waiting {
    /// Whether hyper has not written everything before this step, which the transport takes part in. Over HTTP/2 the frames of
    /// other streams may be in between anyway.
    fn is_for_hyper(&self, exchange: &Exchange) -> bool {
        let is_exact = !matches!(self.then, Then::Fail) && exchange.version() < Version::HTTP_2;
        is_exact && exchange.connection().interventions().writes() == self.writes
    }
}

impl ResponseBody {
    /// The part of a piece that is sent before the response is broken. `None` if earlier pieces are sent first.
    pub(super) fn piece_before(&mut self, breaking: Breaking, mut piece: Bytes) -> Option<Bytes> {
        match breaking.fate(self.exchange.bytes(), piece.len()) {
            Fate::Sent => Some(piece),
            Fate::Last(bytes) => {
                piece.truncate(bytes);
                self.break_off(breaking);
                (!piece.is_empty()).then_some(piece)
            }
            Fate::Cut => {
                self.exchange.broken_by_handler(breaking.error());
                self.wait(Then::Cut(breaking, piece));
                None
            }
        }
    }

    pub(super) fn break_off(&mut self, breaking: Breaking) {
        self.exchange.broken_by_handler(breaking.error());
        self.wait(Then::Break(breaking));
    }

    pub(super) fn wait(&mut self, then: Then) {
        let writes = self.exchange.connection().interventions().writes();
        self.phase = Phase::Waiting(Box::new(Waiting { timer: Box::pin(sleep(SENDING)), writes, then }));
    }

    /// What follows the content are its trailers, unless the response is broken by its handler.
    pub(super) fn content_ended(&mut self) {
        if let Some(breaking) = self.breaking {
            self.break_off(breaking);
        } else if self.is_short() && self.exchange.version() < Version::HTTP_2 {
            self.wait(Then::Break(Breaking::CLOSE));
            self.exchange.broken_by_handler(BrokenByHandler::Short);
        } else {
            self.phase = Phase::Trailers;
        }
    }

    pub(super) fn poll_waiting(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Phase::Waiting(waiting) = &mut self.phase else {
            return Poll::Pending;
        };
        ready!(waiting.timer.as_mut().poll(cx));
        while waiting.is_for_hyper(&self.exchange) {
            waiting.timer = Box::pin(sleep(SENDING));
            ready!(waiting.timer.as_mut().poll(cx));
        }
        let Phase::Waiting(waiting) = mem::replace(&mut self.phase, Phase::Ended) else {
            return Poll::Pending;
        };
        Poll::Ready(match waiting.then {
            Then::Fail => Some(Err(BodyFailed.into())),
            Then::Break(breaking) => {
                breaking.begin(&self.exchange);
                Some(Err(BodyFailed.into()))
            }
            Then::Cut(breaking, piece) => {
                self.phase = Phase::Cut;
                breaking.begin_within(&self.exchange, piece.len(), self.length.advertised().is_none());
                self.exchange.sent_data(piece.len() / 2);
                Some(Ok(Frame::data(piece)))
            }
            Then::Trailers(trailers, failed) => {
                send_by_transport(&self.exchange, &trailers);
                self.end();
                if failed {
                    self.exchange.reported_in_trailers();
                }
                self.exchange.sent_trailers(&trailers);
                None
            }
        })
    }
}
