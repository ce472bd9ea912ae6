use crate::{
    compat::{check_received, to_old},
    connection::Inbound,
    exchange::{ContentError, FaultCell, Pace, Reader, RequestContent, RequestFault, UnreadContent},
};
use axum::body::Body;
use axum_trailers::trailers::{TrailerLimits, Trailers, TrailersTooLarge};
use bytes::Bytes;
use futures_util::FutureExt;
use http_body::{Body as _, Frame};
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

/// Creates a request's body for axum 0.6, with its trailers. Also returns where its fault is recorded, and what happens
/// to its rest.
///
/// axum 0.6's handlers take hyper 0.14's `Body`, and only its channel can carry trailers from outside. A task fills it,
/// no faster than the handler reads.
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

/// Why a request's body ends early.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error("the handler stopped reading")]
    Unread,
    #[error(transparent)]
    Fault(#[from] RequestFault),
    #[error("the client stopped sending: {0}")]
    Client(#[source] ContentError),
}

impl From<TrailersTooLarge> for Interrupted {
    fn from(too_large: TrailersTooLarge) -> Self {
        Self::Fault(too_large.into())
    }
}

/// The handler's end of the channel. Dropping only the sender would look like the end of the body. So the body fails
/// unless it was finished, even if its task panics or its runtime ends.
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

    /// Waits until the handler reads. The channel accepts one chunk before anyone reads, so this sends an empty one and
    /// waits until it is taken.
    async fn demand(&mut self) -> Result<(), Closed> {
        self.send(Bytes::new()).await?;
        poll_fn(|cx| self.poll_ready(cx)).await
    }

    /// Ends the body successfully, with these trailers.
    async fn finish(mut self, trailers: Option<http_02::HeaderMap>) -> Result<(), Closed> {
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
                // Must happen before the handler gets the error and responds.
                fault.set(known);
            }
            Err(interrupted)
        }
    }
}

/// Passes the data on and returns the trailers.
async fn carry_data(
    incoming: &mut RequestContent,
    handler: &mut Handler,
    inbound: &Inbound,
    reader: Option<&Reader>,
) -> Result<Option<http_02::HeaderMap>, Interrupted> {
    // Must happen before the handler gets the end and responds.
    let ended = || reader.into_iter().for_each(Reader::ended);
    let limits = inbound.limits().trailers();
    let mut pace = Pace::new(inbound.limits(), incoming.awaits_continue_in_vain());
    // The content is not polled, so no `100 Continue` is sent, before the handler reads.
    handler.demand().await?;
    while let Some(frame) = next(incoming, handler, inbound, &mut pace).await? {
        match frame.into_data() {
            Ok(data) => {
                if incoming.is_end_stream() {
                    // The handler may recognize this as the last chunk.
                    ended();
                }
                handler.send(data).await?;
            }
            Err(frame) => {
                ended();
                if inbound.has_large_trailers() {
                    // Some of its fields may be missing already.
                    return Err(TrailersTooLarge::Size { limit: limits.size }.into());
                }
                let section = frame.into_trailers().unwrap_or_default();
                check_received(&section).map_err(|_bad| RequestFault::BadTrailers)?;
                let trailers = Trailers::from_received(section, limits)?;
                let older = to_old(trailers.as_map()).map_err(|_bad| RequestFault::BadTrailers)?;
                return Ok(Some(older));
            }
        }
    }
    ended();
    Ok(None)
}

/// Returns the next frame. If it is not here yet, the client's time runs while the handler waits for it and flow
/// control lets the client send: the window may be full of content that other handlers of the connection do not read.
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
        // If the thread was blocked, only the step counts against the client.
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

/// The number of data bytes in a frame.
fn data_of(frame: &Next) -> usize {
    let frame = frame.as_ref().and_then(|frame| frame.as_ref().ok());
    frame.and_then(Frame::data_ref).map_or(0, Bytes::len)
}

type Next = Option<Result<Frame<Bytes>, ContentError>>;

/// The next frame, or `None` once the handler no longer waits for it.
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

/// The source of the content may have its own limits for a trailer section.
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
    use http_02::{HeaderMap, HeaderValue};

    fn handler() -> (Handler, Body) {
        let (sender, body) = Body::channel();
        (Handler(Some(sender)), body)
    }

    fn trailers() -> HeaderMap {
        HeaderMap::from_iter([(http_02::header::ETAG, HeaderValue::from_static("\"a\""))])
    }

    /// The content, and its trailers if it is complete.
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
    async fn body_is_broken_if_its_task_is_dropped() {
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
