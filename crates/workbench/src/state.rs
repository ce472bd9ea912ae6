use super::{
    Bounds,
    database::Database,
    export::Exports,
    files::{Folder, ReprDigests, Uploads},
    metrics::Metrics,
};
use axum::extract::FromRef;

/// What the routes' handlers work with.
#[derive(Clone)]
pub(super) struct AppState {
    pub(super) folder: Folder,
    pub(super) database: Database,
    pub(super) repr_digests: ReprDigests,
    pub(super) uploads: Uploads,
    pub(super) exports: Exports,
    pub(super) metrics: Metrics,
    pub(super) bounds: Bounds,
}

impl FromRef<AppState> for Folder {
    fn from_ref(state: &AppState) -> Self {
        state.folder.clone()
    }
}

impl FromRef<AppState> for Database {
    fn from_ref(state: &AppState) -> Self {
        state.database.clone()
    }
}

impl FromRef<AppState> for ReprDigests {
    fn from_ref(state: &AppState) -> Self {
        state.repr_digests.clone()
    }
}

impl FromRef<AppState> for Uploads {
    fn from_ref(state: &AppState) -> Self {
        state.uploads.clone()
    }
}

impl FromRef<AppState> for Exports {
    fn from_ref(state: &AppState) -> Self {
        state.exports.clone()
    }
}

impl FromRef<AppState> for Metrics {
    fn from_ref(state: &AppState) -> Self {
        state.metrics.clone()
    }
}

impl FromRef<AppState> for Bounds {
    fn from_ref(state: &AppState) -> Self {
        state.bounds
    }
}
