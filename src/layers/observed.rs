use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, SizeHint};
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Sees the content of a body as it passes, and has something to say at its end.
pub trait Observer {
    /// Sees the next bytes: a chunk, or a part of a large one.
    fn data(&mut self, bytes: &[u8]);

    /// The data has ended well: adds to the trailer section.
    fn end(self, trailers: &mut HeaderMap);
}

pin_project! {
    /// A body with the same data, and what an observer adds to its trailer section.
    #[derive(Debug)]
    pub struct Observed<B, O> {
        #[pin]
        inner: B,
        // `None` where there is nothing to add, and once the body has ended.
        observer: Option<O>,
        // A large chunk, and how much of it the observer has seen.
        held: Option<(Bytes, usize)>,
        phase: Phase,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Data,
    Trailers,
    Ended,
}

impl<B, O> Observed<B, O> {
    pub(super) fn new(inner: B, observer: Option<O>) -> Self {
        Self { inner, observer, held: None, phase: Phase::Data }
    }
}

/// So much of a chunk is seen in one poll, in bytes. SHA-256 takes some 75 µs for it, and other streams of the same thread
/// wait no longer.
const STEP: usize = 128 * 1024;

impl<B, O> Body for Observed<B, O>
where
    B: Body<Data = Bytes>,
    O: Observer,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        if *this.phase != Phase::Data {
            return Poll::Ready(None);
        }
        let (chunk, seen) = match this.held.take() {
            Some(held) => held,
            None => match ready!(this.inner.poll_data(cx)) {
                Some(Ok(chunk)) => (chunk, 0),
                Some(Err(error)) => {
                    *this.observer = None;
                    *this.phase = Phase::Ended;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    *this.phase = Phase::Trailers;
                    return Poll::Ready(None);
                }
            },
        };
        let Some(observer) = this.observer else {
            return Poll::Ready(Some(Ok(chunk)));
        };
        let (_, unseen) = chunk.split_at(seen);
        let (step, rest) = unseen.split_at(unseen.len().min(STEP));
        observer.data(step);
        if rest.is_empty() {
            return Poll::Ready(Some(Ok(chunk)));
        }
        *this.held = Some((chunk.clone(), seen + step.len()));
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, B::Error>> {
        let this = self.project();
        if *this.phase == Phase::Ended {
            return Poll::Ready(Ok(None));
        }
        let below = ready!(this.inner.poll_trailers(cx));
        if *this.phase == Phase::Data {
            // Before the end of the data there is nothing to say of the whole.
            return Poll::Ready(below);
        }
        *this.phase = Phase::Ended;
        let observer = this.observer.take();
        Poll::Ready(below.map(|trailers| {
            let mut trailers = trailers.unwrap_or_default();
            if let Some(observer) = observer {
                observer.end(&mut trailers);
            }
            (!trailers.is_empty()).then_some(trailers)
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.phase == Phase::Ended || (self.observer.is_none() && self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.held.as_ref().map_or(0, |(chunk, _)| chunk.len() as u64);
        let inner = self.inner.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(held));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(held));
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::scripted::{
        ScriptedBody,
        Step::{self, Data, End, Error as Fail, Pending, Trailers},
        fields, read_by_contract,
    };
    use http::HeaderValue;
    use std::{pin::pin, task::Waker};

    /// Says how many bytes it has seen.
    struct Count(usize);

    impl Observer for Count {
        fn data(&mut self, bytes: &[u8]) {
            self.0 += bytes.len();
        }

        fn end(self, trailers: &mut HeaderMap) {
            trailers.append("x-count", HeaderValue::from(self.0));
        }
    }

    fn counted<const N: usize>(steps: [Step; N]) -> Observed<ScriptedBody, Count> {
        Observed::new(ScriptedBody::new(steps), Some(Count(0)))
    }

    #[test]
    fn large_chunk_is_seen_in_steps_and_given_as_one() {
        let large: &'static str = "x".repeat(2 * STEP + 1).leak();
        let mut body = counted([Data("a"), Data(large), Data("b")]);
        let mut cx = Context::from_waker(Waker::noop());
        let mut lens = Vec::new();
        let mut pending = 0;
        loop {
            match Pin::new(&mut body).poll_data(&mut cx) {
                Poll::Pending => {
                    pending += 1;
                    assert_eq!(body.size_hint().lower(), large.len() as u64);
                }
                Poll::Ready(Some(chunk)) => lens.push(chunk.expect("no error").len()),
                Poll::Ready(None) => break,
            }
        }
        assert_eq!((lens, pending), (vec![1, large.len(), 1], 2));
        let read = read_by_contract(counted([Data("a"), Data(large), Data("b")]));
        assert_eq!(
            read.trailers,
            Some(fields(&[("x-count", Box::leak((large.len() + 2).to_string().into()))]))
        );
    }

    #[test]
    fn what_it_adds_joins_what_comes_from_below() {
        let steps = [Pending, Data("a"), Data(""), Pending, Data("bc"), Pending, End, Pending];
        let read = read_by_contract(counted(steps.clone()));
        assert_eq!((&*read.content, read.pending), ("abc", 4));
        assert_eq!(read.trailers, Some(fields(&[("x-count", "3")])));

        let below = Trailers(&[("x-below", "1"), ("x-below", "2")]);
        let read =
            read_by_contract(counted::<9>([steps.as_slice(), &[below]].concat().try_into().expect("9")));
        assert_eq!(read.trailers, Some(fields(&[("x-below", "1"), ("x-below", "2"), ("x-count", "3")])));
    }

    #[test]
    fn body_without_data_is_observed_too() {
        assert_eq!(read_by_contract(counted([])).trailers, Some(fields(&[("x-count", "0")])));
    }

    #[test]
    fn failure_in_the_data_or_the_trailers_is_the_end_and_nothing_is_added() {
        for steps in [[Data("a"), Fail, Pending], [Data("a"), End, Fail]] {
            let read = read_by_contract(counted(steps));
            assert_eq!((&*read.content, read.trailers), ("a", None));
            assert!(read.error.is_some());
        }
    }

    #[test]
    fn without_an_observer_it_is_the_body_from_below() {
        let body = ScriptedBody::new([Data("a"), Pending, Data("b")]).sized();
        let body = Observed::new(body, None::<Count>);
        assert_eq!(body.size_hint().exact(), Some(2));
        let read = read_by_contract(body);
        assert_eq!((&*read.content, read.trailers), ("ab", None));

        let read =
            read_by_contract(Observed::new(ScriptedBody::new([Trailers(&[("x", "1")])]), None::<Count>));
        assert_eq!(read.trailers, Some(fields(&[("x", "1")])));
    }

    #[test]
    fn trailers_polled_early_are_those_from_below_and_nothing_is_lost() {
        let mut body = pin!(Observed::new(http_body::Full::new(Bytes::from("abc")), Some(Count(0))));
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(None))));
        assert_eq!(read_by_contract(body).trailers, Some(fields(&[("x-count", "3")])));
    }
}
