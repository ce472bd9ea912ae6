use super::{Metric, MetricError};
use http::HeaderValue;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The metrics of one response, in the extensions of its request. Cheap to clone: a producer can keep a clone and add
/// metrics until it finishes the body.
///
/// ```
/// use axum::Extension;
/// use axum_trailers::layers::server_timing::{Metric, MetricError, ServerTimingMetrics};
/// use std::time::Instant;
///
/// async fn handler(Extension(metrics): Extension<ServerTimingMetrics>) -> Result<&'static str, String> {
///     let began = Instant::now();
///     // … ask the database …
///     let db = Metric::new("db").duration(began.elapsed()).description("orders");
///     metrics.add(db).map_err(|error| error.to_string())?;
///     Ok("hello\n")
/// }
/// # let _ = handler;
/// ```
#[derive(Clone, Debug)]
pub struct ServerTimingMetrics(Arc<Mutex<Option<Vec<Metric>>>>);

impl ServerTimingMetrics {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Some(Vec::new()))))
    }

    /// Adds a metric. Names may repeat; all of them are sent.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if the name or the description can't be written, or the body has ended.
    pub fn add(&self, metric: Metric) -> Result<(), MetricError> {
        let metric = metric.checked()?;
        match &mut *self.lock() {
            Some(metrics) => {
                metrics.push(metric);
                Ok(())
            }
            None => Err(MetricError::Ended { name: metric.name().to_owned() }),
        }
    }

    /// Returns the metrics so far.
    pub(super) fn take(&self) -> Vec<Metric> {
        self.lock().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Returns the metrics and rejects further ones.
    pub(super) fn close(&self) -> Vec<Metric> {
        self.lock().take().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Metric>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The field's value. The metrics must be checked.
pub(super) fn field_value(metrics: &[Metric]) -> HeaderValue {
    let list: Vec<_> = metrics.iter().map(Metric::to_string).collect();
    HeaderValue::try_from(list.join(", ")).expect("tokens, numbers and quoted strings make a field value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_kept_in_order_until_they_are_closed() {
        let metrics = ServerTimingMetrics::new();
        let (a, b) = (Metric::new("a"), Metric::new("b"));
        metrics.add(a.clone()).expect("in time");
        metrics.clone().add(b.clone()).expect("in time");
        assert!(matches!(metrics.add(Metric::new("no token")), Err(MetricError::Name { .. })));
        assert_eq!(metrics.close(), [a.clone(), b]);
        assert_eq!(metrics.add(a), Err(MetricError::Ended { name: "a".to_owned() }));
        assert!(metrics.close().is_empty());
    }
}
