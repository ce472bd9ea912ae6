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
pub(super) struct Served {
    pub(super) folder: Folder,
    pub(super) database: Database,
    pub(super) repr_digests: ReprDigests,
    pub(super) uploads: Uploads,
    pub(super) exports: Exports,
    pub(super) metrics: Metrics,
    pub(super) bounds: Bounds,
}

impl FromRef<Served> for Folder {
    fn from_ref(served: &Served) -> Self {
        served.folder.clone()
    }
}

impl FromRef<Served> for Database {
    fn from_ref(served: &Served) -> Self {
        served.database.clone()
    }
}

impl FromRef<Served> for ReprDigests {
    fn from_ref(served: &Served) -> Self {
        served.repr_digests.clone()
    }
}

impl FromRef<Served> for Uploads {
    fn from_ref(served: &Served) -> Self {
        served.uploads.clone()
    }
}

impl FromRef<Served> for Exports {
    fn from_ref(served: &Served) -> Self {
        served.exports.clone()
    }
}

impl FromRef<Served> for Metrics {
    fn from_ref(served: &Served) -> Self {
        served.metrics.clone()
    }
}

impl FromRef<Served> for Bounds {
    fn from_ref(served: &Served) -> Self {
        served.bounds
    }
}
