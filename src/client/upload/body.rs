use super::{
    plan::Plan,
    reader::{self, Piece},
    sending::Sending,
    source::{Opened, Source},
};
use crate::client::{
    outgoing::{MakeBody, RequestBody},
    verbose,
};
use axum_trailers::BoxError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::{
    sync::mpsc::Receiver,
    time::{Sleep, sleep},
};

/// The content of a request, and of its repetition after a redirect.
pub(in crate::client) struct Content {
    source: Source,
    plan: Plan,
    sending: Sending,
}

impl Content {
    pub(in crate::client) fn new(source: Source, plan: Plan, sending: Sending) -> Self {
        Self { source, plan, sending }
    }
}

impl MakeBody for Content {
    fn make(&mut self) -> Result<RequestBody, String> {
        let opened = self.source.open()?;
        self.sending.begin();
        Ok(ContentBody::new(opened, self.plan.clone(), self.sending.clone()).boxed_unsync())
    }
}

/// Content on its way to the connection. Nothing is read before the connection asks for it: then standard input can still
/// be sent elsewhere if the server redirects the request.
struct ContentBody {
    phase: Phase,
    /// The announced length that remains, in bytes.
    remaining: Option<u64>,
    plan: Plan,
    /// A piece that waits for the pause to end.
    held: Option<Piece>,
    pause: Option<Pin<Box<Sleep>>>,
    sending: Sending,
}

enum Phase {
    Opened(Box<Opened>),
    Reading(Receiver<Piece>),
    Ended,
}

impl ContentBody {
    fn new(opened: Opened, plan: Plan, sending: Sending) -> Self {
        let remaining = plan.length(opened.length);
        let mut body = Self {
            phase: Phase::Opened(Box::new(opened)),
            remaining,
            plan,
            held: None,
            pause: None,
            sending,
        };
        if remaining == Some(0) {
            body.sending.set_digest(body.plan.known_digest().cloned());
            body.end();
        }
        body
    }

    fn end(&mut self) {
        self.phase = Phase::Ended;
        self.sending.complete();
    }

    fn take(&mut self, piece: Piece) -> Option<Result<Frame<Bytes>, BoxError>> {
        match piece {
            Piece::Data(data) => Some(Ok(self.take_data(data))),
            Piece::End(trailers) => {
                self.end();
                if self.plan.is_verbose {
                    verbose::request_trailers([&trailers, &self.plan.unchecked_trailers]);
                }
                (!trailers.is_empty()).then(|| Ok(Frame::trailers(trailers)))
            }
            Piece::Failed(reason) => {
                self.phase = Phase::Ended;
                self.sending.fail(&reason);
                Some(Err(reason.into()))
            }
        }
    }

    fn take_data(&mut self, data: Bytes) -> Frame<Bytes> {
        self.sending.add(data.len());
        self.pause = self.plan.pieces.delay.map(|delay| Box::pin(sleep(delay)));
        if let Some(remaining) = &mut self.remaining {
            // The reader compares the lengths before it sends the last piece.
            *remaining = remaining.saturating_sub(data.len() as u64);
            if *remaining == 0 {
                self.end();
            }
        }
        Frame::data(data)
    }

    /// Whether this piece must follow the one before it after a pause.
    fn is_paced(&self, piece: &Piece) -> bool {
        match piece {
            Piece::Data(_) => true,
            Piece::End(trailers) => !trailers.is_empty() || !self.plan.unchecked_trailers.is_empty(),
            Piece::Failed(_) => false,
        }
    }
}

impl Body for ContentBody {
    type Data = Bytes;
    type Error = BoxError;

    /// Each chunk over HTTP/1.1 is one piece, because hyper writes one for each frame.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Phase::Opened(_) = this.phase
            && let Phase::Opened(opened) = std::mem::replace(&mut this.phase, Phase::Ended)
        {
            let pieces = reader::spawn(*opened, this.plan.clone(), this.remaining, this.sending.clone());
            this.phase = Phase::Reading(pieces);
        }
        let Phase::Reading(pieces) = &mut this.phase else { return Poll::Ready(None) };
        let piece = match this.held.take() {
            Some(piece) => piece,
            None => match ready!(pieces.poll_recv(cx)) {
                Some(piece) => piece,
                None => Piece::Failed("the thread that reads the content has ended".to_owned()),
            },
        };
        if this.is_paced(&piece)
            && let Some(pause) = &mut this.pause
            && pause.as_mut().poll(cx).is_pending()
        {
            this.held = Some(piece);
            return Poll::Pending;
        }
        Poll::Ready(this.take(piece))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.phase, Phase::Ended)
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
