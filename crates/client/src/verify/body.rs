use super::evidence::{Evidence, Findings};
use crate::verdict::{Cut, Verdict};
use axum_trailers::{BoxError, digest::Digest, trailers::Declared};
use bytes::Buf;
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
    /// The content passes unchanged. The body ends in an error if it is cut, if its sender reports a failure, if it does
    /// not match a digest, or if an announced trailer is missing. So a copy of it fails as it should.
    #[derive(Debug)]
    pub struct VerifiedBody<B> {
        #[pin]
        inner: B,
        evidence: Evidence,
        findings: Option<Findings>,
        has_ended: bool,
    }
}

/// Why a verified body ends in an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VerifyError(pub Verdict);

impl<B> VerifiedBody<B> {
    /// Verifies the body of a response with the default [`Verification`](crate::Verification).
    pub fn wrap(response: Response<B>) -> Response<Self> {
        crate::Verification::new().verify(response)
    }

    pub(super) fn new(inner: B, evidence: Evidence) -> Self {
        Self { inner, evidence, findings: None, has_ended: false }
    }

    /// The number of bytes that have arrived.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.evidence.received()
    }

    /// The trailers that the header section announces.
    #[must_use]
    pub fn announced(&self) -> &Declared {
        self.evidence.announced()
    }

    /// The trailer section, once it has arrived.
    #[must_use]
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.evidence.trailers()
    }

    /// At the end, all verdicts that hold, in their order. The first is the verdict.
    #[must_use]
    pub fn findings(&self) -> &[Verdict] {
        self.findings.as_ref().map_or(&[], |findings| &findings.verdicts)
    }

    /// At the end, the digests of what arrived.
    #[must_use]
    pub fn digests(&self) -> &[Digest] {
        self.findings.as_ref().map_or(&[], |findings| &findings.digests)
    }

    /// At the end, the announced trailers that did not arrive.
    #[must_use]
    pub fn missing(&self) -> &[HeaderName] {
        self.findings.as_ref().map_or(&[], |findings| &findings.missing)
    }

    /// Ends the transfer here for a reason that the body does not know, such as a timeout.
    pub fn cut(&mut self, cut: Cut) {
        self.evidence.cut(cut);
        self.findings = Some(self.evidence.judge());
        self.has_ended = true;
    }
}

impl<B> VerifiedBody<B>
where
    B: Body<Data: Buf, Error: Into<BoxError>> + Unpin,
{
    /// Reads the rest of the body, drops its content, and returns the verdict.
    pub async fn finish(&mut self) -> Verdict {
        while let Some(frame) = self.frame().await {
            if let Err(VerifyError(verdict)) = frame {
                return self.findings().first().cloned().unwrap_or(verdict);
            }
        }
        self.findings().first().cloned().unwrap_or(Verdict::Unverified)
    }
}

impl<B> Body for VerifiedBody<B>
where
    B: Body<Data: Buf, Error: Into<BoxError>>,
{
    type Data = bytes::Bytes;
    type Error = VerifyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<bytes::Bytes>, VerifyError>>> {
        let this = self.project();
        if *this.has_ended {
            return Poll::Ready(None);
        }
        let frame = match ready!(this.inner.poll_frame(cx)) {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(mut data) => {
                    let data = data.copy_to_bytes(data.remaining());
                    this.evidence.add_data(&data);
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Err(frame) => frame.into_trailers().ok(),
            },
            Some(Err(error)) => {
                this.evidence.cut(Cut::of(&*error.into()));
                None
            }
            None => None,
        };
        *this.has_ended = true;
        if let Some(trailers) = &frame {
            this.evidence.add_trailers(trailers.clone());
        }
        let findings = this.evidence.judge();
        let error = findings.verdicts.iter().find(|verdict| ends_in_error(verdict)).cloned();
        *this.findings = Some(findings);
        Poll::Ready(match error {
            Some(verdict) => Some(Err(VerifyError(verdict))),
            None => frame.map(|trailers| Ok(Frame::trailers(trailers))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Whether a verdict means that the content is not what the sender meant to send. A refusal is complete.
fn ends_in_error(verdict: &Verdict) -> bool {
    !verdict.is_success() && !matches!(verdict, Verdict::Refused { .. })
}
