//! Selects the rows and columns of an export.

use super::query::{Columns, ExportQuery};
use crate::{
    database::{Database, Table, explained, quoted, table, table_names},
    query::bad_request,
    retry_later::retry_later,
};
use axum_trailers::problem::Problem;
use http_02::StatusCode;
use rusqlite::{Connection, ErrorCode, Rows, Statement};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A query that contains only names from the schema.
pub(super) struct Selection<'c> {
    statement: Statement<'c>,
    pub(super) columns: Vec<String>,
    /// The number of rows.
    pub(super) total: u64,
    limit: u64,
}

/// Opens the database in a transaction, so that checks, count and reading use the same state.
///
/// Counting many rows takes time. It stops when the client has gone away.
pub(super) fn open(database: &Database, is_abandoned: Arc<AtomicBool>) -> Result<Connection, Problem> {
    const STEPS: i32 = 10_000;
    let opened = database.connect().and_then(|mut connection| {
        connection
            .progress_handler(STEPS, Some(move || is_abandoned.load(Ordering::Relaxed)))
            .map(|()| connection)
    });
    let connection = opened.map_err(|error| not_opened(&error))?;
    connection.execute_batch("BEGIN").map_err(|error| unreadable(&error))?;
    Ok(connection)
}

impl<'c> Selection<'c> {
    /// `most` is the largest number of rows allowed.
    pub(super) fn prepare(
        connection: &'c Connection,
        query: &ExportQuery,
        most: u64,
    ) -> Result<Self, Problem> {
        let names = table_names(connection).map_err(|error| unreadable(&error))?;
        if !names.contains(&query.table) {
            let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let detail = format!("unknown table `{}`: the tables are {there}", query.table);
            return Err(Problem::new(StatusCode::NOT_FOUND, detail).with("tables", names));
        }
        let table = table(connection, &query.table).map_err(|error| unreadable(&error))?;
        let columns = columns(&table, &query.columns)?;
        let limit = query.limit.unwrap_or(most.saturating_add(1));
        let total = count(connection, &table, limit).map_err(|error| unreadable(&error))?;
        if total > most {
            let detail = format!("the table has more than {most} rows, the limit of an export: set `limit`");
            return Err(bad_request(detail).with("maximum", most));
        }
        let names: Vec<_> = columns.iter().map(|name| quoted(name)).collect();
        let sql = |hint| format!("SELECT {} FROM {} {hint} LIMIT ?1", names.join(", "), quoted(&table.name));
        // An index that covers some columns would return rows in its own order. A table without row ids is itself an
        // index, and SQLite may be unable to avoid it.
        let statement = connection.prepare(&sql("NOT INDEXED")).or_else(|_| connection.prepare(&sql("")));
        let statement = statement.map_err(|error| unreadable(&error))?;
        Ok(Self { statement, columns, total, limit })
    }

    /// The rows, in the table's order.
    pub(super) fn rows(&mut self) -> Result<Rows<'_>, rusqlite::Error> {
        self.statement.query([signed(self.limit)])
    }
}

/// Counts a table's rows, up to a limit.
fn count(connection: &Connection, table: &Table, limit: u64) -> Result<u64, rusqlite::Error> {
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT ?1)", quoted(&table.name));
    let counted: i64 = connection.query_row(&sql, [signed(limit)], |row| row.get(0))?;
    Ok(counted.unsigned_abs())
}

/// SQLite's integers are signed.
fn signed(limit: u64) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The columns that a request names, or all if it names none.
fn columns(table: &Table, asked: &Columns) -> Result<Vec<String>, Problem> {
    let all: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let named: Vec<&str> = match asked {
        Columns::Named(names) => names.iter().map(String::as_str).collect(),
        Columns::Listed(values) => {
            let names = values.iter().map(String::as_str);
            names
                .flat_map(|value| if all.contains(&value) { vec![value] } else { value.split(',').collect() })
                .collect()
        }
    };
    let mut columns: Vec<String> = Vec::new();
    for name in named {
        if !all.contains(&name) {
            let detail =
                format!("unknown column `{name}`: the columns of `{}` are {}", table.name, all.join(", "));
            return Err(bad_request(detail).with("columns", all));
        }
        if columns.iter().any(|column| column == name) {
            return Err(bad_request(format!("the column `{name}` is listed more than once")));
        }
        columns.push(name.to_owned());
    }
    Ok(if columns.is_empty() { all.into_iter().map(str::to_owned).collect() } else { columns })
}

/// SQLite's message contains the file's path, which clients must not get.
pub(super) fn not_opened(error: &rusqlite::Error) -> Problem {
    tracing::error!(%error, "can't open the database");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "can't open the database")
}

/// The database can't be read, and the response has not begun.
pub(super) fn unreadable(error: &rusqlite::Error) -> Problem {
    if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the client left");
    }
    tracing::error!(%error, "can't read the database");
    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) {
        return retry_later(
            StatusCode::SERVICE_UNAVAILABLE,
            "another process is writing to the database: try again",
        );
    }
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("can't read the database: {}", explained(error)))
}
