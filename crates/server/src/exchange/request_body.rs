use super::{
    content_source::ContentError,
    first_message::FirstMessage,
    pace::Pace,
    request_content::RequestContent,
    request_fault::{FaultCell, RequestFault},
    request_head::check_received,
    unread_content::{Reader, UnreadContent},
};
use crate::connection::Inbound;
use axum_trailers::{
    BoxError,
    trailers::{TrailerLimits, Trailers, TrailersTooLarge},
};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    time::{Instant, Sleep, sleep},
};
use tracing::{Instrument, Span};

/// The content and trailers of a request that an application gets.
///
/// The [`Limits`](crate::Limits) apply while it is read: content that stalls or is too slow, and trailers that are too
/// large, end it in an error, and the server responds with the right status, whatever the application makes of the error.
/// An end without an error is the end of what the client has sent.
///
/// It may be dropped at any time, and read on any thread. `axum_trailers::request::RequestBody::new` reads it with its
/// trailers.
pub struct RequestBody {
    /// `None` after its end, and after an error.
    content: Option<RequestContent>,
    inbound: Arc<Inbound>,
    watch: Watch,
}

/// What is observed while the content is read.
enum Watch {
    /// The request has no content.
    Nothing,
    Content(Box<ContentWatch>),
    /// The content is a gRPC call's messages.
    Call(FirstMessage),
}

struct ContentWatch {
    pace: Pace,
    fault: FaultCell,
    /// `None` if the next request of the connection does not have to wait for this content.
    reader: Option<Reader>,
    wait: Wait,
    /// That of the request, in which the application may read or not.
    span: Option<Span>,
}

/// Measures how long the application waits for the next bytes.
#[derive(Default)]
struct Wait {
    /// When the current step began. `None` while the application does not wait.
    began: Option<Instant>,
    /// `None` until it waits for the first time.
    timer: Option<Pin<Box<Sleep>>>,
}

impl RequestBody {
    /// `span` is the request's. Also returns where the request's fault is recorded, and what happens to the rest of its
    /// content.
    pub(crate) fn new(
        content: RequestContent,
        inbound: Arc<Inbound>,
        span: Option<&Span>,
    ) -> (Self, FaultCell, UnreadContent) {
        if content.is_end_stream() {
            let body = Self { content: Some(content), inbound, watch: Watch::Nothing };
            return (body, FaultCell::default(), UnreadContent::default());
        }
        let fault = FaultCell::empty();
        let (unread, reader) = content.delays_next_request().then(UnreadContent::new).unzip();
        let pace = Pace::new(inbound.limits(), content.awaits_continue_in_vain());
        let (wait, span) = (Wait::default(), span.cloned());
        let watch = ContentWatch { pace, fault: fault.clone(), reader, wait, span };
        let body = Self { content: Some(content), inbound, watch: Watch::Content(Box::new(watch)) };
        (body, fault, unread.unwrap_or_default())
    }

    /// The messages of a gRPC call. Only its first message is awaited for a limited time.
    pub(crate) fn of_call(content: RequestContent, inbound: Arc<Inbound>, first: FirstMessage) -> Self {
        if content.is_end_stream() {
            first.arrived();
        }
        Self { content: Some(content), inbound, watch: Watch::Call(first) }
    }

    /// Like `poll_frame`, but the client's time does not run if nothing is here.
    #[cfg(feature = "axum-06")]
    pub(crate) fn poll_ahead(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.poll::<false>(cx)
    }

    fn poll<const WAITS: bool>(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(self.poll_content::<WAITS>(cx));
        Poll::Ready(frame.map(|frame| frame.map_err(|interrupted| self.interrupted(interrupted))))
    }

    /// `WAITS` is whether the application waits for the next frame.
    fn poll_content<const WAITS: bool>(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Interrupted>>> {
        let Some(content) = &mut self.content else {
            return Poll::Ready(None);
        };
        let frame = Pin::new(&mut *content).poll_frame(cx);
        match &mut self.watch {
            Watch::Content(watch) if WAITS || frame.is_ready() => {
                watch.polled(&frame, &self.inbound, content.runtime(), cx)?;
            }
            Watch::Content(_) | Watch::Nothing => {}
            Watch::Call(first) => first.polled(&frame),
        }
        let frame = ready!(frame).transpose().map_err(|error| Interrupted::of(error, self.limits()))?;
        if frame.as_ref().is_none_or(|frame| frame.is_trailers() || self.is_end_stream()) {
            self.ended();
        }
        Poll::Ready(frame.map(|frame| match frame.into_trailers() {
            Ok(section) => Ok(Frame::trailers(self.checked(section)?)),
            Err(data) => Ok(data),
        }))
    }

    /// Notes the end, perhaps with the last chunk: the application may recognize it, and respond.
    fn ended(&mut self) {
        self.content = None;
        match &self.watch {
            Watch::Content(watch) => watch.reader.iter().for_each(Reader::ended),
            Watch::Call(first) => first.arrived(),
            Watch::Nothing => {}
        }
    }

    /// The trailers without those that RFC 9110 §6.5.1 forbids.
    fn checked(&self, section: HeaderMap) -> Result<HeaderMap, RequestFault> {
        let limits = self.limits();
        if self.inbound.has_large_trailers() {
            // Some of its fields may be missing already.
            return Err(TrailersTooLarge::Size { limit: limits.size }.into());
        }
        check_received(&section).map_err(|_bad| RequestFault::BadTrailers)?;
        Ok(Trailers::from_received(section, limits)?.into_map())
    }

    fn ended_early(&self, reason: &dyn fmt::Display) {
        let span = if let Watch::Content(watch) = &self.watch { watch.span.as_ref() } else { None };
        let _in_it = span.map(Span::enter);
        tracing::debug!(%reason, "request body ended early");
    }

    fn limits(&self) -> TrailerLimits {
        self.inbound.limits().trailers()
    }

    /// Ends it with this error.
    fn interrupted(&mut self, interrupted: Interrupted) -> BoxError {
        self.ended_early(&interrupted);
        self.content = None;
        let watch = std::mem::replace(&mut self.watch, Watch::Nothing);
        match interrupted {
            Interrupted::Fault(fault) => {
                if let Watch::Content(watch) = watch {
                    watch.fault.set(fault);
                }
                fault.into()
            }
            Interrupted::Client(error) => error.into(),
        }
    }
}

impl ContentWatch {
    /// Measures the client's time: while the application waits, and flow control lets the client send. The window may be full
    /// of content that other handlers of the connection do not read.
    fn polled(
        &mut self,
        frame: &Poll<Option<Result<Frame<Bytes>, ContentError>>>,
        inbound: &Inbound,
        runtime: Option<&Handle>,
        cx: &mut Context<'_>,
    ) -> Result<(), RequestFault> {
        match frame {
            Poll::Ready(frame) => {
                let waited = self.wait.end(self.pace.step(), inbound);
                self.pace.came(data_of(frame.as_ref()), waited)
            }
            Poll::Pending => {
                while let Poll::Ready(waited) = self.wait.poll_step(self.pace.step(), inbound, runtime, cx) {
                    self.pace.nothing_came(waited)?;
                }
                Ok(())
            }
        }
    }
}

impl Wait {
    /// Waits until the step is over, and returns how much of it counts.
    fn poll_step(
        &mut self,
        step: Duration,
        inbound: &Inbound,
        runtime: Option<&Handle>,
        cx: &mut Context<'_>,
    ) -> Poll<Duration> {
        if self.began.is_none() {
            let began = Instant::now();
            self.began = Some(began);
            if let Some(timer) = &mut self.timer {
                timer.as_mut().reset(began + step);
            } else {
                // The application's thread may have another runtime, or none.
                let _its_timers = runtime.map(Handle::enter);
                self.timer = Some(Box::pin(sleep(step)));
            }
        }
        if let Some(timer) = &mut self.timer {
            ready!(timer.as_mut().poll(cx));
        }
        Poll::Ready(self.end(step, inbound))
    }

    /// Ends the step, and returns how much of it counts.
    fn end(&mut self, step: Duration, inbound: &Inbound) -> Duration {
        match self.began.take() {
            // If the thread was blocked, or the application did something else, only the step counts.
            Some(began) if inbound.window_is_open() => began.elapsed().min(step),
            _ => Duration::ZERO,
        }
    }
}

/// Why a request's content ends early.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error(transparent)]
    Fault(#[from] RequestFault),
    #[error("the client stopped sending: {0}")]
    Client(#[source] ContentError),
}

impl Interrupted {
    /// The source of the content may have its own limits for a trailer section.
    fn of(error: ContentError, limits: TrailerLimits) -> Self {
        match error {
            ContentError::TrailersTooLarge { limit } => {
                Self::Fault(TrailersTooLarge::Size { limit: limits.size.min(limit) }.into())
            }
            ContentError::TooManyTrailers { limit } => {
                Self::Fault(TrailersTooLarge::Fields { limit: limits.fields.min(limit) }.into())
            }
            ContentError::BadTrailers => Self::Fault(RequestFault::BadTrailers),
            ContentError::Framing(error) => Self::Fault(RequestFault::Framing(error)),
            ContentError::Broken(_) | ContentError::Reset | ContentError::HalfClosed => Self::Client(error),
        }
    }
}

/// The number of data bytes in a frame.
fn data_of(frame: Option<&Result<Frame<Bytes>, ContentError>>) -> usize {
    let frame = frame.and_then(|frame| frame.as_ref().ok());
    frame.and_then(Frame::data_ref).map_or(0, Bytes::len)
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.poll::<true>(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.content.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.content.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").finish_non_exhaustive()
    }
}

/// Over HTTP/1.1 the rest is read if the next request can't begin before its end.
impl Drop for RequestBody {
    fn drop(&mut self) {
        let Some(content) = self.content.take().filter(|content| !content.is_end_stream()) else {
            return;
        };
        self.ended_early(&"the application dropped it");
        if let Watch::Content(watch) = std::mem::replace(&mut self.watch, Watch::Nothing)
            && let Some(reader) = watch.reader
            && let Some(runtime) = content.runtime().cloned()
        {
            let (fault, limits, span) = (watch.fault, self.limits(), watch.span.unwrap_or_else(Span::none));
            let is_broken = move |error| {
                if let Interrupted::Fault(known) = Interrupted::of(error, limits) {
                    fault.set(known);
                }
            };
            if let Some(reading) = reader.dropped(content, is_broken) {
                runtime.spawn(reading.instrument(span));
            }
        }
    }
}
