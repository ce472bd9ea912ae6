use crate::{
    compat::received_fields,
    connection::Inbound,
    exchange::{ContentError, FaultCell, Pace, Reader, RequestContent, RequestFault, UnreadContent},
};
use axum::body::Body;
use axum_trailers::trailers::{TrailerLimits, Trailers, TrailersTooLarge};
use bytes::Bytes;
use futures_util::FutureExt;
use http_body_1::{Body as _, Frame};
use hyper_0_14::body::Sender;
use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, timeout};
use tracing::Instrument;

/// A request's body for axum 0.6, with its trailers, where to see what is wrong with it, and what becomes of its rest.
///
/// axum 0.6's handlers take hyper 0.14's `Body`, and its channel is the only form of it that carries trailers
/// from outside. A task fills it, no faster than the handler takes from it.
pub(crate) fn body_of(incoming: RequestContent, inbound: &Arc<Inbound>) -> (Body, FaultCell, UnreadContent) {
    if incoming.is_end_stream() {
        return (Body::empty(), FaultCell::default(), UnreadContent::default());
    }
    let fault = FaultCell::empty();
    let (unread, reader) = incoming.delays_next_request().then(UnreadContent::new).unzip();
    let (sender, body) = Body::channel();
    let pump = pump(incoming, Handler(Some(sender)), inbound.clone(), fault.clone(), reader);
    tokio::spawn(pump.in_current_span());
    (body, fault, unread.unwrap_or_default())
}

/// Why a request's body ends before its end.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error("the handler does not read it")]
    Unread,
    #[error(transparent)]
    Fault(#[from] RequestFault),
    #[error("the client broke it off: {0}")]
    Client(#[source] ContentError),
}

impl From<TrailersTooLarge> for Interrupted {
    fn from(too_large: TrailersTooLarge) -> Self {
        Self::Fault(too_large.into())
    }
}

/// The handler's end of the channel. To drop the sender alone would look like the end of the body, so whatever becomes of
/// the task that has it, a panic or the end of its runtime, the body fails unless it was finished.
struct Handler(Option<Sender>);

/// The handler is gone, or has finished.
struct Closed;

impl Handler {
    async fn send(&mut self, data: Bytes) -> Result<(), Closed> {
        let sender = self.0.as_mut().ok_or(Closed)?;
        sender.send_data(data).await.map_err(|_closed| Closed)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Closed>> {
        match &mut self.0 {
            Some(sender) => sender.poll_ready(cx).map_err(|_closed| Closed),
            None => Poll::Ready(Err(Closed)),
        }
    }

    /// Waits until the handler reads. The channel takes a chunk before anybody does: an empty one, which is gone once
    /// somebody has.
    async fn demand(&mut self) -> Result<(), Closed> {
        self.send(Bytes::new()).await?;
        poll_fn(|cx| self.poll_ready(cx)).await
    }

    /// Ends the body well, with these trailers.
    async fn finish(mut self, trailers: Option<http::HeaderMap>) -> Result<(), Closed> {
        if let (Some(sender), Some(trailers)) = (&mut self.0, trailers) {
            sender.send_trailers(trailers).await.map_err(|_closed| Closed)?;
        }
        drop(self.0.take());
        Ok(())
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            sender.abort();
        }
    }
}

impl From<Closed> for Interrupted {
    fn from(_: Closed) -> Self {
        Self::Unread
    }
}

async fn pump(
    mut incoming: RequestContent,
    handler: Handler,
    inbound: Arc<Inbound>,
    fault: FaultCell,
    reader: Option<Reader>,
) {
    let Err(interrupted) = carry(&mut incoming, handler, &inbound, &fault, reader.as_ref()).await else {
        return;
    };
    tracing::debug!(reason = %interrupted, "request body ended early");
    if let (Some(reader), Interrupted::Unread) = (reader, interrupted) {
        let is_broken = |error| {
            if let Interrupted::Fault(known) = interruption(error, inbound.limits().trailers()) {
                fault.set(known);
            }
        };
        reader.dropped(incoming, is_broken).await;
    }
}

async fn carry(
    incoming: &mut RequestContent,
    mut handler: Handler,
    inbound: &Inbound,
    fault: &FaultCell,
    reader: Option<&Reader>,
) -> Result<(), Interrupted> {
    match carry_data(incoming, &mut handler, inbound, reader).await {
        Ok(trailers) => Ok(handler.finish(trailers).await?),
        Err(interrupted) => {
            if let Interrupted::Fault(known) = interrupted {
                // Before the handler sees the body fail, and answers.
                fault.set(known);
            }
            Err(interrupted)
        }
    }
}

/// Passes the data on, and returns the trailers.
async fn carry_data(
    incoming: &mut RequestContent,
    handler: &mut Handler,
    inbound: &Inbound,
    reader: Option<&Reader>,
) -> Result<Option<http::HeaderMap>, Interrupted> {
    // Before the handler sees the end, and answers.
    let ended = || reader.into_iter().for_each(Reader::ended);
    let limits = inbound.limits().trailers();
    let mut pace = Pace::new(inbound.limits(), incoming.awaits_continue_in_vain());
    // Nothing is asked of the client, no `100 Continue` sent, before the handler reads.
    handler.demand().await?;
    while let Some(frame) = next(incoming, handler, inbound, &mut pace).await? {
        match frame.into_data() {
            Ok(data) => {
                if incoming.is_end_stream() {
                    // The handler may know that this is the last.
                    ended();
                }
                handler.send(data).await?;
            }
            Err(frame) => {
                ended();
                if inbound.has_large_trailers() {
                    // Something of it may be left out already.
                    return Err(TrailersTooLarge::Size { limit: limits.size }.into());
                }
                let section = received_fields(&frame.into_trailers().unwrap_or_default());
                let section = section.map_err(|_bad| RequestFault::BadTrailers)?;
                return Ok(Some(Trailers::from_received(section, limits)?.into_map()));
            }
        }
    }
    ended();
    Ok(None)
}

/// The next frame. If it is not here yet, the client has the time from when the handler waits for it, and the server lets
/// the client send: the window may be full of what others of the connection's handlers do not read.
async fn next(
    incoming: &mut RequestContent,
    handler: &mut Handler,
    inbound: &Inbound,
    pace: &mut Pace,
) -> Result<Option<Frame<Bytes>>, Interrupted> {
    let broken = |error| interruption(error, inbound.limits().trailers());
    if let Some(frame) = poll_fn(|cx| Pin::new(&mut *incoming).poll_frame(cx)).now_or_never() {
        pace.came(data_of(&frame), Duration::ZERO)?;
        return frame.transpose().map_err(broken);
    }
    handler.demand().await?;
    loop {
        let (began, step) = (Instant::now(), pace.step());
        let came = timeout(step, poll_fn(|cx| poll_next(incoming, handler, cx))).await;
        // If the thread was blocked, the client is not to blame for more than the step.
        let waited = if inbound.window_is_open() { began.elapsed().min(step) } else { Duration::ZERO };
        match came {
            Ok(Some(frame)) => {
                pace.came(data_of(&frame), waited)?;
                return frame.transpose().map_err(broken);
            }
            Ok(None) => return Err(Interrupted::Unread),
            Err(_elapsed) => pace.nothing_came(waited)?,
        }
    }
}

/// How many bytes of data a frame has.
fn data_of(frame: &Next) -> usize {
    let frame = frame.as_ref().and_then(|frame| frame.as_ref().ok());
    frame.and_then(Frame::data_ref).map_or(0, Bytes::len)
}

type Next = Option<Result<Frame<Bytes>, ContentError>>;

/// The next frame, or `None` once nobody waits for it any more.
fn poll_next(
    incoming: &mut RequestContent,
    handler: &mut Handler,
    cx: &mut Context<'_>,
) -> Poll<Option<Next>> {
    if let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) {
        return Poll::Ready(Some(frame));
    }
    match handler.poll_ready(cx) {
        Poll::Ready(Err(Closed)) => Poll::Ready(None),
        _ => Poll::Pending,
    }
}

/// The source of the content may have limits of its own for a trailer section.
fn interruption(error: ContentError, limits: TrailerLimits) -> Interrupted {
    match error {
        ContentError::TrailersTooLarge { limit } => {
            TrailersTooLarge::Size { limit: limits.size.min(limit) }.into()
        }
        ContentError::TooManyTrailers { limit } => {
            TrailersTooLarge::Fields { limit: limits.fields.min(limit) }.into()
        }
        ContentError::Framing(error) => RequestFault::Framing(error).into(),
        ContentError::Broken(_) | ContentError::HalfClosed => Interrupted::Client(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::HttpBody;
    use http::{HeaderMap, HeaderValue};

    fn handler() -> (Handler, Body) {
        let (sender, body) = Body::channel();
        (Handler(Some(sender)), body)
    }

    fn trailers() -> HeaderMap {
        HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from_static("\"a\""))])
    }

    /// The content, and the trailers behind it if it is whole.
    async fn read(mut body: Body) -> (Vec<u8>, Option<Option<HeaderMap>>) {
        let mut content = Vec::new();
        while let Some(chunk) = body.data().await {
            match chunk {
                Ok(chunk) => content.extend_from_slice(&chunk),
                Err(_broken) => return (content, None),
            }
        }
        (content, body.trailers().await.ok())
    }

    #[tokio::test]
    async fn body_is_whole_only_if_it_was_finished() {
        for finish in [None, Some(None), Some(Some(trailers()))] {
            let (mut handler, body) = handler();
            let pump = tokio::spawn({
                let finish = finish.clone();
                async move {
                    let _taken = handler.send(Bytes::from("hello")).await;
                    match finish {
                        Some(trailers) => drop(handler.finish(trailers).await),
                        None => panic!("as a test"),
                    }
                }
            });
            assert_eq!(read(body).await, (b"hello".to_vec(), finish.clone()));
            assert_eq!(pump.await.is_err(), finish.is_none());
        }
    }

    #[tokio::test]
    async fn body_is_broken_wherever_its_task_is_dropped() {
        let (handler, body) = handler();
        drop(handler);
        assert_eq!(read(body).await, (Vec::new(), None));

        let (mut handler, body) = self::handler();
        handler.send(Bytes::from("hello")).await.map_err(|_closed| "closed").expect("room for one");
        assert!(handler.demand().now_or_never().is_none(), "nobody reads");
        drop(handler);
        assert_eq!(read(body).await, (b"hello".to_vec(), None));
    }
}
