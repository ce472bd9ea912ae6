use super::{Comparison, Note, Verification, evidence::Evidence, findings::Findings, hashing::Hashing};
use crate::verdict::{Cut, Verdict};
use axum_trailers::{BoxError, digest::Digest, trailers::Declared};
use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderName, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// A response body that is verified as it is read. Works around any body of `http-body` 1.
    ///
    /// The content passes unchanged, without a copy if the chunks are [`Bytes`]. The body ends in a [`VerifyError`] if it is
    /// cut, if its sender reports a failure, if it does not match a digest, if an announced trailer is missing, or if a
    /// required digest is missing. So a copy of it fails as it should. A refusal (4xx or 5xx) is no error of the body.
    ///
    /// All content has left before that error, so use nothing of it before its end.
    ///
    /// **Around bodies of other clients**, wrap the response before anything decodes it, because digests and lengths are
    /// those of the coded content. One kind of cut is invisible there: hyper takes a stream of HTTP/2 that the server reset
    /// with `NO_ERROR` for complete, and so do clients that use hyper, such as reqwest. It is then only noticed if something
    /// was announced, a length, a digest or a trailer. [`Client`](crate::Client) notices it.
    #[derive(Debug)]
    pub struct VerifiedBody<B> {
        // `None` after its end.
        #[pin]
        inner: Option<B>,
        evidence: Evidence,
        hashing: Hashing,
        // A chunk that waits for the hashes.
        held: Option<Bytes>,
        findings: Option<Findings>,
        // What follows the content once it is judged.
        last: Option<Result<HeaderMap, VerifyError>>,
    }
}

/// Why a verified body ends in an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VerifyError(Verdict);

impl VerifyError {
    pub(crate) fn new(verdict: Verdict) -> Self {
        Self(verdict)
    }

    /// The verdict, which is no success.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.0
    }

    /// The same, without a copy.
    #[must_use]
    pub fn into_verdict(self) -> Verdict {
        self.0
    }
}

impl<B> VerifiedBody<B> {
    /// Verifies the body of a response with the default [`Verification`].
    ///
    /// It takes the response for one to GET: one to HEAD that has a `Content-Length` would be cut. For that, set
    /// [`Verification::method`].
    pub fn wrap(response: Response<B>) -> Response<Self> {
        Verification::new().verify(response)
    }

    pub(super) fn new(inner: B, evidence: Evidence, hashing: Hashing) -> Self {
        Self { inner: Some(inner), evidence, hashing, held: None, findings: None, last: None }
    }

    /// The number of bytes that have arrived.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.evidence.received
    }

    /// The trailers that the header section announces.
    #[must_use]
    pub fn announced(&self) -> &Declared {
        &self.evidence.announced
    }

    /// The trailer section as it arrived, if one did.
    #[must_use]
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.evidence.trailers.as_ref()
    }

    /// At the end, the verdict.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        self.findings.as_ref().map(Findings::verdict)
    }

    /// At the end, all verdicts that hold, in their order. The first is the verdict.
    #[must_use]
    pub fn findings(&self) -> &[Verdict] {
        self.findings.as_ref().map_or(&[], |findings| &findings.verdicts)
    }

    /// At the end, each expected digest that was compared. Empty if the transfer was cut.
    #[must_use]
    pub fn comparisons(&self) -> &[Comparison] {
        self.findings.as_ref().map_or(&[], |findings| &findings.comparisons)
    }

    /// At the end, the digests of the whole representation, or of the content if it is only a part: at least one, with each
    /// algorithm that could have been needed. Empty if the transfer was cut or has no content.
    #[must_use]
    pub fn digests(&self) -> &[Digest] {
        self.findings.as_ref().map_or(&[], |findings| &findings.digests)
    }

    /// At the end, the announced trailers that did not arrive. `grpc-status` is announced by the content type of gRPC.
    #[must_use]
    pub fn missing(&self) -> &[HeaderName] {
        self.findings.as_ref().map_or(&[], |findings| &findings.missing)
    }

    /// At the end, what explains the verdict.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        self.findings.as_ref().map_or(&[], |findings| &findings.notes)
    }

    /// Ends the transfer here for a reason that the body does not know, such as a timeout: the body is dropped, and its
    /// reader gets an error. Has no effect after the end.
    pub fn cut(&mut self, cut: Cut) {
        if self.findings.is_some() {
            return;
        }
        self.inner = None;
        self.held = None;
        self.evidence.cut(cut);
        let findings = Findings::of(&self.evidence, None);
        self.last = findings.error().map(|verdict| Err(VerifyError::new(verdict.clone())));
        self.findings = Some(findings);
    }
}

impl<B> VerifiedBody<B>
where
    B: Body<Data: Buf, Error: Into<BoxError>> + Unpin,
{
    /// Reads the rest of the body, drops its content, and returns the verdict.
    ///
    /// If the body was read before, to its end or its error, this returns the verdict at once.
    pub async fn finish(&mut self) -> Verdict {
        loop {
            if let Some(verdict) = self.verdict() {
                return verdict.clone();
            }
            // An error is part of the verdict.
            let _frame = self.frame().await;
        }
    }
}

impl<B> Body for VerifiedBody<B>
where
    B: Body<Data: Buf, Error: Into<BoxError>>,
{
    type Data = Bytes;
    type Error = VerifyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, VerifyError>>> {
        let mut this = self.project();
        while let Some(inner) = this.inner.as_mut().as_pin_mut() {
            if this.held.is_some() {
                ready!(this.hashing.poll_keeps_up(cx));
                return Poll::Ready(this.held.take().map(Frame::data).map(Ok));
            }
            match ready!(inner.poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(mut data) => {
                        let data = data.copy_to_bytes(data.remaining());
                        this.evidence.add_data(&data);
                        this.hashing.push(&data);
                        *this.held = Some(data);
                    }
                    Err(frame) => {
                        if let Ok(trailers) = frame.into_trailers() {
                            this.evidence.add_trailers(trailers);
                        }
                    }
                },
                Some(Err(error)) => this.evidence.cut(Cut::of(&*error.into())),
                None => this.inner.set(None),
            }
            if this.evidence.cut.is_some() {
                this.inner.set(None);
                *this.held = None;
            }
        }
        if this.findings.is_none() {
            let digests = match this.evidence.cut {
                Some(_) => None,
                None => Some(ready!(this.hashing.poll_digests(cx))),
            };
            let findings = Findings::of(this.evidence, digests);
            *this.last = match findings.error() {
                Some(verdict) => Some(Err(VerifyError::new(verdict.clone()))),
                None => this.evidence.trailers.clone().map(Ok),
            };
            *this.findings = Some(findings);
        }
        Poll::Ready(this.last.take().map(|last| last.map(Frame::trailers)))
    }

    fn is_end_stream(&self) -> bool {
        self.findings.is_some() && self.last.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.held.as_ref().map_or(0, |data| data.len() as u64);
        let Some(inner) = self.inner.as_ref() else { return SizeHint::with_exact(held) };
        let inner = inner.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(held));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(held));
        }
        hint
    }
}
