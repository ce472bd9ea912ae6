#[cfg(feature = "http3")]
use super::ending::Failure;
use super::{
    body_failure::{FailureUnreportable, LengthBroken, failure, failure_in_trailers},
    exchange::Exchange,
    last_bytes::{Phase, Then},
    overrides::{Breaking, BrokenByHandler, Delivery},
    pieces::Pieces,
    response_plan::{Failures, Length, TrailerPlan},
    section_limit::SectionTooLarge,
    trailer_section::{Permitted, permitted, prepared, unconverted},
};
use crate::connection::{Abandoned, SharedBody};
use axum_trailers::{BoxError, trailers::Trailers};
use bytes::Bytes;
use http::{HeaderMap, Version};
use http_body::{Body, Frame, SizeHint};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tracing::Span;

/// A response's body for hyper 1.x: the chunks, then the trailers if they are sent.
pub(crate) struct ResponseBody {
    body: Arc<SharedBody>,
    pub(super) exchange: Exchange,
    trailers: TrailerPlan,
    pub(super) length: Length,
    failures: Failures,
    pub(super) breaking: Option<Breaking>,
    pub(super) phase: Phase,
    pieces: Pieces,
    /// Whether the transport still has to note that all was sent: over HTTP/3.
    is_unsent: bool,
}

impl ResponseBody {
    pub(super) fn new(
        body: SharedBody,
        mut exchange: Exchange,
        trailers: TrailerPlan,
        length: Length,
        failures: Failures,
        breaking: Option<Breaking>,
    ) -> Self {
        let body = Arc::new(body);
        let ended = length.is_complete_with(&body);
        if ended {
            exchange.complete();
        } else if length.advertised().is_none() {
            exchange.runs_to_close();
        }
        exchange.connection().responses().add(body.clone());
        let phase = if ended { Phase::Ended } else { Phase::Data };
        let is_unsent = exchange.version() == Version::HTTP_3;
        let pieces = Pieces::default();
        Self { body, exchange, trailers, length, failures, breaking, phase, pieces, is_unsent }
    }

    /// Waits until the body is dropped because nobody reads it.
    #[cfg(feature = "http3")]
    pub(crate) fn abandoned(&self) -> impl Future<Output = ()> + use<> {
        let body = self.body.clone();
        async move { body.abandoned().await }
    }

    /// Notes that a section waits for the reader, as content does when it is taken.
    #[cfg(feature = "http3")]
    pub(crate) fn waits_for_reader(&self) {
        self.body.waiting(&self.exchange.connection().activity().epoch());
    }

    /// Notes that the last section or piece was sent.
    #[cfg(feature = "http3")]
    pub(crate) fn note_sent(&mut self) {
        self.is_unsent = false;
    }

    /// Notes that nobody has read the response, perhaps only its trailers.
    #[cfg(feature = "http3")]
    pub(crate) fn stalled(&mut self) {
        self.exchange.abandoned();
    }

    /// Notes that a section was not sent, because the client accepts no more than `limit` bytes.
    #[cfg(feature = "http3")]
    pub(crate) fn section_too_large(&mut self, section: &'static str, size: u64, limit: u64) {
        let error = SectionTooLarge::over_http3(section, size, limit);
        self.exchange.failed(Failure::SectionTooLarge, &error);
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(fault) = self.failures.fault.get() {
            return Poll::Ready(Some(Err(fault.into())));
        }
        let framed_freely = self.is_framed_freely();
        let said = ready!(self.pieces.poll_next(&self.body, framed_freely, cx));
        let said = match (said, self.breaking) {
            (Some(Ok(piece)), Some(breaking)) => match self.piece_before(breaking, piece) {
                Some(piece) => Some(Ok(piece)),
                None => return self.poll_waiting(cx),
            },
            (said, _) => said,
        };
        let taken = said.map(|piece| piece.and_then(|piece| self.take_piece(piece)));
        // hyper does not poll again. If the body already has an error or more content after its last byte, that can
        // still be reported.
        if matches!(self.phase, Phase::Ended) {
            let error = match self.pieces.take_end(&self.body, cx) {
                Some(Err(error)) => error,
                Some(Ok(more)) => self.length_broken_by(self.exchange.bytes() + more.len() as u64),
                None => return Poll::Ready(taken),
            };
            self.phase = Phase::Data;
            return Poll::Ready(Some(Err(error)));
        }
        Poll::Ready(taken)
    }

    /// Whether the client can't see the body's chunks. Over HTTP/1.1 each chunk arrives as one, unless the length is
    /// known.
    fn is_framed_freely(&self) -> bool {
        self.exchange.version() >= Version::HTTP_2 || self.length.advertised().is_some()
    }

    fn take_piece(&mut self, piece: Bytes) -> Result<Frame<Bytes>, BoxError> {
        let sent = self.exchange.bytes() + piece.len() as u64;
        if self.length.promised().is_some_and(|promised| sent > promised) {
            return Err(self.length_broken_by(sent));
        }
        self.exchange.sent_data(piece.len());
        self.body.waiting(&self.exchange.connection().activity().epoch());
        if self.is_all_that_hyper_takes() {
            self.end();
        }
        Ok(Frame::data(piece))
    }

    fn poll_trailers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<HeaderMap>, BoxError>> {
        if !self.keeps_its_length() {
            return Poll::Ready(Err(self.length_broken()));
        }
        let failed = self.failures.has_failed();
        let TrailerPlan::Sent { announced, outdated, are_relayed, delivery } = &self.trailers else {
            return Poll::Ready(if failed { Err(FailureUnreportable.into()) } else { Ok(None) });
        };
        let mut trailers = ready!(self.body.poll_trailers(cx))
            .map_err(unconverted)?
            .map(prepared)
            .transpose()?
            .unwrap_or_default();
        if *delivery == Delivery::Never {
            return Poll::Ready(if failed { Err(FailureUnreportable.into()) } else { Ok(None) });
        }
        for name in outdated {
            trailers.remove(name);
        }
        let may_lack = |name: &str| failed || self.failures.may_lack(name);
        for name in announced.iter().filter(|name| !trailers.contains_key(*name) && !may_lack(name)) {
            if *are_relayed {
                tracing::info!(name, "relayed trailer field was announced but not sent");
            } else {
                tracing::warn!(name, "announced trailer field was not sent");
            }
        }
        let sent = permitted(trailers, announced, *are_relayed, *delivery, self.exchange.version());
        let sent = self.take_permitted(sent);
        Poll::Ready(if self.failures.are_reported_in(&sent) {
            self.section(sent)
        } else {
            Err(FailureUnreportable.into())
        })
    }

    fn take_permitted(&mut self, permitted: Permitted) -> HeaderMap {
        if permitted.lacks_unannounced {
            self.exchange.withheld_unannounced();
        }
        permitted.section
    }

    fn section(&self, fields: HeaderMap) -> Result<Option<HeaderMap>, BoxError> {
        SectionTooLarge::check_trailers(self.exchange.connection(), &fields)?;
        Ok((!fields.is_empty()).then_some(fields))
    }

    /// The trailers of a failure that the body has returned as an error, if they can be sent.
    fn failure_section(&mut self, trailers: &Trailers) -> Result<Option<HeaderMap>, BoxError> {
        let TrailerPlan::Sent { announced, are_relayed, delivery, .. } = &self.trailers else {
            return Err(FailureUnreportable.into());
        };
        let section = trailers.as_map().clone();
        let delivery = *delivery;
        let sent = permitted(section, announced, *are_relayed, delivery, self.exchange.version());
        let sent = self.take_permitted(sent);
        if delivery != Delivery::Never && self.keeps_its_length() && trailers.declared().are_all_in(&sent) {
            self.section(sent)
        } else {
            Err(FailureUnreportable.into())
        }
    }

    /// Over HTTP/1.x hyper drops a body of known length after its last byte, without polling its end.
    fn is_all_that_hyper_takes(&self) -> bool {
        let is_last = self.length.advertised() == Some(self.exchange.bytes());
        is_last && !self.pieces.has_rest() && self.exchange.version() < Version::HTTP_2
    }

    fn keeps_its_length(&self) -> bool {
        match self.length {
            Length::AtMost(_) | Length::Unknown => true,
            Length::Advertised(promised) | Length::Enforced(promised) => self.exchange.bytes() == promised,
        }
    }

    /// Whether the content has ended before its length, as its handler has asked.
    pub(super) fn is_short(&self) -> bool {
        matches!(self.length, Length::AtMost(length) if length > self.exchange.bytes())
    }

    fn length_broken(&self) -> BoxError {
        self.length_broken_by(self.exchange.bytes())
    }

    fn length_broken_by(&self, sent: u64) -> BoxError {
        LengthBroken { sent, promised: self.length.promised().unwrap_or_default() }.into()
    }

    /// Ends with these trailers, which may report that the response failed.
    fn end_with(
        &mut self,
        trailers: Result<Option<HeaderMap>, BoxError>,
        failed: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let trailers = match trailers {
            Ok(trailers) => trailers,
            Err(error) => return self.fail(&error, cx),
        };
        if let TrailerPlan::Sent { delivery: Delivery::ByTransport, .. } = self.trailers
            && let Some(trailers) = trailers
        {
            self.wait(Then::Trailers(trailers, failed));
            return self.poll_waiting(cx);
        }
        self.end();
        if failed {
            self.exchange.reported_in_trailers();
        } else if self.is_short() {
            self.exchange.broken_by_handler(BrokenByHandler::Short);
        }
        Poll::Ready(trailers.map(|trailers| {
            self.exchange.sent_trailers(&trailers);
            Ok(Frame::trailers(trailers))
        }))
    }

    pub(super) fn end(&mut self) {
        self.phase = Phase::Ended;
        self.exchange.complete();
    }

    /// When the body fails, hyper drops what it has not sent yet, even the header section, and does not report when it
    /// has sent it. After a short delay it has.
    fn fail(
        &mut self,
        error: &BoxError,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.wait(Then::Fail);
        if error.is::<Abandoned>() {
            self.exchange.abandoned();
        } else {
            self.exchange.failed(failure(error), &**error);
        }
        self.poll_waiting(cx)
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let span = this.exchange.span().cloned();
        let _in_it = span.as_ref().map(Span::enter);
        this.body.polled();
        if let Phase::Waiting(_) | Phase::Cut = this.phase {
            return this.poll_waiting(cx);
        }
        if let Phase::Data = this.phase {
            match ready!(this.poll_data(cx)) {
                Some(Err(error)) => {
                    return match failure_in_trailers(&*error) {
                        Some(trailers) => {
                            let section = this.failure_section(trailers);
                            this.end_with(section, true, cx)
                        }
                        None => this.fail(&error, cx),
                    };
                }
                Some(frame) => return Poll::Ready(Some(frame)),
                None => this.content_ended(),
            }
        }
        if let Phase::Waiting(_) = this.phase {
            return this.poll_waiting(cx);
        }
        if let Phase::Trailers = this.phase {
            let trailers = ready!(this.poll_trailers(cx));
            return this.end_with(trailers, this.failures.has_failed(), cx);
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.phase, Phase::Ended)
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            Length::Advertised(length) => SizeHint::with_exact(length.saturating_sub(self.exchange.bytes())),
            Length::Enforced(_) | Length::AtMost(_) | Length::Unknown => SizeHint::default(),
        }
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        match self.phase {
            Phase::Ended if self.is_unsent => self.exchange.unsent(),
            Phase::Ended => {}
            _ if self.body.is_abandoned() => self.exchange.abandoned(),
            _ => {}
        }
        self.exchange.connection().responses().remove(&self.body);
    }
}
