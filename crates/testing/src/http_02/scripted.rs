use crate::{ScriptedBody, Step, scripted::pending};
use bytes::Bytes;
use http_02::{HeaderMap, HeaderName, HeaderValue};
use http_body_04::{Body, SizeHint};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_data(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        self.expect_no_failure();
        if matches!(self.steps.front(), Some(Step::End | Step::Trailers(_)) | None) {
            return Poll::Ready(None);
        }
        match self.steps.pop_front() {
            Some(Step::Pending) => pending(cx),
            Some(Step::Data(data)) => Poll::Ready(Some(Ok(Bytes::from(data)))),
            _ => Poll::Ready(Some(Err(self.fail()))),
        }
    }

    fn poll_trailers(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Option<HeaderMap>>> {
        self.expect_no_failure();
        if matches!(self.steps.front(), Some(Step::End)) {
            self.steps.pop_front();
        }
        match self.steps.pop_front() {
            None => Poll::Ready(Ok(None)),
            Some(Step::Pending) => pending(cx),
            Some(Step::Trailers(list)) => Poll::Ready(Ok(Some(fields(list)))),
            Some(Step::Error) => Poll::Ready(Err(self.fail())),
            Some(step) => panic!("trailers polled before {step:?}"),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended()
    }

    fn size_hint(&self) -> SizeHint {
        self.exact_length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// A header or trailer section with these fields.
///
/// # Panics
///
/// If a name or value is malformed.
#[must_use]
pub fn fields(list: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, value) in list {
        fields.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    fields
}
