use super::{ContentDigestError, check::Check};
use crate::{
    BoxError,
    body::{Fuse, TrailersPolledEarly},
    compat::{SplitBody, implement_body, sealed::Sealed},
};
use bytes::Bytes;
use http::HeaderMap;
use http_body::SizeHint;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

/// The error that a check has found, for the code that sends the response.
pub(crate) type Verdict = Arc<OnceLock<ContentDigestError>>;

pin_project! {
    /// A request's body that is checked against its digest.
    ///
    /// The data ends only after the trailers have arrived and the digest matches, so code that reads only the data also
    /// gets the error, a [`ContentDigestError`].
    #[derive(Debug)]
    pub struct VerifyBody<B> {
        #[pin]
        inner: Fuse<B>,
        // `None` when the check is done or the body has failed.
        check: Option<Check>,
        // The trailers of a verified body.
        trailers: Option<HeaderMap>,
        verdict: Verdict,
    }
}

impl<B> VerifyBody<B> {
    pub(crate) fn new(inner: B, check: Check, verdict: Verdict) -> Self {
        Self { inner: Fuse::new(inner), check: Some(check), trailers: None, verdict }
    }
}

impl<B> Sealed for VerifyBody<B> {}

impl<B> SplitBody for VerifyBody<B>
where
    B: SplitBody,
    B::Error: Into<BoxError>,
{
    type Error = BoxError;

    fn poll_data(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        let mut this = self.project();
        let Some(check) = this.check else { return Poll::Ready(None) };
        if let Some(chunk) = ready!(this.inner.as_mut().poll_data(cx)) {
            match &chunk {
                Ok(chunk) => check.data(chunk),
                Err(_) => *this.check = None,
            }
            return Poll::Ready(Some(chunk.map_err(Into::into)));
        }
        let came = ready!(this.inner.poll_trailers(cx)).map_err(Into::into);
        let Some(check) = this.check.take() else { return Poll::Ready(None) };
        Poll::Ready(match came.and_then(|trailers| verified(check, trailers, this.verdict)) {
            Ok(trailers) => {
                *this.trailers = trailers;
                None
            }
            Err(error) => Some(Err(error)),
        })
    }

    fn poll_trailers(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Result<Option<HeaderMap>, BoxError>> {
        let this = self.project();
        Poll::Ready(if this.check.is_some() {
            Err(TrailersPolledEarly.into())
        } else {
            Ok(this.trailers.take())
        })
    }

    fn is_end_stream(&self) -> bool {
        self.check.is_none() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

implement_body!({B} VerifyBody<B>, where B: SplitBody, B::Error: Into<BoxError>);

fn verified(
    check: Check,
    trailers: Option<HeaderMap>,
    verdict: &Verdict,
) -> Result<Option<HeaderMap>, BoxError> {
    let none = HeaderMap::new();
    match check.end(trailers.as_ref().unwrap_or(&none)) {
        Ok(()) => Ok(trailers),
        Err(error) => {
            tracing::debug!(%error, "request body rejected");
            Err(verdict.get_or_init(|| error).clone().into())
        }
    }
}
