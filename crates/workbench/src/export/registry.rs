use super::metadata::trailers_to_json;
use crate::{
    Bounds,
    admission::{Admission, AdmissionPermit},
    client::Client,
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

/// How long an export that has ended is remembered: 10 minutes.
const KEPT_FOR: Duration = Duration::from_secs(10 * 60);

/// How many exports that have ended are remembered: 256, the last ones.
const KEPT: usize = 256;

/// The exports that run, and those that ended not long ago.
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
    /// What makes the ids hard to guess: its keys are random.
    ids: RandomState,
    started: AtomicU64,
    table: Mutex<Table>,
}

/// Exports by their id.
#[derive(Default)]
struct Table(HashMap<String, Arc<Export>>);

/// One export, as it is told by `GET /exports/{id}`.
pub(super) struct Export {
    pub(super) id: String,
    table: String,
    format: &'static str,
    total: u64,
    began: Instant,
    rows: AtomicU64,
    bytes: AtomicU64,
    /// How it ends for a client that takes all of it.
    end: OnceLock<End>,
    ended: OnceLock<Ended>,
}

struct Ended {
    at: Instant,
    /// Whether the client took the end.
    is_taken: bool,
}

/// How an export ends.
pub(super) enum End {
    Complete(Trailers),
    /// With what says so, where trailers do.
    Failed {
        reason: String,
        trailers: Option<Trailers>,
    },
}

impl Exports {
    /// The gauge also shows how many run.
    pub(crate) fn new(bounds: Bounds, running: IntGauge) -> Self {
        let admission = Admission::new("exports", bounds.exports, bounds.exports_per_client);
        Self { bounds, admission, running, shared: Arc::default() }
    }

    pub(super) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Makes room for an export, or says which bound is reached.
    pub(super) fn admit(&self, client: Client) -> Result<ExportPermit, Problem> {
        let permit = self.admission.admit(client)?;
        self.running.inc();
        Ok(ExportPermit { exports: self.clone(), _permit: permit, export: OnceLock::new() })
    }

    /// The export of this id.
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
    /// Drops what ended long ago, and the oldest of what is too much.
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

/// The room of an export that runs. Its thread and its body share it; it is given back when both have dropped it.
pub(super) struct ExportPermit {
    exports: Exports,
    _permit: AdmissionPermit,
    export: OnceLock<Arc<Export>>,
}

impl ExportPermit {
    pub(super) fn bounds(&self) -> &Bounds {
        &self.exports.bounds
    }

    /// Enters the export into the table.
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
            // A thread that panicked has said nothing else.
            export
                .ends(End::Failed { reason: "the export stopped in the middle".to_owned(), trailers: None });
        }
        self.exports.running.dec();
    }
}

impl Export {
    /// So much was written.
    pub(super) fn progressed(&self, rows: u64, bytes: u64) {
        self.rows.store(rows, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// So it ends for a client that takes all of it. The first word counts.
    pub(super) fn ends(&self, how: End) {
        let _known_already = self.end.set(how);
    }

    /// Its client has taken its end.
    pub(super) fn taken(&self) {
        let _known_already = self.ended.set(Ended { at: Instant::now(), is_taken: true });
    }

    /// Nobody takes any more of it.
    pub(super) fn dropped(&self) {
        let _known_already = self.ended.set(Ended { at: Instant::now(), is_taken: false });
    }

    pub(super) fn progress(&self, rows: u64, bytes: u64) -> Value {
        json!({ "rows": rows, "bytes": bytes, "total": self.total })
    }

    pub(super) fn to_json(&self) -> Value {
        let mut told = self.progress(self.rows.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed));
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
        told["id"] = self.id.as_str().into();
        told["table"] = self.table.as_str().into();
        told["format"] = self.format.into();
        told["state"] = state.into();
        told["reason"] = reason.map(String::as_str).into();
        told["durationMs"] = super::metadata::milliseconds(took).into();
        told["trailers"] = trailers.map(trailers_to_json).into();
        told
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

    /// An export that is taken to its end at once.
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
    fn those_that_ended_are_forgotten_by_age_and_number_and_those_that_run_are_not() {
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
    fn one_that_stopped_without_a_word_has_failed_and_one_that_was_dropped_is_cancelled() {
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
