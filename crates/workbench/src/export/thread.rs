//! Runs an export on its own thread, from the checks to the end.

use super::{
    abandon_guard::AbandonGuard,
    output::{Feed, Output},
    query::ExportQuery,
    reading::{Reading, Stop},
    registry::{Export, ExportPermit, Exports},
    selection::{Selection, open},
};
use crate::{client::Client, database::Database, spawn};
use axum_trailers::problem::Problem;
use http_02::StatusCode;
use rusqlite::Connection;
use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};
use tokio::sync::oneshot;

/// What an export needs to run.
struct Job<O> {
    database: Database,
    query: ExportQuery,
    output: O,
    began: Instant,
    /// Whether the handler was dropped before it got an answer.
    is_abandoned: Arc<AtomicBool>,
    permit: Arc<ExportPermit>,
}

/// Sends the waiting handler its response, or why the export could not begin.
type ResponseSender<O> = oneshot::Sender<Result<<O as Output>::Response, Problem>>;

/// Runs an export on its own thread. Returns the response once the export has begun.
pub(super) async fn start<O: Output>(
    database: Database,
    exports: &Exports,
    client: Client,
    query: ExportQuery,
    output: O,
) -> Result<O::Response, Problem> {
    let began = Instant::now();
    let permit = Arc::new(exports.admit(client)?);
    let (waiting, is_abandoned) = AbandonGuard::begin();
    let job = Job { database, query, output, began, is_abandoned, permit };
    let (answer, answered) = oneshot::channel();
    spawn::thread(move || run(job, answer));

    let answered = answered.await;
    waiting.answered();
    answered.map_err(|_panicked| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the export stopped before it began")
    })?
}

/// Runs an export and answers its handler.
///
/// The permit is released before the client receives the end, so the client can start its next export at once.
fn run<O: Output>(job: Job<O>, answer: ResponseSender<O>) {
    let opening = Instant::now();
    let begun = match open(&job.database, job.is_abandoned.clone()) {
        Ok(connection) => begin(&job, &connection, opening, answer),
        Err(problem) => Begun::Answered(answer, Err(problem)),
    };
    drop(job.permit);
    match begun {
        // If the handler was dropped, its client is gone.
        Begun::Answered(answer, with) => drop(answer.send(with)),
        Begun::Ended(feed, ending) => feed.end(ending),
        Begun::ClientGone => {}
    }
}

/// The outcome of a job.
enum Begun<O: Output> {
    /// No rows are sent; the handler still waits for the answer.
    Answered(ResponseSender<O>, Result<O::Response, Problem>),
    Ended(O::Feed, <O::Feed as Feed>::Ending),
    ClientGone,
}

fn begin<O: Output>(
    job: &Job<O>,
    connection: &Connection,
    opening: Instant,
    answer: ResponseSender<O>,
) -> Begun<O> {
    let bounds = job.permit.bounds();
    let selection = match Selection::prepare(connection, &job.query, bounds.rows) {
        Ok(selection) => selection,
        Err(problem) => return Begun::Answered(answer, Err(problem)),
    };
    if let Some(response) = job.output.without_rows() {
        return Begun::Answered(answer, Ok(response));
    }
    let export = job.permit.begin(&job.query.table, job.output.format(), selection.total, job.began);
    let (response, mut feed) = job.output.begin(export.clone(), job.permit.clone(), &selection.columns);
    // If the handler was dropped, so was the response; the feed then fails.
    drop(answer.send(Ok(response)));
    let reading = Reading::new(job.began, bounds.export_time, opening.elapsed(), job.query.fail_at);
    match send(&mut feed, selection, reading, &job.query.table, &export) {
        Ok(ending) => Begun::Ended(feed, ending),
        Err(_client_gone) => Begun::ClientGone,
    }
}

/// Sends all rows, up to the first that can't be read.
fn send<F: Feed>(
    feed: &mut F,
    selection: Selection<'_>,
    mut reading: Reading,
    table: &str,
    export: &Export,
) -> Result<F::Ending, Stop> {
    match feed.begin().and_then(|()| reading.all(selection, feed)) {
        Ok(()) => feed.complete(&mut reading),
        Err(Stop::DatabaseLost(lost)) => {
            lost.log(table, &export.id);
            feed.lost(lost, &mut reading)
        }
        Err(Stop::ClientGone) => Err(Stop::ClientGone),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{http_output::HttpOutput, options::Options, output::X_EXPORT_ID},
        *,
    };
    use crate::{Bounds, metrics::WorkbenchMetrics};
    use axum::response::IntoResponse;
    use http_02::{Method, Request};

    #[tokio::test]
    async fn count_stops_if_the_client_leaves() {
        let exports =
            Exports::new(Bounds { exports: 1, ..Bounds::default() }, WorkbenchMetrics::new().exports_running);
        for is_abandoned in [true, false] {
            let request = Request::get("/export/orders").body(()).expect("a request");
            let asked = Options::of_export("orders".to_owned(), &request, &Bounds::default());
            let (query, options) = asked.unwrap_or_else(|_problem| panic!("no parameters"));
            let job = Job {
                database: Database::sample().expect("memory"),
                query,
                output: HttpOutput::new(options, &Method::HEAD),
                began: Instant::now(),
                is_abandoned: Arc::new(AtomicBool::new(is_abandoned)),
                permit: Arc::new(exports.admit(Client::UNKNOWN).unwrap_or_else(|_problem| panic!("room"))),
            };
            let (answer, answered) = oneshot::channel();
            run(job, answer);
            match answered.await.expect("an answer") {
                Ok(response) => {
                    assert!(!is_abandoned && !response.headers().contains_key(X_EXPORT_ID), "none has begun");
                }
                Err(problem) => {
                    assert!(is_abandoned);
                    let status = problem.into_response().status();
                    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "interrupted");
                }
            }
        }
    }
}
