//! `GET /export`: the tables and their columns.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/export'
//! ```

use super::{
    registry::Exports,
    selection::{not_opened, unreadable},
};
use crate::{
    client::Client,
    database::{Database, Table, tables},
    json::Json,
    spawn,
};
use axum::{body::Body, extract::State};
use axum_trailers::problem::Problem;
use http_02::{Request, StatusCode};
use serde_json::{Value, json};

pub(crate) async fn list(
    State(database): State<Database>,
    State(exports): State<Exports>,
    request: Request<Body>,
) -> Result<Json, Problem> {
    let tables = read(database, &exports, Client::of(request.extensions().get())).await?;
    let tables = tables.into_iter().map(|table| {
        let columns = table.columns.iter();
        let columns: Value = columns.map(|c| json!({ "name": c.name, "declaredType": c.declared })).collect();
        json!({ "name": table.name, "columns": columns })
    });
    Ok(Json(json!({ "tables": tables.collect::<Value>() })))
}

/// Reads the tables on a separate thread, which counts as an export.
pub(super) async fn read(
    database: Database,
    exports: &Exports,
    client: Client,
) -> Result<Vec<Table>, Problem> {
    let permit = exports.admit(client)?;
    let read = move || {
        let _until_the_end = permit;
        let connection = database.connect().map_err(|error| not_opened(&error))?;
        tables(&connection).map_err(|error| unreadable(&error))
    };
    spawn::thread(read).await.map_err(|_panicked| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the list of tables was not made")
    })?
}
