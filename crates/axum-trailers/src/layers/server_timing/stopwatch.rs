use super::{Metric, ServerTimingMetrics, metrics::field_value};
use crate::layers::observed::Observer;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::{
    task::{Context, Poll},
    time::Instant,
};

pub(super) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Measures one response.
#[derive(Debug)]
pub(super) struct Stopwatch {
    began: Instant,
    first_byte: Option<Instant>,
    metrics: ServerTimingMetrics,
    is_silent: bool,
}

impl Stopwatch {
    pub(super) fn start(metrics: ServerTimingMetrics) -> Self {
        Self { began: Instant::now(), first_byte: None, metrics, is_silent: false }
    }

    /// The value of the header field: what is known before the content.
    pub(super) fn so_far(&self) -> HeaderValue {
        let mut metrics = self.metrics.take();
        metrics.push(Metric::new("handler").duration(self.began.elapsed()));
        field_value(&metrics)
    }

    /// Adds no trailer at the end. Metrics are still accepted, so a producer need not check what its client accepts.
    pub(super) fn silence(&mut self) {
        self.is_silent = true;
    }
}

impl Observer for Stopwatch {
    fn data(&mut self, chunk: &Bytes) {
        if self.first_byte.is_none() && !chunk.is_empty() {
            self.first_byte = Some(Instant::now());
        }
    }

    fn poll_end(&mut self, _cx: &mut Context<'_>, trailers: &mut HeaderMap) -> Poll<()> {
        if self.is_silent {
            return Poll::Ready(());
        }
        let ended = Instant::now();
        let first_byte = self.first_byte.unwrap_or(ended);
        let mut metrics = self.metrics.close();
        metrics.extend([
            Metric::new("ttfb").duration(first_byte - self.began),
            Metric::new("stream").duration(ended - first_byte),
            Metric::new("total").duration(ended - self.began),
        ]);
        if trailers.try_append(SERVER_TIMING, field_value(&metrics)).is_err() {
            tracing::warn!("`Server-Timing` omitted: too many fields in the trailer section");
        }
        Poll::Ready(())
    }
}

impl Drop for Stopwatch {
    /// From here on, adding a metric is an error, also if the response failed or was dropped.
    fn drop(&mut self) {
        self.metrics.close();
    }
}
