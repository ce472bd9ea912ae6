//! `GET /export/{table}/events`: the rows as server-sent events, with their progress.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/export/orders/events?limit=10'
//! ```

use super::{handler::begin, options::Options, registry::Exports};
use crate::{
    demo::{database::Database, segment::Segment},
    problem::Problem,
};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{Request, StatusCode};

pub(in crate::demo) async fn events(
    State(database): State<Database>,
    State(exports): State<Exports>,
    Segment(table): Segment,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let (wanted, options) = Options::of_events(table, request.uri(), request.headers(), exports.bounds())?;
    if request.headers().get("last-event-id").is_some_and(|id| !id.is_empty()) {
        // It has had this export, to its end or to where it broke off. 204 tells an `EventSource` to ask no more (HTML
        // §9.2.3), since it would get all rows again.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    begin(database, &exports, wanted, options, &request).await
}
