use super::{content::Content, head::to_old};
use crate::{
    server::{Limits, connection::Connection},
    trailers::{TrailerLimits, TrailersTooLarge, received},
};
use axum::body::Body;
use futures_util::FutureExt;
use http_body_1::{Body as _, Frame};
use hyper::body::Bytes;
use hyper_0_14::body::Sender;
use std::{
    error::Error,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::timeout;
use tracing::Instrument;

/// A request's body for axum 0.6, with its trailers, and where to see whether they were refused.
///
/// axum 0.6's handlers take hyper 0.14's `Body`, and its channel is the only form of it that carries trailers
/// from outside. A task fills it, no faster than the handler takes from it.
pub(super) fn bridge(incoming: Content, connection: &Arc<Connection>) -> (Body, RefusedTrailers) {
    if incoming.is_end_stream() {
        return (Body::empty(), RefusedTrailers::default());
    }
    let refused = RefusedTrailers(Some(Arc::default()));
    let (sender, body) = Body::channel();
    tokio::spawn(pump(incoming, sender, connection.clone(), refused.clone()).in_current_span());
    (body, refused)
}

/// Whether the request's trailer section was too large. The handler sees no more than a broken body: what is to come
/// of it is the bridge's to say. A request without a body has none.
#[derive(Clone, Debug, Default)]
pub(super) struct RefusedTrailers(Option<Arc<OnceLock<TrailersTooLarge>>>);

impl RefusedTrailers {
    fn set(&self, too_large: TrailersTooLarge) {
        if let Some(refused) = &self.0 {
            // There is one pump for each request, so nothing is here yet.
            let _first = refused.set(too_large);
        }
    }

    pub(super) fn get(&self) -> Option<TrailersTooLarge> {
        self.0.as_ref()?.get().copied()
    }
}

/// Why a request's body ends before its end.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error("the handler does not read it")]
    Unread,
    #[error("nothing came for {0:?}")]
    Stalled(Duration),
    #[error(transparent)]
    TrailersTooLarge(#[from] TrailersTooLarge),
    #[error("its trailers can't be passed on: {0}")]
    Trailers(#[from] http::Error),
    #[error("the client broke it off: {0}")]
    Client(#[source] hyper::Error),
}

async fn pump(
    mut incoming: Content,
    mut sender: Sender,
    connection: Arc<Connection>,
    refused: RefusedTrailers,
) {
    if let Err(interrupted) = carry(&mut incoming, &mut sender, &connection).await {
        tracing::debug!(reason = %interrupted, "request body ended early");
        if let Interrupted::TrailersTooLarge(too_large) = interrupted {
            refused.set(too_large);
        }
        // To drop the sender alone would look like the end of the body.
        sender.abort();
    }
}

async fn carry(
    incoming: &mut Content,
    sender: &mut Sender,
    connection: &Connection,
) -> Result<(), Interrupted> {
    let limits = &connection.limits;
    // Nothing is asked of the client, no `100 Continue` sent, before the handler reads.
    demand(sender).await?;
    while let Some(frame) = next(incoming, sender, limits).await? {
        match frame.into_data() {
            Ok(data) => sender.send_data(data).await.map_err(|_closed| Interrupted::Unread)?,
            Err(frame) => {
                if connection.has_large_trailers() {
                    // Something of it may be left out already.
                    return Err(TrailersTooLarge::Size { limit: limits.trailers().size }.into());
                }
                let section = to_old(&frame.into_trailers().unwrap_or_default())?;
                let trailers = received(section, limits.trailers())?.into_map();
                return sender.send_trailers(trailers).await.map_err(|_closed| Interrupted::Unread);
            }
        }
    }
    Ok(())
}

/// Waits until the handler reads. The channel takes a chunk before anybody does: an empty one, which is gone once
/// somebody has.
async fn demand(sender: &mut Sender) -> Result<(), Interrupted> {
    sender.send_data(Bytes::new()).await.map_err(|_closed| Interrupted::Unread)?;
    poll_fn(|cx| sender.poll_ready(cx)).await.map_err(|_closed| Interrupted::Unread)
}

/// The next frame. Where it is not here yet, its time runs from when the handler waits for it.
async fn next(
    incoming: &mut Content,
    sender: &mut Sender,
    limits: &Limits,
) -> Result<Option<Frame<Bytes>>, Interrupted> {
    let broken = |error| interruption(error, limits.trailers());
    if let Some(frame) = poll_fn(|cx| Pin::new(&mut *incoming).poll_frame(cx)).now_or_never() {
        return frame.transpose().map_err(broken);
    }
    demand(sender).await?;
    let next = poll_fn(|cx| poll_next(incoming, sender, cx));
    match timeout(limits.stalled_body, next).await {
        Ok(Some(frame)) => frame.transpose().map_err(broken),
        Ok(None) => Err(Interrupted::Unread),
        Err(_elapsed) => Err(Interrupted::Stalled(limits.stalled_body)),
    }
}

type Next = Option<Result<Frame<Bytes>, hyper::Error>>;

/// The next frame, or `None` once nobody waits for it any more.
fn poll_next(incoming: &mut Content, sender: &mut Sender, cx: &mut Context<'_>) -> Poll<Option<Next>> {
    if let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) {
        return Poll::Ready(Some(frame));
    }
    match sender.poll_ready(cx) {
        Poll::Ready(Err(_closed)) => Poll::Ready(None),
        _ => Poll::Pending,
    }
}

/// hyper's bounds for a trailer section over HTTP/1.1.
const HTTP1_SIZE: usize = 16 * 1024;
const HTTP1_FIELDS: usize = 100;

/// Over HTTP/1.1 hyper has bounds of its own for a trailer section, and tells of them in words alone.
fn interruption(error: hyper::Error, limits: TrailerLimits) -> Interrupted {
    match error.source().map(ToString::to_string).as_deref() {
        Some("chunk trailers bytes over limit") => {
            TrailersTooLarge::Size { limit: limits.size.min(HTTP1_SIZE) }.into()
        }
        Some("chunk trailers count overflow") => {
            TrailersTooLarge::Fields { limit: limits.fields.min(HTTP1_FIELDS) }.into()
        }
        _ => Interrupted::Client(error),
    }
}
