use super::{
    Bounds,
    database::Database,
    export::{
        Exports,
        grpc::{ExportsService, v1::exports_server::ExportsServer},
    },
    files::{Folder, ReprDigests, Uploads},
    metrics::WorkbenchMetrics,
    routes,
    seen::{self, Seen},
    state::AppState,
};
use axum::{Router, middleware::from_fn_with_state};
use prometheus::Registry;
use std::io;

/// The workbench application: its routes and the data they serve.
///
/// ```
/// use axum::Router;
/// use axum_trailers_workbench::{Workbench, database::Database, files::Folder};
///
/// let workbench = Workbench::new(Folder::new(".")?, Database::sample()?);
/// let app: Router = workbench.router();
/// # let _ = app;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Workbench {
    folder: Folder,
    database: Database,
    bounds: Bounds,
    exports: Exports,
    metrics: WorkbenchMetrics,
    allows_upload: bool,
}

impl Workbench {
    /// Serves the files of a folder and the rows of a database, read-only.
    pub fn new(folder: Folder, database: Database) -> Self {
        let (bounds, metrics) = (Bounds::default(), WorkbenchMetrics::new());
        let exports = Exports::new(bounds, metrics.exports_running.clone());
        Self { folder, database, bounds, exports, metrics, allows_upload: false }
    }

    /// Sets the limits on what requests can cost.
    pub fn bounds(self, bounds: Bounds) -> Self {
        let exports = Exports::new(bounds, self.metrics.exports_running.clone());
        Self { bounds, exports, ..self }
    }

    /// Allows uploads into the folder. Removes the leftovers of uploads whose process was killed.
    ///
    /// # Errors
    ///
    /// An [`io::Error`] if the folder can't be read, or the leftovers can't be removed.
    pub fn allow_upload(self) -> io::Result<Self> {
        self.folder.sweep()?;
        Ok(Self { allows_upload: true, ..self })
    }

    /// Registers the metrics: `axum_trailers_exports_running`, the exports that count toward the limit, and
    /// `axum_trailers_uploads_refused_total` by `status`, the status of the response (400 for content that was cut),
    /// or `none` if the client left before there was one.
    ///
    /// # Errors
    ///
    /// [`prometheus::Error`] if the registry already has metrics with these names.
    pub fn register(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        self.metrics.register(registry)
    }

    /// The tables and their rows as a gRPC service, named
    /// [`SERVICE_NAME`](super::export::grpc::v1::exports_server::SERVICE_NAME). Its exports share the limits of the
    /// routes' exports.
    #[must_use]
    pub fn grpc(&self) -> ExportsServer<ExportsService> {
        ExportsServer::new(ExportsService::new(self.database.clone(), self.exports.clone()))
    }

    /// All routes.
    pub fn router(self) -> Router {
        let Self { folder, database, bounds, exports, metrics, allows_upload } = self;
        let uploads = if allows_upload { Uploads::allowed(folder.clone(), bounds) } else { Uploads::none() };
        let repr_digests = ReprDigests::default();
        let seen = Seen::default();
        let state = AppState {
            folder,
            database,
            repr_digests,
            uploads,
            exports,
            metrics,
            bounds,
            seen: seen.clone(),
        };
        routes::router().with_state(state).layer(from_fn_with_state(seen, seen::observe))
    }
}
