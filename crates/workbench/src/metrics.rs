use http_02::StatusCode;
use prometheus::{IntCounterVec, IntGauge, Opts, Registry};

/// The workbench's metrics.
///
/// | Metric | Labels | |
/// |---|---|---|
/// | `axum_trailers_exports_running` | | exports that count toward `--max-exports` |
/// | `axum_trailers_uploads_refused_total` | `status` | uploads that were refused or failed |
#[derive(Clone, Debug)]
pub(super) struct WorkbenchMetrics {
    pub(super) exports_running: IntGauge,
    uploads_refused: IntCounterVec,
}

impl WorkbenchMetrics {
    pub(super) fn new() -> Self {
        let opts = |name, help| Opts::new(name, help).namespace("axum_trailers");
        let running = opts("exports_running", "Running exports, which count toward --max-exports.");
        let refused = opts("uploads_refused_total", "Rejected or failed uploads, by status.");
        Self {
            exports_running: IntGauge::with_opts(running).expect(VALID),
            uploads_refused: IntCounterVec::new(refused, &["status"]).expect(VALID),
        }
    }

    pub(super) fn register(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        registry.register(Box::new(self.exports_running.clone()))?;
        registry.register(Box::new(self.uploads_refused.clone()))
    }

    /// `status` is `None` if the client left before the response.
    pub(super) fn upload_refused(&self, status: Option<StatusCode>) {
        let status = status.as_ref().map_or("none", StatusCode::as_str);
        self.uploads_refused.with_label_values(&[status]).inc();
    }
}

const VALID: &str = "the names are valid";
