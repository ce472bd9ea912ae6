//! [`ServerTimingLayer`] and what it is made of.

mod layer;
mod metric;
mod metrics;
mod stopwatch;

pub use self::{
    layer::{ResponseFuture, ServerTiming, ServerTimingLayer},
    metric::{Metric, MetricError},
    metrics::Metrics,
};
use super::observed::Observed;

/// The response body of [`ServerTiming`]: the same data, and `Server-Timing` in the trailer section at its end.
pub type ResponseBody<B> = Observed<B, stopwatch::Stopwatch>;
