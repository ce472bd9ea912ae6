//! [`ServerTimingLayer`] and its parts.

mod body;
mod layer;
mod metric;
mod metrics;
mod stopwatch;

pub use self::{
    body::ResponseBody,
    layer::{ResponseFuture, ServerTiming, ServerTimingLayer},
    metric::{Metric, MetricError},
    metrics::ServerTimingMetrics,
};
