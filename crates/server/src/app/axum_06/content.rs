use crate::exchange::RequestBody;
use axum_06::body::Body;
use axum_trailers::{BoxError, compat::conversion::to_02};
use bytes::Bytes;
use futures_util::FutureExt;
use http_body::{Body as _, Frame};
use hyper_0_14::body::Sender;
use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};
use tracing::Instrument;

/// Creates a request's body for axum 0.6, with its trailers.
///
/// axum 0.6's handlers take hyper 0.14's `Body`, and only its channel can carry trailers from outside. A task fills it,
/// no faster than the handler reads.
pub(super) fn body_of(content: RequestBody) -> Body {
    if content.is_end_stream() {
        return Body::empty();
    }
    let (sender, body) = Body::channel();
    tokio::spawn(pump(content, Handler(Some(sender))).in_current_span());
    body
}

/// The handler's end of the channel. Dropping only the sender would look like the end of the body. So the body fails
/// unless it was finished, even if its task panics or its runtime ends.
struct Handler(Option<Sender>);

/// Why the handler does not get the rest.
enum Interrupted {
    /// It is gone, or has finished.
    Closed,
    /// The trailers can't be converted.
    Unconvertible,
    /// The content has failed, and has logged why.
    Failed,
}

impl Handler {
    async fn send(&mut self, data: Bytes) -> Result<(), Interrupted> {
        let sender = self.0.as_mut().ok_or(Interrupted::Closed)?;
        sender.send_data(data).await.map_err(|_closed| Interrupted::Closed)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Interrupted>> {
        match &mut self.0 {
            Some(sender) => sender.poll_ready(cx).map_err(|_closed| Interrupted::Closed),
            None => Poll::Ready(Err(Interrupted::Closed)),
        }
    }

    /// Waits until the handler reads. The channel accepts one chunk before anyone reads, so this sends an empty one and
    /// waits until it is taken.
    async fn demand(&mut self) -> Result<(), Interrupted> {
        self.send(Bytes::new()).await?;
        poll_fn(|cx| self.poll_ready(cx)).await
    }

    /// Ends the body successfully, with these trailers.
    async fn finish(mut self, trailers: Option<http_02::HeaderMap>) -> Result<(), Interrupted> {
        if let (Some(sender), Some(trailers)) = (&mut self.0, trailers) {
            sender.send_trailers(trailers).await.map_err(|_closed| Interrupted::Closed)?;
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

async fn pump(content: RequestBody, handler: Handler) {
    match carry(content, handler).await {
        Ok(()) | Err(Interrupted::Closed | Interrupted::Failed) => {}
        Err(Interrupted::Unconvertible) => {
            tracing::error!("the trailers of a request can't be converted for axum 0.6");
        }
    }
}

async fn carry(mut content: RequestBody, mut handler: Handler) -> Result<(), Interrupted> {
    // The content is not polled, so no `100 Continue` is sent, before the handler reads.
    handler.demand().await?;
    while let Some(frame) = next(&mut content, &mut handler).await? {
        match frame.into_data() {
            Ok(data) => handler.send(data).await?,
            Err(frame) => {
                let section = frame.into_trailers().unwrap_or_default();
                let older = to_02(&section).map_err(|_full| Interrupted::Unconvertible)?;
                return handler.finish(Some(older)).await;
            }
        }
    }
    handler.finish(None).await
}

/// Returns the next frame. If it is not here yet, the client's time runs while the handler waits for it.
async fn next(content: &mut RequestBody, handler: &mut Handler) -> Result<Option<Frame<Bytes>>, Interrupted> {
    let frame = if let Some(frame) = poll_fn(|cx| content.poll_ahead(cx)).now_or_never() {
        frame
    } else {
        handler.demand().await?;
        poll_fn(|cx| poll_next(content, handler, cx)).await?
    };
    frame.transpose().map_err(|_logged| Interrupted::Failed)
}

/// A frame, a failure, or the end of the content.
type Next = Option<Result<Frame<Bytes>, BoxError>>;

/// The next frame, as long as the handler waits for it.
fn poll_next(
    content: &mut RequestBody,
    handler: &mut Handler,
    cx: &mut Context<'_>,
) -> Poll<Result<Next, Interrupted>> {
    if let Poll::Ready(frame) = Pin::new(content).poll_frame(cx) {
        return Poll::Ready(Ok(frame));
    }
    match handler.poll_ready(cx) {
        Poll::Ready(Err(closed)) => Poll::Ready(Err(closed)),
        _ => Poll::Pending,
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use axum_06::body::HttpBody;
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
