use super::head::to_old;
use crate::{server::Limits, trailers::why_forbidden};
use axum::body::Body;
use futures_util::FutureExt;
use http::HeaderMap;
use http_body_1::{Body as _, Frame};
use hyper::body::{Bytes, Incoming};
use hyper_0_14::body::Sender;
use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::timeout;

/// A request's body for axum 0.6, with its trailers.
///
/// axum 0.6's handlers take hyper 0.14's `Body`, and its channel is the only form of it that carries trailers
/// from outside. A task fills it, no faster than the handler takes from it.
pub(super) fn bridge(incoming: Incoming, limits: Arc<Limits>) -> Body {
    if incoming.is_end_stream() {
        return Body::empty();
    }
    let (sender, body) = Body::channel();
    tokio::spawn(pump(incoming, sender, limits));
    body
}

/// Why a request's body ends before its end.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error("the handler does not read it")]
    Unread,
    #[error("nothing came for {0:?}")]
    Stalled(Duration),
    #[error("its trailer section is larger than {limit} bytes")]
    TrailersTooLarge { limit: usize },
    #[error("its trailers can't be passed on: {0}")]
    Trailers(#[from] http::Error),
    #[error("the client broke it off: {0}")]
    Client(#[from] hyper::Error),
}

async fn pump(mut incoming: Incoming, mut sender: Sender, limits: Arc<Limits>) {
    if let Err(interrupted) = carry(&mut incoming, &mut sender, &limits).await {
        tracing::debug!(reason = %interrupted, "request body ended early");
        // To drop the sender alone would look like the end of the body.
        sender.abort();
    }
}

async fn carry(incoming: &mut Incoming, sender: &mut Sender, limits: &Limits) -> Result<(), Interrupted> {
    // Nothing is asked of the client, no `100 Continue` sent, before the handler reads.
    demand(sender).await?;
    while let Some(frame) = next(incoming, sender, limits.stalled_body).await? {
        match frame.into_data() {
            Ok(data) => sender.send_data(data).await.map_err(|_closed| Interrupted::Unread)?,
            Err(frame) => {
                let trailers = frame.into_trailers().unwrap_or_default();
                let trailers = checked(&trailers, limits.trailer_section as usize)?;
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
    incoming: &mut Incoming,
    sender: &mut Sender,
    limit: Duration,
) -> Result<Option<Frame<Bytes>>, Interrupted> {
    if let Some(frame) = poll_fn(|cx| Pin::new(&mut *incoming).poll_frame(cx)).now_or_never() {
        return Ok(frame.transpose()?);
    }
    demand(sender).await?;
    let next = poll_fn(|cx| poll_next(incoming, sender, cx));
    timeout(limit, next).await.map_err(|_elapsed| Interrupted::Stalled(limit))?
}

/// The next frame, or word that nobody waits for it any more.
fn poll_next(
    incoming: &mut Incoming,
    sender: &mut Sender,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<Frame<Bytes>>, Interrupted>> {
    if let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) {
        return Poll::Ready(Ok(frame.transpose()?));
    }
    match sender.poll_ready(cx) {
        Poll::Ready(Err(_closed)) => Poll::Ready(Err(Interrupted::Unread)),
        _ => Poll::Pending,
    }
}

/// hyper and h2 pass on whatever came, of any size: what RFC 9110 §6.5.1 forbids is left out here.
fn checked(trailers: &http_1::HeaderMap, limit: usize) -> Result<HeaderMap, Interrupted> {
    if section_size(trailers) > limit {
        return Err(Interrupted::TrailersTooLarge { limit });
    }
    let mut kept = HeaderMap::new();
    let mut last = None;
    for (name, value) in to_old(trailers)? {
        last = name.or(last);
        let Some(name) = &last else { continue };
        match why_forbidden(name) {
            None => drop(kept.append(name, value)),
            Some(reason) => tracing::debug!(%name, %reason, "forbidden field in request trailers left out"),
        }
    }
    Ok(kept)
}

/// Counted as RFC 9113 §6.5.2 counts a header section: name, value and 32 bytes for each field.
fn section_size(fields: &http_1::HeaderMap) -> usize {
    fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(list: &[(&'static str, &'static str)]) -> http_1::HeaderMap {
        let mut fields = http_1::HeaderMap::new();
        for (name, value) in list {
            fields.append(*name, http_1::HeaderValue::from_static(value));
        }
        fields
    }

    #[test]
    fn forbidden_trailers_are_left_out_and_repeated_ones_kept() {
        let came = fields(&[("x-a", "1"), ("content-length", "7"), ("x-a", "2"), ("authorization", "no")]);
        let kept = checked(&came, 1000).expect("small enough");
        let kept: Vec<_> = kept.iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        assert_eq!(kept, [("x-a", &b"1"[..]), ("x-a", b"2")]);
    }

    #[test]
    fn trailer_section_past_its_limit_is_refused() {
        let came = fields(&[("x-a", "12345")]);
        let size = 3 + 5 + 32;
        assert!(checked(&came, size).is_ok());
        assert!(matches!(checked(&came, size - 1), Err(Interrupted::TrailersTooLarge { limit: 39 })));
    }
}
