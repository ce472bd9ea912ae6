//! An export from its checks to its end, on a thread of its own.

use super::{
    feed::{Feed, Outcome},
    job::Job,
    metadata::{DatabaseLost, Metadata},
    options::{FailureMode, Options},
    presentation::Presentation,
    reading::Reading,
    selection::{Selection, open},
    tracked_body::TrackedBody,
};
use axum::{
    body::boxed,
    response::{IntoResponse, Response},
};
use axum_trailers::{body, problem::Problem, trailers::Declared};
use rusqlite::Connection;
use std::time::Instant;
use tokio::sync::oneshot;

/// How many bytes wait for the client.
const CAPACITY: usize = 64 * 1024;

/// An export that has begun.
pub(super) struct Started {
    pub(super) id: String,
    pub(super) response: Response,
}

/// Who waits to be told whether an export has begun.
pub(super) type Answer = oneshot::Sender<Result<Option<Started>, Problem>>;

/// Checks a job, says what becomes of it, and does it.
///
/// Its room is free again before its client sees its end: one that goes on with the next finds it.
pub(super) fn run(job: Job, answer: Answer) {
    let opening = Instant::now();
    let begun = match open(&job.database, job.is_abandoned.clone()) {
        Ok(connection) => begin(&job, &connection, opening, answer),
        Err(problem) => Begun::Refused(answer, Err(problem)),
    };
    drop(job.permit);
    match begun {
        // If the handler is gone, so is its client.
        Begun::Refused(answer, why) => drop(answer.send(why)),
        Begun::Ended(ending) => ending.tell(),
    }
}

/// What became of a job.
enum Begun {
    /// There is nothing to send, and the handler has to be told so.
    Refused(Answer, Result<Option<Started>, Problem>),
    Ended(Outcome),
}

fn begin(job: &Job, connection: &Connection, opening: Instant, answer: Answer) -> Begun {
    let bounds = job.permit.bounds();
    let selection = match Selection::prepare(connection, &job.query, bounds.rows) {
        Err(problem) => return Begun::Refused(answer, Err(problem)),
        Ok(_) if job.is_head => return Begun::Refused(answer, Ok(None)),
        Ok(selection) => selection,
    };
    let export = job.permit.begin(&job.query.table, job.options.format.name(), selection.total, job.began);
    let (sender, body) = body::channel(CAPACITY, declared(&job.options));
    let response =
        body.into_response().map(|body| boxed(TrackedBody::new(body, export.clone(), job.permit.clone())));
    // Where the handler is gone, so is the body, which its sender finds out.
    drop(answer.send(Ok(Some(Started { id: export.id.clone(), response }))));
    let feed = Feed::new(job, sender, export, &selection.columns);
    let reading = Reading::new(job.began, bounds.export_time, opening.elapsed(), job.query.fail_at);
    Begun::Ended(feed.all(selection, reading))
}

fn declared(options: &Options) -> Declared {
    if options.presentation != Presentation::Content {
        return Declared::none();
    }
    let metadata = Metadata::declared(options.digest.is_some());
    match options.told {
        FailureMode::ByReset => metadata,
        FailureMode::ByTrailers => {
            let status = DatabaseLost::declared();
            Declared::new(metadata.iter().chain(status.iter())).expect("permitted fields")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::registry::Exports, *};
    use crate::{Bounds, client::Client, database::Database, metrics::WorkbenchMetrics};
    use http::{HeaderMap, StatusCode};
    use std::sync::{Arc, atomic::AtomicBool};
    use tokio::runtime::Handle;

    #[tokio::test]
    async fn count_ends_where_nobody_waits_for_it() {
        let exports =
            Exports::new(Bounds { exports: 1, ..Bounds::default() }, WorkbenchMetrics::new().exports_running);
        for is_abandoned in [true, false] {
            let uri = "/export/orders".parse().expect("a URI");
            let asked = Options::of_export("orders".to_owned(), &uri, &HeaderMap::new(), &Bounds::default());
            let (query, options) = asked.unwrap_or_else(|_problem| panic!("no parameters"));
            let job = Job {
                database: Database::sample().expect("memory"),
                query,
                options,
                began: Instant::now(),
                is_head: true,
                is_abandoned: Arc::new(AtomicBool::new(is_abandoned)),
                permit: Arc::new(exports.admit(Client::UNKNOWN).unwrap_or_else(|_problem| panic!("room"))),
                runtime: Handle::current(),
            };
            let (answer, answered) = oneshot::channel();
            run(job, answer);
            match answered.await.expect("an answer") {
                Ok(begun) => assert!(begun.is_none() && !is_abandoned),
                Err(problem) => {
                    assert!(is_abandoned);
                    let status = problem.into_response().status();
                    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "interrupted");
                }
            }
        }
    }
}
