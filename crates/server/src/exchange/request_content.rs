use super::{
    content_source::{ContentError, ContentSource},
    exchange::{Answered, Exchange},
    received::Received,
    sendable::length,
};
use crate::{
    connection::{Inbound, LINGER, LINGER_AT_MOST, Protocol, REST_AT_END},
    shutdown::Shutdown,
};
use axum_trailers::{
    syntax::list_elements,
    trailers::server::{ForbiddenTrailers, Framing},
};
use bytes::Bytes;
use http::{
    HeaderMap,
    header::{CONTENT_LENGTH, EXPECT},
};
use http_body::{Body, Frame, SizeHint};
use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};

/// A request's content and trailers. If it is dropped over HTTP/2, the rest is read and discarded.
///
/// A server may respond before it has read the whole request, and stop an HTTP/2 client with a `RST_STREAM` of
/// `NO_ERROR` ([RFC 9113 §8.1](https://www.rfc-editor.org/rfc/rfc9113#section-8.1)). The client must not discard the
/// response because of it, but curl 7.88 does if both arrive together: it exits with code 92 and shows nothing. h2
/// sends the reset with the last frame of the response unless the request is still held. So the request is held until
/// its end, as long as the client continues it. Over HTTP/1.1 `UnreadContent` handles the rest.
pub(crate) struct RequestContent {
    /// `None` while it is being dropped.
    source: Option<ContentSource>,
    /// `None` without content.
    half_close: Option<HalfClose>,
    /// `None` without content.
    rest: Option<Rest>,
    /// Whether the client waits for `100 Continue`
    /// ([RFC 9110 §10.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1)), and the content has not been
    /// polled.
    awaits_continue: bool,
    /// Where to record what arrives, if requests are logged.
    received: Option<Arc<Received>>,
    framing: Framing,
    /// `None` without content.
    forbidden: Option<ForbiddenTrailers>,
}

/// Detects that the client has stopped sending on the connection. The guard hides that from hyper, which would wait for
/// ever.
struct HalfClose {
    inbound: Arc<Inbound>,
    /// `None` until the first poll.
    comes: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
}

/// How long the rest is read, and on which runtime.
struct Rest {
    protocol: Protocol,
    runtime: Handle,
    answered: Answered,
    shutdown: Shutdown,
}

impl RequestContent {
    pub(crate) fn new(source: ContentSource, fields: &HeaderMap, exchange: &mut Exchange) -> Self {
        let framing = framing(&source, fields);
        if source.is_end_stream() {
            return Self {
                source: Some(source),
                half_close: None,
                rest: None,
                awaits_continue: false,
                received: None,
                framing,
                forbidden: None,
            };
        }
        let connection = exchange.connection().clone();
        let rest = Rest {
            protocol: source.protocol(),
            runtime: Handle::current(),
            answered: exchange.answered_to_its_end(),
            shutdown: connection.shutdown().clone(),
        };
        // The application may keep the content without reading it.
        if source.protocol().stops_reading() {
            connection.http1().look();
        }
        let half_close = Some(HalfClose { inbound: connection.inbound().clone(), comes: None });
        let awaits_continue = expects_continue(fields);
        let received = exchange.track_content();
        let forbidden = Some(ForbiddenTrailers::default());
        Self {
            source: Some(source),
            half_close,
            rest: Some(rest),
            awaits_continue,
            received,
            framing,
            forbidden,
        }
    }

    /// Whether the next request on the connection begins after this content.
    pub(crate) fn delays_next_request(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| !rest.protocol.has_streams())
    }

    /// Whether the client expects `100 Continue`, and the content has not been polled.
    pub(crate) fn awaits_continue(&self) -> bool {
        self.awaits_continue
    }

    /// Whether the client expects `100 Continue` and does not get it.
    pub(crate) fn awaits_continue_in_vain(&self) -> bool {
        self.awaits_continue && self.rest.as_ref().is_some_and(|rest| !rest.protocol.sends_continue())
    }

    /// How it is delimited.
    pub(crate) fn framing(&self) -> Framing {
        self.framing
    }

    /// Where the names of forbidden trailers are recorded. `None` without content.
    pub(crate) fn forbidden_trailers(&self) -> Option<&ForbiddenTrailers> {
        self.forbidden.as_ref()
    }

    /// The runtime of its connection. `None` without content.
    pub(super) fn runtime(&self) -> Option<&Handle> {
        self.rest.as_ref().map(|rest| &rest.runtime)
    }

    /// Reads and discards the rest.
    pub(super) async fn drain(mut self) {
        if let (Some(source), Some(rest)) = (self.source.take(), self.rest.take()) {
            drain(source, self.received.take(), rest.answered, rest.shutdown).await;
        }
    }
}

/// Whether the client waits for `100 Continue` before it sends the content.
pub(crate) fn expects_continue(fields: &HeaderMap) -> bool {
    list_elements(fields, &EXPECT).any(|what| what.eq_ignore_ascii_case(b"100-continue"))
}

fn framing(source: &ContentSource, fields: &HeaderMap) -> Framing {
    match fields.get(CONTENT_LENGTH).and_then(length) {
        Some(length) => Framing::ContentLength(length),
        None if source.is_end_stream() => Framing::None,
        None if source.protocol().has_streams() => Framing::Frames,
        None => Framing::Chunked,
    }
}

fn note<E>(received: Option<&Received>, frame: Option<&Result<Frame<Bytes>, E>>, is_end: bool) {
    let Some(received) = received else {
        return;
    };
    match frame {
        Some(Ok(frame)) => {
            if let Some(data) = frame.data_ref() {
                received.data(data.len());
            } else if let Some(trailers) = frame.trailers_ref() {
                received.trailers(trailers);
            }
            if is_end {
                received.ended();
            }
        }
        Some(Err(_broken)) => {}
        None => received.ended(),
    }
}

impl HalfClose {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ContentError> {
        let inbound = &self.inbound;
        let comes = self.comes.get_or_insert_with(|| Box::pin(inbound.clone().ended()));
        comes.as_mut().poll(cx).map(|()| ContentError::HalfClosed)
    }
}

impl Body for RequestContent {
    type Data = Bytes;
    type Error = ContentError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ContentError>>> {
        self.awaits_continue = false;
        let Self { source: Some(source), half_close, received, forbidden, .. } = &mut *self else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = Pin::new(&mut *source).poll_frame(cx) {
            note(received.as_deref(), frame.as_ref(), source.is_end_stream());
            if let (Some(forbidden), Some(Ok(frame))) = (forbidden, &frame)
                && let Some(section) = frame.trailers_ref()
            {
                forbidden.record(section);
            }
            return Poll::Ready(frame);
        }
        match half_close {
            Some(half_close) => half_close.poll(cx).map(|error| Some(Err(error))),
            None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.source.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.source.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

impl Drop for RequestContent {
    fn drop(&mut self) {
        let (Some(mut source), Some(rest)) = (self.source.take(), self.rest.take()) else {
            return;
        };
        if source.is_end_stream() {
            return;
        }
        if rest.protocol.drains_unread_requests() {
            rest.runtime.spawn(drain(source, self.received.take(), rest.answered, rest.shutdown));
        } else if let Some(received) = self.received.take()
            && rest.protocol.stops_clients()
            // A client that waits for `100 Continue` has sent nothing.
            && !self.awaits_continue
        {
            note_what_is_here(&mut source, &received);
        }
    }
}

/// Counts what has arrived, and is discarded.
fn note_what_is_here<B: Body<Data = Bytes> + Unpin>(content: &mut B, received: &Received) {
    let (mut nobody, mut bytes) = (Context::from_waker(Waker::noop()), 0);
    while bytes < MOST_DISCARDED
        && let Poll::Ready(frame) = Pin::new(&mut *content).poll_frame(&mut nobody)
    {
        note(Some(received), frame.as_ref(), content.is_end_stream());
        match frame {
            Some(Ok(discarded)) => bytes += discarded.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) | None => break,
        }
    }
}

/// How much of it is counted, in bytes: the client may send on meanwhile.
const MOST_DISCARDED: usize = 1024 * 1024;

/// Reads and discards the rest: while the response is in progress, and then until the client is silent or the time is
/// over.
async fn drain<B: Body<Data = Bytes> + Unpin>(
    mut content: B,
    received: Option<Arc<Received>>,
    answered: impl Future,
    shutdown: Shutdown,
) {
    let beside_response = async {
        loop {
            let frame = next_frame(&mut content).await;
            note(received.as_deref(), frame.as_ref(), content.is_end_stream());
            if !matches!(frame, Some(Ok(_drained))) {
                break;
            }
        }
    };
    tokio::select! {
        () = beside_response => return,
        _over = answered => {}
    }
    let rest =
        async { while let Ok(Some(Ok(_drained))) = timeout(LINGER, next_frame(&mut content)).await {} };
    let ending = async {
        shutdown.begun().await;
        sleep(REST_AT_END).await;
    };
    tokio::select! {
        _ended = timeout(LINGER_AT_MOST, rest) => {}
        () = ending => {}
    }
}

async fn next_frame<B: Body + Unpin>(content: &mut B) -> Option<Result<Frame<B::Data>, B::Error>> {
    poll_fn(|cx| Pin::new(&mut *content).poll_frame(cx)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shutdown::Handle as Server;
    use futures_util::{StreamExt, stream};
    use http_body_util::StreamBody;
    use std::{convert::Infallible, time::Duration};
    use tokio::time::Instant;

    /// A chunk at this interval, for ever.
    fn chunks(pause: Duration) -> impl Body<Data = Bytes> + Unpin {
        let chunk = move |()| async move {
            sleep(pause).await;
            Some((Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"more"))), ()))
        };
        StreamBody::new(Box::pin(stream::unfold((), chunk)))
    }

    /// How long the content is read beside a response that takes this long.
    async fn taken(
        content: impl Body<Data = Bytes> + Unpin,
        response: Duration,
        server: &Server,
    ) -> Duration {
        let began = Instant::now();
        drain(content, None, sleep(response), server.shutdown()).await;
        began.elapsed()
    }

    const NONE: Duration = Duration::ZERO;
    const SHORT: Duration = Duration::from_secs(1);
    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test(start_paused = true)]
    async fn rest_is_read_until_its_end_or_a_timeout() {
        let server = Server::new();
        let three = || {
            let frames = stream::iter([(); 3]).then(|()| async {
                sleep(SHORT).await;
                Ok::<_, Infallible>(Frame::data(Bytes::new()))
            });
            StreamBody::new(Box::pin(frames))
        };
        for response in [NONE, LONG] {
            assert_eq!(taken(three(), response, &server).await.as_secs(), 3);
        }
        for (pause, expected) in [(SHORT, LINGER_AT_MOST), (LINGER * 2, LINGER)] {
            for response in [NONE, LONG] {
                let taken = taken(chunks(pause), response, &server).await;
                assert_eq!(taken.as_secs(), (response + expected).as_secs(), "{pause:?}, {response:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_shortens_the_wait() {
        let server = Server::new();
        let ending = async {
            sleep(Duration::from_secs(5)).await;
            server.abort();
        };
        let (taken, ()) = tokio::join!(taken(chunks(SHORT), NONE, &server), ending);
        assert_eq!(taken.as_millis(), 5_000 + REST_AT_END.as_millis());
    }
}
