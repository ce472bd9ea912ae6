//! An export from its checks to its end, on a thread of its own.

use super::{
    feed::{Ending, Feed},
    metadata::{Lost, Metadata},
    options::{Options, Told},
    presentation::Presentation,
    registry::Slot,
    selection::{Selection, not_opened, unreadable},
};
use crate::{
    body::{self, Chunks, StreamBody},
    demo::database::Database,
    problem::Problem,
    trailers::Declared,
};
use rusqlite::Connection;
use std::time::Instant;
use tokio::{runtime::Handle, sync::oneshot};

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
    let opening = Instant::now();
    let begun = match job.database.connect() {
        Ok(connection) => begin(&mut job, &connection, opening, answer),
        Err(error) => Begun::Refused(answer, Err(not_opened(&error))),
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

fn begin(job: &mut Job, connection: &Connection, opening: Instant, answer: Answer) -> Begun {
    // What is checked, counted and read is one state of the database.
    let transaction = connection.execute_batch("BEGIN").map_err(|error| unreadable(&error));
    let selection = match transaction.and_then(|()| Selection::prepare(connection, job)) {
        Err(problem) => return Begun::Refused(answer, Err(problem)),
        Ok(_) if job.is_head => return Begun::Refused(answer, Ok(None)),
        Ok(selection) => selection,
    };
    let export = job.slot.begin(&job.table, job.options.format, selection.total, job.began);
    let (sender, body) = body::channel(CAPACITY, declared(&job.options));
    // Where the handler is gone, so is the body, which its sender finds out.
    drop(answer.send(Ok(Some(Started { id: export.id.clone(), body }))));
    let feed = Feed::new(job, sender, export, opening.elapsed());
    Begun::Ended(feed.all(selection))
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
