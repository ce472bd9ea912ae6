use super::fused_body::FusedBody;
use axum::body::{Bytes, HttpBody};
use http_02::HeaderMap;
use http_body_04::SizeHint;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep};

/// After this much silence, a comment shows proxies and clients that the connection is alive: 15 s, as
/// [HTML §9.2.7](https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes) recommends.
const SILENCE: Duration = Duration::from_secs(15);

/// A line that begins with a colon is a comment, and an empty line without preceding data dispatches no event
/// ([HTML §9.2.6](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)).
const COMMENT: &[u8] = b":\n\n";

pin_project! {
    /// A body of server-sent events with a comment after each [`SILENCE`]. Each chunk of the inner body must consist of
    /// whole events, because a comment can come between any two chunks. While the client does not read, the body is not
    /// polled, so comments do not pile up.
    pub(super) struct Commented<B> {
        #[pin]
        inner: FusedBody<B>,
        #[pin]
        silence: Sleep,
    }
}

impl<B> Commented<B> {
    pub(super) fn new(inner: B) -> Self {
        Self { inner: FusedBody::new(inner), silence: sleep(SILENCE) }
    }
}

impl<B: HttpBody<Data = Bytes>> HttpBody for Commented<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        let mut this = self.project();
        let chunk = match this.inner.poll_data(cx) {
            Poll::Ready(chunk) => chunk,
            Poll::Pending => {
                ready!(this.silence.as_mut().poll(cx));
                Some(Ok(Bytes::from_static(COMMENT)))
            }
        };
        this.silence.reset(Instant::now() + SILENCE);
        Poll::Ready(chunk)
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, B::Error>> {
        self.project().inner.poll_trailers(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    /// Comments make the body longer than the inner one.
    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.inner.size_hint().lower());
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::BoxBody, response::IntoResponse};
    use axum_trailers::{
        body::{Sender, channel},
        trailers::{Declared, Trailers},
    };
    use axum_trailers_testing::{
        ScriptedBody,
        Step::{Data, Error as Fail, Pending, Trailers as Fields},
        fields,
        http_02::read_by_contract,
    };

    fn body() -> (Sender, Pin<Box<Commented<BoxBody>>>) {
        let (sender, body) = channel(1024, Declared::none());
        (sender, Box::pin(Commented::new(body.into_response().into_body())))
    }

    /// Reads all chunks, each with its arrival time in tenths of a second.
    async fn timed(mut body: Pin<Box<Commented<BoxBody>>>) -> Vec<(u128, String)> {
        let began = Instant::now();
        let mut chunks = Vec::new();
        while let Some(chunk) = body.data().await {
            let chunk = String::from_utf8(chunk.expect("no error").to_vec()).expect("text");
            chunks.push((began.elapsed().as_millis() / 100, chunk));
        }
        sleep(4 * SILENCE).await;
        assert!(body.data().await.is_none(), "a comment after the end");
        chunks
    }

    fn expected(chunks: &[(u128, &str)]) -> Vec<(u128, String)> {
        chunks.iter().map(|(time, chunk)| (*time, (*chunk).to_owned())).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn each_15_seconds_of_silence_are_followed_by_a_comment() {
        let (mut sender, body) = body();
        let producer = tokio::spawn(async move {
            for (pause, chunk) in [(0, "a"), (149, "b"), (149, "c"), (400, "d"), (20, "e")] {
                sleep(Duration::from_millis(100 * pause)).await;
                sender.send(chunk).await.expect("a reader");
            }
            sleep(Duration::from_secs(16)).await;
            sender.finish(Trailers::new()).expect("a reader");
        });
        let chunks = [
            (0, "a"),
            (149, "b"),
            (298, "c"),
            (448, ":\n\n"),
            (598, ":\n\n"),
            (698, "d"),
            (718, "e"),
            (868, ":\n\n"),
        ];
        assert_eq!(timed(body).await, expected(&chunks));
        producer.await.expect("no panic");
    }

    #[tokio::test(start_paused = true)]
    async fn reader_that_stops_finds_no_comments_when_it_goes_on() {
        let (mut sender, mut body) = body();
        for chunk in ["a", "b", "c"] {
            sender.send(chunk).await.expect("room");
        }
        assert_eq!(body.data().await.expect("a chunk").expect("no error"), "a");
        sleep(10 * SILENCE).await;
        for chunk in ["b", "c"] {
            assert_eq!(body.data().await.expect("a chunk").expect("no error"), chunk);
        }
        sender.finish(Trailers::new()).expect("a reader");
        assert_eq!(timed(body).await, []);
    }

    #[tokio::test(start_paused = true)]
    async fn body_without_silence_is_unchanged() {
        let steps = [Pending, Data("a"), Pending, Pending, Data("b"), Fields(&[("x", "1")])];
        let body = Commented::new(ScriptedBody::new(steps.clone()).sized());
        assert_eq!((body.size_hint().lower(), body.size_hint().upper()), (2, None));
        let read = read_by_contract(body);
        assert_eq!((&*read.content, read.trailers), ("ab", Some(fields(&[("x", "1")]))));
        let read = read_by_contract(Commented::new(ScriptedBody::new([Data("a"), Fail])));
        assert!(read.content == "a" && read.error.is_some());
    }

    #[test]
    fn type_facts() {
        fn send<T: Send + 'static>() {}
        send::<Commented<BoxBody>>();
    }
}
