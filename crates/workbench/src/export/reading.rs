//! Row after row, up to the first that can't be read.

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

/// An index that does not fit its table may count other rows than there are.
const MISCOUNTED: &str = "there are other rows than were counted";

/// Takes rows, and sends them together.
pub(super) trait Sink {
    /// Takes a row.
    fn take(&mut self, row: &Row<'_>) -> Result<(), RowError>;

    /// Whether what it has taken is enough to be sent.
    fn is_full(&self) -> bool;

    /// Sends what it has taken.
    fn flush(&mut self, reading: &mut Reading) -> Result<(), Stop>;
}

/// Why no more rows are read.
pub(super) enum Stop {
    /// Which its body has told the table of exports.
    ClientGone,
    DatabaseLost(DatabaseLost),
}

/// How far it is, and what it took.
pub(super) struct Reading {
    pub(super) rows: u64,
    pub(super) db: Duration,
    pub(super) render: Duration,
    /// The row at which a failure is made up.
    fail_at: Option<u64>,
    began: Instant,
    /// How long it may take. A client that takes its time holds a thread and, where it is not in WAL mode, the database.
    most: Duration,
}

impl Reading {
    /// `opening` is the time that the database has taken so far.
    pub(super) fn new(began: Instant, most: Duration, opening: Duration, fail_at: Option<u64>) -> Self {
        Self { rows: 0, db: opening, render: Duration::ZERO, fail_at, began, most }
    }

    /// Gives all rows to a sink. What it has not sent at the end is still to be flushed.
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

    /// What is known after all rows were read and sent.
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
        Err(self.lost_here(&format_args!("it took more than the {:?} that an export may take", self.most)))
    }
}
