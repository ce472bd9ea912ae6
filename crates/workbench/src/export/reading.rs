//! Reads row after row, up to the first that can't be read.

use super::{
    format::RowError,
    metadata::{DatabaseLost, Metadata},
    selection::Selection,
};
use axum_trailers::digest::Digest;
use rusqlite::Row;
use std::{
    fmt::Display,
    time::{Duration, Instant},
};

/// An index that does not match its table can make the count wrong.
const MISCOUNTED: &str = "the number of rows differs from the count";

/// Collects rows and sends them in batches.
pub(super) trait Sink {
    /// Adds a row.
    fn take(&mut self, row: &Row<'_>) -> Result<(), RowError>;

    /// Whether the collected rows are enough to send.
    fn is_full(&self) -> bool;

    /// Sends the collected rows.
    fn flush(&mut self, reading: &mut Reading) -> Result<(), Stop>;
}

/// Why reading stops.
pub(super) enum Stop {
    /// The body has already recorded this in the registry.
    ClientGone,
    DatabaseLost(DatabaseLost),
}

/// The progress of an export, and its timings.
pub(super) struct Reading {
    pub(super) rows: u64,
    pub(super) db: Duration,
    pub(super) render: Duration,
    /// The row at which a failure is simulated.
    fail_at: Option<u64>,
    began: Instant,
    /// How long the export may take. A slow client holds a thread and, without WAL mode, a lock on the database.
    most: Duration,
}

impl Reading {
    /// `opening` is the time already spent in the database.
    pub(super) fn new(began: Instant, most: Duration, opening: Duration, fail_at: Option<u64>) -> Self {
        Self { rows: 0, db: opening, render: Duration::ZERO, fail_at, began, most }
    }

    /// Passes all rows to a sink. The caller flushes the rest.
    pub(super) fn all(&mut self, mut selection: Selection<'_>, sink: &mut impl Sink) -> Result<(), Stop> {
        let mut mark = Instant::now();
        let total = selection.total;
        let mut rows = selection.rows().map_err(|error| self.lost_here(&error))?;
        loop {
            let row = rows.next();
            let read = Instant::now();
            self.db += read - mark;
            let Some(row) = row.map_err(|error| self.lost_here(&error))? else {
                return if self.rows == total { Ok(()) } else { Err(self.lost_here(&MISCOUNTED)) };
            };
            if self.fail_at == Some(self.rows + 1) {
                return Err(Stop::DatabaseLost(DatabaseLost { row: self.rows + 1, cause: None }));
            }
            sink.take(row).map_err(|error| self.lost_here(&error))?;
            self.rows += 1;
            mark = Instant::now();
            self.render += mark - read;
            if sink.is_full() {
                sink.flush(self)?;
                self.in_time()?;
                mark = Instant::now();
            }
        }
    }

    /// The metadata after all rows were read and sent.
    pub(super) fn metadata(&self, digest: Option<Digest>) -> Metadata {
        let Self { rows, db, render, .. } = *self;
        Metadata { rows, digest, db, render, total: self.elapsed() }
    }

    /// The time since the request.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn lost_here(&self, cause: &dyn Display) -> Stop {
        Stop::DatabaseLost(DatabaseLost { row: self.rows + 1, cause: Some(cause.to_string()) })
    }

    fn in_time(&self) -> Result<(), Stop> {
        if self.elapsed() <= self.most {
            return Ok(());
        }
        Err(self.lost_here(&format_args!("the export took longer than the limit of {:?}", self.most)))
    }
}
