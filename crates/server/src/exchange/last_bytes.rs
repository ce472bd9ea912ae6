//! The steps of a response body that wait until earlier data is sent: its failure, and what its handler has asked for.

use super::{
    body_failure::BodyFailed,
    on_request::{Breaking, BrokenOnRequest, Fate, send_by_transport},
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
    Waiting(Pin<Box<Sleep>>, Box<Then>),
    /// The transport cuts the last piece.
    Cut,
    Ended,
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

/// How long that takes.
const SENDING: Duration = Duration::from_millis(10);

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
                self.exchange.broken_on_request(breaking.error());
                self.wait(Then::Cut(breaking, piece));
                None
            }
        }
    }

    pub(super) fn break_off(&mut self, breaking: Breaking) {
        self.exchange.broken_on_request(breaking.error());
        self.wait(Then::Break(breaking));
    }

    pub(super) fn wait(&mut self, then: Then) {
        self.phase = Phase::Waiting(Box::pin(sleep(SENDING)), Box::new(then));
    }

    /// What follows the content are its trailers, unless the response is broken on request.
    pub(super) fn content_ended(&mut self) {
        if let Some(breaking) = self.breaking {
            self.break_off(breaking);
        } else if self.is_short() && self.exchange.version() < Version::HTTP_2 {
            self.wait(Then::Break(Breaking::CLOSE));
            self.exchange.broken_on_request(BrokenOnRequest::Short);
        } else {
            self.phase = Phase::Trailers;
        }
    }

    pub(super) fn poll_waiting(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Phase::Waiting(wait, _) = &mut self.phase else {
            return Poll::Pending;
        };
        ready!(wait.as_mut().poll(cx));
        let Phase::Waiting(_, then) = mem::replace(&mut self.phase, Phase::Ended) else {
            return Poll::Pending;
        };
        Poll::Ready(match *then {
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
