use super::hidden_length::LengthPlan;
use crate::{
    BoxError,
    body::{Fuse, Phase},
    compat::{SplitBody, sealed::Sealed},
};
use bytes::Bytes;
use http::HeaderMap;
use http_body::SizeHint;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Observes the content of a body as it passes, and adds to the trailer section at its end.
pub(super) trait Observer {
    /// Receives the next chunk.
    fn data(&mut self, chunk: &Bytes);

    /// Waits until that chunk may be passed on. By default it may at once.
    fn poll_may_go_on(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    /// Adds to the trailer section when the observer is ready. Called if the data has ended without an error.
    fn poll_end(&mut self, cx: &mut Context<'_>, trailers: &mut HeaderMap) -> Poll<()>;
}

pin_project! {
    /// A body whose observer adds to its trailer section. Its data is unchanged.
    #[derive(Debug)]
    pub(super) struct Observed<B, O> {
        #[pin]
        inner: Fuse<B>,
        // `None` if there is nothing to add, and after the end of the body.
        observer: Option<O>,
        // A chunk that waits for the observer.
        held: Option<Bytes>,
        // The inner trailers, while the observer is not ready to add to them.
        trailers: Option<HeaderMap>,
        length: LengthPlan,
    }
}

impl<B, O> Observed<B, O> {
    pub(super) fn new(inner: B, observer: Option<O>) -> Self {
        Self { inner: Fuse::new(inner), observer, held: None, trailers: None, length: LengthPlan::Kept }
    }

    /// Follows the plan of the response's head.
    pub(super) fn with_length(self, length: LengthPlan) -> Self {
        Self { length, ..self }
    }
}

impl<B, O> Sealed for Observed<B, O> {}

impl<B, O> SplitBody for Observed<B, O>
where
    B: SplitBody<Error: Into<BoxError>>,
    O: Observer,
{
    type Error = BoxError;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        let mut this = self.project();
        if this.held.is_none() {
            let came = match ready!(this.inner.as_mut().poll_data(cx)) {
                Some(Ok(chunk)) => this.length.data(&chunk).map(|()| Some(chunk)).map_err(BoxError::from),
                Some(Err(error)) => Err(error.into()),
                None => this.length.end().map(|()| None).map_err(BoxError::from),
            };
            match came {
                Ok(Some(chunk)) => {
                    if let Some(observer) = this.observer {
                        observer.data(&chunk);
                    }
                    *this.held = Some(chunk);
                }
                Ok(None) => return Poll::Ready(None),
                Err(error) => {
                    *this.observer = None;
                    *this.length = LengthPlan::Hidden(None);
                    this.inner.end();
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        if let Some(observer) = this.observer {
            ready!(observer.poll_may_go_on(cx));
        }
        Poll::Ready(this.held.take().map(Ok))
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, BoxError>> {
        let this = self.project();
        if this.trailers.is_none() {
            let is_early = this.inner.phase() == Phase::Data;
            match ready!(this.inner.poll_trailers(cx)) {
                // The observer adds only at the end of the data.
                Ok(below) if is_early => return Poll::Ready(Ok(below)),
                Ok(below) => *this.trailers = Some(below.unwrap_or_default()),
                Err(error) => {
                    *this.observer = None;
                    return Poll::Ready(Err(error.into()));
                }
            }
        }
        if let (Some(observer), Some(trailers)) = (this.observer.as_mut(), this.trailers.as_mut()) {
            ready!(observer.poll_end(cx, trailers));
        }
        *this.observer = None;
        Poll::Ready(Ok(this.trailers.take().filter(|trailers| !trailers.is_empty())))
    }

    fn is_end_stream(&self) -> bool {
        self.observer.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.held.as_ref().map_or(0, |chunk| chunk.len() as u64);
        let inner = self.inner.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(held));
        if let Some(upper) = inner.upper()
            && self.length == LengthPlan::Kept
        {
            hint.set_upper(upper.saturating_add(held));
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compat::{Http1, implement_body},
        tests::FailingTrailers,
    };
    use axum_trailers_testing::{
        ScriptedBody,
        Step::{self, Data, End, Error as Fail, Pending, Trailers},
        fields, read_by_contract,
    };
    use http::HeaderValue;
    use http_body_util::Full;
    use std::{pin::pin, task::Waker};

    implement_body!({B: SplitBody<Error: Into<BoxError>>, O: Observer} Observed<B, O>);

    /// Counts bytes. Slow for large chunks and, if a test sets `is_slow`, at the end.
    #[derive(Default)]
    struct Count {
        seen: usize,
        is_slow: bool,
    }

    impl Count {
        fn poll_slowly(&mut self, cx: &mut Context<'_>) -> Poll<()> {
            if std::mem::take(&mut self.is_slow) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        }
    }

    impl Observer for Count {
        fn data(&mut self, chunk: &Bytes) {
            self.seen += chunk.len();
            self.is_slow = chunk.len() > 10;
        }

        fn poll_may_go_on(&mut self, cx: &mut Context<'_>) -> Poll<()> {
            self.poll_slowly(cx)
        }

        fn poll_end(&mut self, cx: &mut Context<'_>, trailers: &mut HeaderMap) -> Poll<()> {
            ready!(self.poll_slowly(cx));
            trailers.append("x-count", HeaderValue::from(self.seen));
            Poll::Ready(())
        }
    }

    fn counted<const N: usize>(steps: [Step; N]) -> Observed<Http1<ScriptedBody>, Count> {
        Observed::new(Http1::new(ScriptedBody::new(steps)), Some(Count::default()))
    }

    #[test]
    fn chunk_and_trailers_wait_for_the_observer() {
        let mut body = counted([Data("a"), Data("larger than ten"), Data("b")]);
        let cx = &mut Context::from_waker(Waker::noop());
        let mut next =
            || Pin::new(&mut body).poll_data(cx).map(|chunk| chunk.map(|chunk| chunk.expect("no error")));
        assert_eq!(next(), Poll::Ready(Some(Bytes::from("a"))));
        assert_eq!(next(), Poll::Pending);
        assert_eq!(next(), Poll::Ready(Some(Bytes::from("larger than ten"))));
        assert_eq!(next(), Poll::Ready(Some(Bytes::from("b"))));
        assert_eq!(next(), Poll::Ready(None));
        body.observer.as_mut().expect("one").is_slow = true;
        assert!(Pin::new(&mut body).poll_trailers(cx).is_pending());
        let trailers = Pin::new(&mut body).poll_trailers(cx);
        let Poll::Ready(Ok(trailers)) = trailers else { panic!("{trailers:?}") };
        assert_eq!(trailers, Some(fields(&[("x-count", "17")])));
    }

    #[test]
    fn held_chunk_is_part_of_the_length() {
        let inner = ScriptedBody::new([Data("larger than ten"), Data("b")]).sized();
        let mut body = Observed::new(Http1::new(inner), Some(Count::default()));
        assert_eq!(SplitBody::size_hint(&body).exact(), Some(16));
        assert!(Pin::new(&mut body).poll_data(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(SplitBody::size_hint(&body).exact(), Some(16));
    }

    #[test]
    fn observers_field_joins_the_inner_trailers() {
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
    fn failure_in_the_data_or_the_trailers_ends_the_body_without_an_added_field() {
        let failing_data = counted([Data("a"), Fail, Pending]);
        let failing_trailers = Observed::new(FailingTrailers::after("a"), Some(Count::default()));
        for read in [read_by_contract(failing_data), read_by_contract(failing_trailers)] {
            assert_eq!((&*read.content, read.trailers), ("a", None));
            assert!(read.error.is_some());
        }
    }

    #[test]
    fn failure_in_trailers_that_are_polled_early_ends_the_body() {
        let mut body = pin!(Observed::new(FailingTrailers::after("never"), Some(Count::default())));
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Err(_))));
        let read = read_by_contract(body);
        assert_eq!((&*read.content, read.trailers), ("", None));
    }

    #[test]
    fn body_without_an_observer_is_unchanged() {
        let body = ScriptedBody::new([Data("a"), Pending, Data("b")]).sized();
        let body = Observed::new(Http1::new(body), None::<Count>);
        assert_eq!(SplitBody::size_hint(&body).exact(), Some(2));
        let read = read_by_contract(body);
        assert_eq!((&*read.content, read.trailers), ("ab", None));

        let body = Http1::new(ScriptedBody::new([Trailers(&[("x", "1")])]));
        let read = read_by_contract(Observed::new(body, None::<Count>));
        assert_eq!(read.trailers, Some(fields(&[("x", "1")])));
    }

    #[test]
    fn trailers_polled_early_are_the_inner_ones_and_nothing_is_lost() {
        let full = Http1::new(Full::new(Bytes::from("abc")));
        let mut body = pin!(Observed::new(full, Some(Count::default())));
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(matches!(body.as_mut().poll_trailers(cx), Poll::Ready(Ok(None))));
        assert_eq!(read_by_contract(body).trailers, Some(fields(&[("x-count", "3")])));
    }
}
