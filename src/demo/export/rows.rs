//! From the database to the channel, on a thread of its own.

use super::{
    format::Writer,
    metadata::{Lost, Metadata, status},
    options::{Options, Told},
    presentation::Presentation,
    registry::{End, Export, Slot},
};
use crate::{
    body::{self, Chunks, Sender, StreamBody},
    demo::{
        database::{Database, Table, quoted, table, table_names},
        grpc_status,
        query::bad_request,
    },
    digest::Hashers,
    problem::Problem,
    trailers::{Declared, TrailerError, Trailers},
};
use http::{StatusCode, header};
use rusqlite::{Connection, ErrorCode, Statement};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{runtime::Handle, sync::oneshot};

/// How many bytes of rows go out together.
const CHUNK: usize = 16 * 1024;

/// How many bytes wait for the client.
const CAPACITY: usize = 64 * 1024;

/// What an export is to be.
pub(super) struct Job {
    pub(super) database: Database,
    pub(super) table: String,
    pub(super) options: Options,
    pub(super) began: Instant,
    /// Whether only the header section is asked for.
    pub(super) is_head: bool,
    pub(super) slot: Slot,
    pub(super) runtime: Handle,
}

/// An export that has begun.
pub(super) struct Started {
    pub(super) id: String,
    pub(super) body: StreamBody<Chunks>,
}

/// Who waits to be told whether an export has begun.
pub(super) type Answer = oneshot::Sender<Result<Option<Started>, Problem>>;

/// Checks a job, says what becomes of it, and does it.
///
/// Its room is free again before anyone is told of its end: a client that goes on with the next one finds it.
pub(super) fn run(mut job: Job, answer: Answer) {
    let begun = match job.database.connect() {
        Ok(connection) => begin(&mut job, &connection, answer),
        Err(error) => Begun::Refused(answer, Err(unreadable(&error))),
    };
    drop(job.slot);
    match begun {
        // Where the handler is gone, so is whoever asked.
        Begun::Refused(answer, why) => drop(answer.send(why)),
        Begun::Ended(ending) => ending.tell(),
    }
}

/// What became of a job.
enum Begun {
    /// There is nothing to send, and the handler has to be told so.
    Refused(Answer, Result<Option<Started>, Problem>),
    Ended(Ending),
}

fn begin(job: &mut Job, connection: &Connection, answer: Answer) -> Begun {
    // What is checked, counted and read is one state of the database.
    let transaction = connection.execute_batch("BEGIN").map_err(|error| unreadable(&error));
    let query = match transaction.and_then(|()| Query::prepare(connection, job)) {
        Err(problem) => return Begun::Refused(answer, Err(problem)),
        Ok(_) if job.is_head => return Begun::Refused(answer, Ok(None)),
        Ok(query) => query,
    };
    let export = job.slot.begin(&job.table, job.options.format, query.total, job.began);
    let (sender, body) = body::channel(CAPACITY, declared(&job.options));
    // Where the handler is gone, so is the body, which its sender finds out.
    drop(answer.send(Ok(Some(Started { id: export.id.clone(), body }))));
    let feed = Feed {
        hashers: Hashers::new(job.options.digest),
        db: job.began.elapsed(),
        render: Duration::ZERO,
        rows: 0,
        bytes: 0,
        content: Vec::with_capacity(CHUNK),
        sender,
        export,
        job,
    };
    Begun::Ended(feed.all(query))
}

fn declared(options: &Options) -> Declared {
    if options.presentation != Presentation::Content {
        return Declared::none();
    }
    let metadata = Metadata::declared(options.digest.is_some());
    match options.told {
        Told::ByReset => metadata,
        Told::ByTrailers => {
            let status = Lost::declared();
            Declared::new(metadata.iter().chain(status.iter())).expect("permitted fields")
        }
    }
}

/// A query, of names that are the schema's own.
struct Query<'c> {
    statement: Statement<'c>,
    columns: Vec<String>,
    total: u64,
}

impl<'c> Query<'c> {
    fn prepare(connection: &'c Connection, job: &Job) -> Result<Self, Problem> {
        let names = table_names(connection).map_err(|error| unreadable(&error))?;
        if !names.contains(&job.table) {
            let detail = format!("there is no table `{}`: there are {}", job.table, names.join(", "));
            return Err(Problem::new(StatusCode::NOT_FOUND, detail).with("tables", names));
        }
        let table = table(connection, &job.table).map_err(|error| unreadable(&error))?;
        let columns = columns(&table, &job.options.columns)?;
        let most = job.slot.most_rows();
        let total = count(connection, &table, job.options.limit.unwrap_or(most.saturating_add(1)))
            .map_err(|error| unreadable(&error))?;
        if total > most {
            let detail =
                format!("the table has more than the {most} rows that an export may have: give a limit");
            return Err(bad_request(detail).with("maximum", most));
        }
        let names: Vec<_> = columns.iter().map(|name| quoted(name)).collect();
        // An index that covers some columns would give them in its own order.
        let sql = format!("SELECT {} FROM {} NOT INDEXED LIMIT ?1", names.join(", "), quoted(&table.name));
        let statement = connection.prepare(&sql).map_err(|error| unreadable(&error))?;
        Ok(Self { statement, columns, total })
    }
}

/// How many rows a table has, up to a limit.
fn count(connection: &Connection, table: &Table, limit: u64) -> Result<u64, rusqlite::Error> {
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT ?1)", quoted(&table.name));
    let counted: i64 = connection.query_row(&sql, [signed(limit)], |row| row.get(0))?;
    Ok(counted.unsigned_abs())
}

/// SQLite's integers have a sign.
fn signed(limit: u64) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The columns that a request names, which are all where it names none.
fn columns(table: &Table, asked: &[String]) -> Result<Vec<String>, Problem> {
    let all: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let named = asked.iter().flat_map(|value| {
        if all.contains(&value.as_str()) { vec![value.as_str()] } else { value.split(',').collect() }
    });
    let mut columns: Vec<String> = Vec::new();
    for name in named {
        if !all.contains(&name) {
            let detail =
                format!("the table `{}` has no column `{name}`: it has {}", table.name, all.join(", "));
            return Err(bad_request(detail).with("columns", all));
        }
        if columns.iter().any(|column| column == name) {
            return Err(bad_request(format!("the column `{name}` is named more than once")));
        }
        columns.push(name.to_owned());
    }
    Ok(if columns.is_empty() { all.into_iter().map(str::to_owned).collect() } else { columns })
}

/// A database that can't be read before the response has begun.
pub(super) fn unreadable(error: &rusqlite::Error) -> Problem {
    tracing::error!(%error, "can't read the database");
    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) {
        let busy = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the database is being written");
        return busy.field(header::RETRY_AFTER, 5);
    }
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the database can't be read: {error}"))
}

/// Rows on their way into the channel.
struct Feed<'j> {
    job: &'j Job,
    sender: Sender,
    export: Arc<Export>,
    hashers: Hashers,
    /// Rows that are not sent yet.
    content: Vec<u8>,
    rows: u64,
    bytes: u64,
    db: Duration,
    render: Duration,
}

enum Stop {
    ClientGone,
    Lost(Lost),
}

/// What is left to say once all rows are sent that can be.
struct Ending {
    sender: Sender,
    word: Word,
}

enum Word {
    Nothing,
    Finish(Trailers),
    FailWithTrailers(Trailers),
    Fail(Lost),
}

impl Ending {
    fn tell(self) {
        let told = match self.word {
            Word::Nothing => Ok(()),
            Word::Finish(trailers) => self.sender.finish(trailers),
            Word::FailWithTrailers(trailers) => self.sender.fail_with_trailers(trailers),
            Word::Fail(lost) => {
                self.sender.fail(lost);
                Ok(())
            }
        };
        if let Err(error) = told {
            tracing::debug!(%error, "the end of the export reached nobody");
        }
    }
}

impl Feed<'_> {
    fn all(mut self, query: Query<'_>) -> Ending {
        let mut writer = Writer::new(self.job.options.format, &query.columns);
        let ended = match self.read(query, &mut writer) {
            Ok(()) => self.complete(&writer),
            Err(Stop::Lost(lost)) => self.lost(lost, &writer),
            Err(Stop::ClientGone) => Err(Stop::ClientGone),
        };
        let word = ended.unwrap_or_else(|_client_gone| {
            self.export.end(End::ClientGone);
            Word::Nothing
        });
        Ending { sender: self.sender, word }
    }

    fn read(&mut self, mut query: Query<'_>, writer: &mut Writer) -> Result<(), Stop> {
        self.send(self.job.options.presentation.opening().to_vec())?;
        writer.begin(&mut self.content);
        let mut mark = Instant::now();
        let rows = query.statement.query([signed(query.total)]);
        let mut rows = rows.map_err(|cause| self.lost_here(Some(cause)))?;
        loop {
            let row = rows.next();
            let read = Instant::now();
            self.db += read - mark;
            let Some(row) = row.map_err(|cause| self.lost_here(Some(cause)))? else {
                return Ok(());
            };
            if self.job.options.fail_at == Some(self.rows + 1) {
                return Err(self.lost_here(None));
            }
            writer.row(row, &mut self.content).map_err(|cause| self.lost_here(Some(cause)))?;
            self.rows += 1;
            mark = Instant::now();
            self.render += mark - read;
            if self.content.len() >= CHUNK {
                self.flush()?;
                mark = Instant::now();
            }
        }
    }

    fn lost_here(&self, cause: Option<rusqlite::Error>) -> Stop {
        Stop::Lost(Lost { row: self.rows + 1, cause })
    }

    /// Sends the rows that were written.
    fn flush(&mut self) -> Result<(), Stop> {
        if self.content.is_empty() {
            return Ok(());
        }
        let next = Vec::with_capacity(self.content.len());
        let content = std::mem::replace(&mut self.content, next);
        let hashing = Instant::now();
        self.hashers.update(&content);
        self.render += hashing.elapsed();
        self.bytes += content.len() as u64;
        self.export.progressed(self.rows, self.bytes);
        self.send(self.job.options.presentation.rows(content, &self.export.progress()))
    }

    fn send(&mut self, chunk: Vec<u8>) -> Result<(), Stop> {
        self.job.runtime.block_on(self.sender.send(chunk)).map_err(|_unsent| Stop::ClientGone)
    }

    fn complete(&mut self, writer: &Writer) -> Result<Word, Stop> {
        writer.end(&mut self.content);
        self.flush()?;
        let metadata = Metadata {
            rows: self.rows,
            digest: self.hashers.clone().finish().pop(),
            db: self.db,
            render: self.render,
            total: self.job.began.elapsed(),
        };
        let trailers = metadata.trailers().and_then(|trailers| self.with_status(trailers));
        let trailers = trailers.expect("digits, base64 and tokens make permitted fields");
        let presentation = self.job.options.presentation;
        self.send(presentation.complete(&metadata, &trailers, &self.export.id))?;
        self.export.end(End::Complete(trailers.clone()));
        Ok(Word::Finish(match presentation {
            Presentation::Content => trailers,
            Presentation::Document | Presentation::Events => Trailers::new(),
        }))
    }

    /// Where a failure would be told by trailers, so is that there was none.
    fn with_status(&self, mut trailers: Trailers) -> Result<Trailers, TrailerError> {
        if self.job.options.told == Told::ByTrailers {
            for (name, value) in status(grpc_status::OK, "OK")?.as_map() {
                trailers.insert(name, value)?;
            }
        }
        Ok(trailers)
    }

    /// The rows before the failure are sent.
    fn lost(&mut self, lost: Lost, writer: &Writer) -> Result<Word, Stop> {
        let reason = lost.to_string();
        tracing::warn!(table = self.job.table, id = self.export.id, reason, "export failed");
        let presentation = self.job.options.presentation;
        let is_told = self.job.options.told == Told::ByTrailers;
        if is_told && presentation == Presentation::Document {
            writer.end(&mut self.content);
        }
        self.flush()?;
        if !is_told {
            self.export.end(End::Failed { reason, trailers: None });
            return Ok(Word::Fail(lost));
        }
        let trailers = lost.trailers().expect("printable ASCII makes a field value");
        self.send(presentation.failed(&lost, &trailers, self.job.began.elapsed(), &self.export.id))?;
        self.export.end(End::Failed { reason, trailers: Some(trailers.clone()) });
        Ok(match presentation {
            Presentation::Content => Word::FailWithTrailers(trailers),
            Presentation::Document | Presentation::Events => Word::Finish(Trailers::new()),
        })
    }
}
