use super::{
    Bounds,
    database::Database,
    export::Exports,
    files::{Folder, ReprDigests, Uploads},
    metrics::WorkbenchMetrics,
    seen::Seen,
};
use axum::extract::FromRef;

/// The state that handlers use.
#[derive(Clone, FromRef)]
pub(super) struct AppState {
    pub(super) folder: Folder,
    pub(super) database: Database,
    pub(super) repr_digests: ReprDigests,
    pub(super) uploads: Uploads,
    pub(super) exports: Exports,
    pub(super) metrics: WorkbenchMetrics,
    pub(super) bounds: Bounds,
    pub(super) seen: Seen,
}
