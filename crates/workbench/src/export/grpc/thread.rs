//! A call from its checks to its end, on a thread of its own.

use super::{
    rows::{Part, Rows},
    status::{lost, no_table, refused},
    v1::{Column, ListTablesResponse, Row as RowMessage, Table},
    value,
};
use crate::{
    database::{Database, tables},
    export::{
        format::RowError,
        metadata::{DatabaseLost, Metadata, status},
        query::ExportQuery,
        reading::{Reading, Sink, Stop},
        registry::{End, Export, ExportPermit},
        selection::{Selection, not_opened, open, unreadable},
    },
};
use axum_trailers::problem::Problem;
use http::StatusCode;
use rusqlite::{Connection, Row};
use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};
use tokio::sync::{mpsc, oneshot};
use tonic::{Code, Status, metadata::MetadataMap};

/// What an export is to be.
pub(super) struct Job {
    pub(super) database: Database,
    pub(super) query: ExportQuery,
    pub(super) began: Instant,
    /// Whether who asked has gone before there was an answer.
    pub(super) is_abandoned: Arc<AtomicBool>,
    pub(super) permit: Arc<ExportPermit>,
}

/// Who waits to be told whether an export has begun.
type Answer = oneshot::Sender<Result<Rows, Status>>;

/// How many bytes of memory the rows have that go out together.
const BATCH: usize = 16 * 1024;

/// How many batches wait for the client.
const BATCHES: usize = 4;

/// Checks a job, says what becomes of it, and does it.
///
/// Its room is free again before its client sees its end.
pub(super) fn run(job: Job, answer: Answer) {
    let opening = Instant::now();
    let begun = match open(&job.database, job.is_abandoned.clone()) {
        Ok(connection) => begin(&job, &connection, opening, answer),
        Err(problem) => Err((answer, refused(&problem))),
    };
    drop(job.permit);
    match begun {
        // If the call is gone, so is its client.
        Err((answer, why)) => drop(answer.send(Err(why))),
        Ok((parts, Some(end))) => drop(parts.blocking_send(Part::End(end))),
        Ok((_, None)) => {}
    }
}

type Begun = Result<(mpsc::Sender<Part>, Option<Status>), (Answer, Status)>;

fn begin(job: &Job, connection: &Connection, opening: Instant, answer: Answer) -> Begun {
    let bounds = job.permit.bounds();
    let selection = match Selection::prepare(connection, &job.query, bounds.rows) {
        Ok(selection) => selection,
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => {
            return Err((answer, no_table(&job.query.table)));
        }
        Err(problem) => return Err((answer, refused(&problem))),
    };
    let export = job.permit.begin(&job.query.table, "grpc", selection.total, job.began);
    let (parts, received) = mpsc::channel(BATCHES);
    // Where the call is gone, so is the stream, which its sender finds out.
    drop(answer.send(Ok(Rows::new(received, export.clone(), job.permit.clone()))));
    let mut feed =
        Feed { parts, export, columns: selection.columns.len(), rows: Vec::new(), memory: 0, bytes: 0 };
    let mut reading = Reading::new(job.began, bounds.export_time, opening.elapsed(), job.query.fail_at);
    let read = reading.all(selection, &mut feed);
    let ended = feed.ended(job, read, &mut reading);
    Ok((feed.parts, ended.ok()))
}

/// Rows on their way into the channel.
struct Feed {
    parts: mpsc::Sender<Part>,
    export: Arc<Export>,
    columns: usize,
    /// Rows that are not sent yet.
    rows: Vec<RowMessage>,
    /// How many bytes of memory they are.
    memory: usize,
    /// How many bytes were sent, and are to be sent next.
    bytes: u64,
}

impl Feed {
    fn ended(&mut self, job: &Job, read: Result<(), Stop>, reading: &mut Reading) -> Result<Status, Stop> {
        match read {
            Ok(()) => {
                self.flush(reading)?;
                Ok(self.complete(job, reading))
            }
            Err(Stop::DatabaseLost(why)) => {
                self.flush(reading)?;
                Ok(self.lost(job, &why))
            }
            Err(Stop::ClientGone) => Err(Stop::ClientGone),
        }
    }

    fn complete(&self, job: &Job, reading: &Reading) -> Status {
        let Reading { rows, db, render, .. } = *reading;
        let metadata = Metadata { rows, digest: None, db, render, total: job.began.elapsed() };
        let trailers = metadata.trailers().expect("digits and tokens make permitted fields");
        let mut sent = MetadataMap::new();
        for (name, value) in trailers.as_map() {
            let name =
                http_1::HeaderName::from_bytes(name.as_ref()).expect("a name is one in both generations");
            let value = http_1::HeaderValue::from_bytes(value.as_bytes());
            sent.as_mut().insert(name, value.expect("a value is one in both generations"));
        }
        self.export.ends(End::Complete(trailers));
        Status::with_metadata(Code::Ok, "", sent)
    }

    fn lost(&self, job: &Job, why: &DatabaseLost) -> Status {
        let reason = why.to_string();
        why.log(&job.query.table, &self.export.id);
        let told = lost(why);
        let trailers =
            status(told.code() as u8, told.message()).expect("printable ASCII makes a field value");
        self.export.ends(End::Failed { reason, trailers: Some(trailers) });
        told
    }
}

impl Sink for Feed {
    fn take(&mut self, row: &Row<'_>) -> Result<(), RowError> {
        let row = value::row(row, self.columns)?;
        self.memory += row.memory;
        self.bytes += row.encoded as u64;
        self.rows.push(row.message);
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.memory >= BATCH
    }

    fn flush(&mut self, reading: &mut Reading) -> Result<(), Stop> {
        self.memory = 0;
        let rows = std::mem::take(&mut self.rows);
        // Before they are sent: a client that has them may ask at once.
        self.export.progressed(reading.rows, self.bytes);
        self.parts.blocking_send(Part::Rows(rows)).map_err(|_unsent| Stop::ClientGone)
    }
}

/// The tables with their columns.
pub(super) fn list(database: &Database) -> Result<ListTablesResponse, Problem> {
    let connection = database.connect().map_err(|error| not_opened(&error))?;
    let tables = tables(&connection).map_err(|error| unreadable(&error))?;
    let tables = tables.into_iter().map(|table| {
        let columns = table.columns.into_iter();
        let columns = columns.map(|column| Column { name: column.name, declared_type: column.declared });
        Table { name: table.name, columns: columns.collect() }
    });
    Ok(ListTablesResponse { tables: tables.collect() })
}
