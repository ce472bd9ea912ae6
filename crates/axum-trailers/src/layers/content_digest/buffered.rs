use crate::{
    body::{Fuse, Phase},
    compat::{SplitBody, sealed::Sealed},
};
use bytes::Bytes;
use http::HeaderMap;
use http_body::SizeHint;
use pin_project_lite::pin_project;
use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// A response's body, either streamed or held back.
    #[project = SourceProj]
    pub(super) enum Source<B>
    where
        B: SplitBody,
    {
        Streamed {
            #[pin]
            inner: B
        },
        HeldBack {
            #[pin]
            buffered: Buffered<B>
        },
    }
}

/// A body that is read ahead up to a number of bytes, and then returns all of its data.
pub(super) struct Buffered<B: SplitBody> {
    inner: Pin<Box<Fuse<B>>>,
    limit: u64,
    chunks: VecDeque<Bytes>,
    held: u64,
    /// The error that follows the last chunk.
    error: Option<B::Error>,
}

/// Only the boxed body is pinned.
impl<B: SplitBody> Unpin for Buffered<B> {}

/// The result of reading ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadAhead {
    /// All data is held.
    Whole,
    /// The data exceeds the limit, or the body failed.
    InPart,
}

impl<B: SplitBody> Buffered<B> {
    pub(super) fn new(inner: B, limit: usize) -> Self {
        Self {
            inner: Box::pin(Fuse::new(inner)),
            limit: limit as u64,
            chunks: VecDeque::new(),
            held: 0,
            error: None,
        }
    }

    /// Reads until the data ends or is known to exceed the limit.
    pub(super) fn poll_read_ahead(&mut self, cx: &mut Context<'_>) -> Poll<ReadAhead> {
        while self.held.saturating_add(self.inner.size_hint().lower()) <= self.limit {
            match ready!(self.inner.as_mut().poll_data(cx)) {
                Some(Ok(chunk)) if chunk.is_empty() => {}
                Some(Ok(chunk)) => {
                    self.held += chunk.len() as u64;
                    self.chunks.push_back(chunk);
                }
                Some(Err(error)) => {
                    self.error = Some(error);
                    return Poll::Ready(ReadAhead::InPart);
                }
                None => return Poll::Ready(ReadAhead::Whole),
            }
        }
        Poll::Ready(ReadAhead::InPart)
    }

    pub(super) fn chunks(&self) -> impl Iterator<Item = &Bytes> {
        self.chunks.iter()
    }
}

impl<B: SplitBody> Sealed for Buffered<B> {}

impl<B: SplitBody> SplitBody for Buffered<B> {
    type Error = B::Error;

    fn poll_data(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        if let Some(chunk) = self.chunks.pop_front() {
            self.held -= chunk.len() as u64;
            return Poll::Ready(Some(Ok(chunk)));
        }
        match self.error.take() {
            None => self.inner.as_mut().poll_data(cx),
            Some(error) => Poll::Ready(Some(Err(error))),
        }
    }

    fn poll_trailers(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, B::Error>> {
        self.inner.as_mut().poll_trailers(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty() && self.error.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.inner.phase() == Phase::Trailers {
            return SizeHint::with_exact(self.held);
        }
        let more = self.inner.size_hint();
        let mut all = SizeHint::new();
        if let Some(upper) = more.upper().and_then(|upper| upper.checked_add(self.held)) {
            all.set_upper(upper);
        }
        all.set_lower(more.lower().saturating_add(self.held));
        all
    }
}

impl<B: SplitBody> Sealed for Source<B> {}

impl<B: SplitBody> SplitBody for Source<B> {
    type Error = B::Error;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        match self.project() {
            SourceProj::Streamed { inner } => inner.poll_data(cx),
            SourceProj::HeldBack { buffered } => buffered.poll_data(cx),
        }
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, B::Error>> {
        match self.project() {
            SourceProj::Streamed { inner } => inner.poll_trailers(cx),
            SourceProj::HeldBack { buffered } => buffered.poll_trailers(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Streamed { inner } => inner.is_end_stream(),
            Self::HeldBack { buffered } => buffered.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Streamed { inner } => inner.size_hint(),
            Self::HeldBack { buffered } => buffered.size_hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::{Http1, implement_body};
    use axum_trailers_testing::{
        ScriptedBody,
        Step::{self, Data, End as DataEnds, Error as Fail, Pending, Trailers},
        fields, read_by_contract,
    };

    implement_body!({B: SplitBody} Buffered<B>);
    implement_body!({B: SplitBody} Source<B>);

    async fn read_ahead(body: ScriptedBody, limit: usize) -> (Buffered<Http1<ScriptedBody>>, ReadAhead) {
        let mut buffered = Buffered::new(Http1::new(body), limit);
        let came = std::future::poll_fn(|cx| buffered.poll_read_ahead(cx)).await;
        (buffered, came)
    }

    const STEPS: [Step; 8] = [
        Pending,
        Data("ab"),
        Pending,
        Data(""),
        Data("cd"),
        DataEnds,
        Pending,
        Trailers(&[("x-below", "1")]),
    ];

    #[tokio::test]
    async fn buffered_body_returns_all_data_however_much_was_held() {
        for (limit, expected) in [(0, ReadAhead::InPart), (3, ReadAhead::InPart), (4, ReadAhead::Whole)] {
            let (buffered, came) = read_ahead(ScriptedBody::new(STEPS), limit).await;
            assert_eq!(came, expected, "{limit}");
            let is_whole = came == ReadAhead::Whole;
            assert_eq!(SplitBody::size_hint(&buffered).exact(), is_whole.then_some(4), "{limit}");
            let read = read_by_contract(Source::HeldBack { buffered });
            assert_eq!(read.content, "abcd", "{limit}");
            assert_eq!(read.trailers, Some(fields(&[("x-below", "1")])), "{limit}");
        }
    }

    #[tokio::test]
    async fn content_known_to_be_too_large_is_not_held() {
        let (buffered, came) = read_ahead(ScriptedBody::new(STEPS).sized(), 3).await;
        assert_eq!((came, buffered.chunks().count()), (ReadAhead::InPart, 0));
        assert_eq!(read_by_contract(buffered).content, "abcd");
    }

    #[tokio::test]
    async fn failure_follows_the_data_before_it() {
        let (buffered, came) = read_ahead(ScriptedBody::new([Data("ab"), Fail]), 100).await;
        assert_eq!(came, ReadAhead::InPart);
        let read = read_by_contract(buffered);
        assert_eq!((&*read.content, read.trailers), ("ab", None));
        assert!(read.error.is_some());
    }

    #[tokio::test]
    async fn body_without_data_is_whole() {
        let (buffered, came) = read_ahead(ScriptedBody::new([]), 0).await;
        assert_eq!((came, SplitBody::size_hint(&buffered).exact()), (ReadAhead::Whole, Some(0)));
        assert!(read_by_contract(buffered).error.is_none());
    }

    #[test]
    fn streamed_body_is_unchanged() {
        let read = read_by_contract(Source::Streamed { inner: Http1::new(ScriptedBody::new(STEPS)) });
        assert_eq!((&*read.content, read.pending), ("abcd", 3));
        assert!(read.trailers.is_some());
    }
}
