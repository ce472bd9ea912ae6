use super::metadata::trailers_to_json;
use crate::{
    Bounds,
    admission::{Admission, AdmissionPermit},
    client::Client,
    json::milliseconds,
};
use axum_trailers::{problem::Problem, trailers::Trailers};
use prometheus::IntGauge;
use serde_json::{Value, json};
use std::{
    collections::{HashMap, hash_map::RandomState},
    fmt,
    hash::BuildHasher,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How long the status of an ended export is kept: 10 minutes.
const KEPT_FOR: Duration = Duration::from_secs(10 * 60);

/// How many ended exports are kept: the last 256.
const KEPT: usize = 256;

/// Running exports, and those that ended recently.
#[derive(Clone)]
pub(crate) struct Exports {
    bounds: Bounds,
    admission: Admission,
    running: IntGauge,
    shared: Arc<Shared>,
}

impl fmt::Debug for Exports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exports").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Shared {
    /// Randomly keyed, which makes the ids hard to guess.
    ids: RandomState,
    started: AtomicU64,
    table: Mutex<Table>,
}

/// Exports by their id.
#[derive(Default)]
struct Table(HashMap<String, Arc<Export>>);

/// One export, as shown by `GET /exports/{id}`.
pub(super) struct Export {
    pub(super) id: String,
    table: String,
    format: &'static str,
    total: u64,
    began: Instant,
    rows: AtomicU64,
    bytes: AtomicU64,
    /// How the export ends for a client that reads all of it.
    end: OnceLock<End>,
    ended: OnceLock<Ended>,
}

struct Ended {
    at: Instant,
    /// Whether the connection took the end.
    is_taken: bool,
}

/// How an export ends.
pub(super) enum End {
    Complete(Trailers),
    /// `trailers` is `Some` if trailers report the failure.
    Failed {
        reason: String,
        trailers: Option<Trailers>,
    },
}

impl Exports {
    /// The gauge shows how many exports run.
    pub(crate) fn new(bounds: Bounds, running: IntGauge) -> Self {
        let admission = Admission::new("exports", bounds.exports, bounds.exports_per_client);
        Self { bounds, admission, running, shared: Arc::default() }
    }

    pub(super) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Issues a permit for an export, or reports the limit that is reached.
    pub(super) fn admit(&self, client: Client) -> Result<ExportPermit, Problem> {
        let permit = self.admission.admit(client)?;
        self.running.inc();
        Ok(ExportPermit { exports: self.clone(), _permit: permit, export: OnceLock::new() })
    }

    /// Finds an export by its id.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Export>> {
        let mut table = self.lock();
        table.forget(Instant::now());
        table.0.get(id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.shared.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Drops exports that ended long ago, and the oldest ones over [`KEPT`].
    fn forget(&mut self, now: Instant) {
        self.0.retain(|_, export| export.ended_at().is_none_or(|at| now - at < KEPT_FOR));
        let ended = self.0.values();
        let ended = ended.filter_map(|export| Some((export.ended_at()?, export.id.clone())));
        let mut ended: Vec<_> = ended.collect();
        ended.sort();
        let surplus = ended.len().saturating_sub(KEPT);
        for (_, id) in &ended[..surplus] {
            self.0.remove(id);
        }
    }
}

/// The permit of a running export, shared by its thread and its body. It is released when both have dropped it.
pub(super) struct ExportPermit {
    exports: Exports,
    _permit: AdmissionPermit,
    export: OnceLock<Arc<Export>>,
}

impl ExportPermit {
    pub(super) fn bounds(&self) -> &Bounds {
        &self.exports.bounds
    }

    /// Adds the export to the table.
    pub(super) fn begin(&self, table: &str, format: &'static str, total: u64, began: Instant) -> Arc<Export> {
        let shared = &self.exports.shared;
        let id = format!("{:016x}", shared.ids.hash_one(shared.started.fetch_add(1, Ordering::Relaxed)));
        let export = Arc::new(Export {
            id: id.clone(),
            table: table.to_owned(),
            format,
            total,
            began,
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            end: OnceLock::new(),
            ended: OnceLock::new(),
        });
        let mut known = self.exports.lock();
        known.forget(Instant::now());
        known.0.insert(id, export.clone());
        drop(known);
        self.export.get_or_init(|| export).clone()
    }
}

impl Drop for ExportPermit {
    fn drop(&mut self) {
        if let Some(export) = self.export.get() {
            // After a panic of the thread, this is the first end that is set.
            export.ends(End::Failed { reason: "the export stopped unexpectedly".to_owned(), trailers: None });
        }
        self.exports.running.dec();
    }
}

impl Export {
    /// Sets the progress.
    pub(super) fn progressed(&self, rows: u64, bytes: u64) {
        self.rows.store(rows, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Sets how the export ends for a client that reads all of it. Only the first call counts.
    pub(super) fn ends(&self, how: End) {
        let _known_already = self.end.set(how);
    }

    /// The connection has taken the end.
    pub(super) fn taken(&self) {
        let _known_already = self.ended.set(Ended { at: Instant::now(), is_taken: true });
    }

    /// The client reads no further.
    pub(super) fn dropped(&self) {
        let _known_already = self.ended.set(Ended { at: Instant::now(), is_taken: false });
    }

    pub(super) fn progress(&self, rows: u64, bytes: u64) -> Value {
        json!({ "rows": rows, "bytes": bytes, "total": self.total })
    }

    pub(super) fn to_json(&self) -> Value {
        let mut status = self.progress(self.rows.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed));
        let ended = self.ended.get();
        let (state, reason, trailers) = match (ended.map(|ended| ended.is_taken), self.end.get()) {
            (None, _) => ("running", None, None),
            (Some(false), _) => ("cancelled", None, None),
            (Some(true), Some(End::Complete(trailers))) => ("complete", None, Some(trailers)),
            (Some(true), Some(End::Failed { reason, trailers })) => {
                ("failed", Some(reason), trailers.as_ref())
            }
            (Some(true), None) => ("failed", None, None),
        };
        let took = ended.map_or_else(Instant::now, |ended| ended.at) - self.began;
        status["id"] = self.id.as_str().into();
        status["table"] = self.table.as_str().into();
        status["format"] = self.format.into();
        status["state"] = state.into();
        status["reason"] = reason.map(String::as_str).into();
        status["durationMs"] = milliseconds(took).into();
        status["trailers"] = trailers.map(trailers_to_json).into();
        status
    }

    fn ended_at(&self) -> Option<Instant> {
        self.ended.get().map(|ended| ended.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::WorkbenchMetrics;

    fn exports() -> Exports {
        let bounds = Bounds { exports: 3, exports_per_client: 2, ..Bounds::default() };
        Exports::new(bounds, WorkbenchMetrics::new().exports_running)
    }

    /// Begins an export and ends it at once.
    fn begin(exports: &Exports, permit: &ExportPermit) -> String {
        let export = permit.begin("t", "csv", 1, Instant::now());
        export.taken();
        assert!(exports.lock().0.len() <= KEPT + 2);
        export.id.clone()
    }

    #[test]
    fn gauge_counts_the_exports_that_hold_a_place() {
        let exports = exports();
        let slots = [(); 2].map(|()| exports.admit(Client::UNKNOWN).expect("room"));
        assert!(exports.admit(Client::UNKNOWN).is_err());
        assert_eq!(exports.running.get(), 2, "who was refused does not count");
        drop(slots);
        assert_eq!(exports.running.get(), 0);
        assert!(exports.admit(Client::UNKNOWN).is_ok());
    }

    #[test]
    fn ended_exports_are_forgotten_by_age_and_number() {
        let exports = exports();
        let running = exports.admit(Client::UNKNOWN).expect("room");
        let running_id = running.begin("t", "csv", 1, Instant::now()).id.clone();
        let ended: Vec<_> = (0..KEPT + 2)
            .map(|_| {
                let permit = exports.admit(Client::UNKNOWN).expect("room");
                begin(&exports, &permit)
            })
            .collect();
        assert_eq!(exports.lock().0.len(), KEPT + 2, "the next one that begins makes room");
        assert!(exports.find(&ended[1]).is_none(), "the oldest are gone");
        assert!(exports.find(&ended[2]).is_some() && exports.find(&ended[KEPT + 1]).is_some());
        assert_eq!(exports.lock().0.len(), KEPT + 1);

        exports.lock().forget(Instant::now() + KEPT_FOR);
        assert!(exports.find(&ended[KEPT + 1]).is_none());
        assert!(exports.find(&running_id).is_some());
    }

    #[test]
    fn export_whose_thread_stops_has_failed_and_a_dropped_one_is_cancelled() {
        let exports = exports();
        for is_taken in [true, false] {
            let permit = exports.admit(Client::UNKNOWN).expect("room");
            let export = permit.begin("t", "csv", 1, Instant::now());
            drop(permit);
            assert_eq!(export.to_json()["state"], "running");
            if is_taken {
                export.taken();
            }
            export.dropped();
            assert_eq!(export.to_json()["state"], if is_taken { "failed" } else { "cancelled" });
            assert_eq!(export.to_json()["reason"].is_string(), is_taken);
        }
    }
}
