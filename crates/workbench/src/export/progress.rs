//! `GET /exports/{id}`: the progress of an export and how it ended, for clients that can't read trailers.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/exports/'$(curl -s -k -o /dev/null -w '%header{x-export-id}' 'https://localhost:3000/export/orders')
//! ```
//!
//! The id is in the export's header section, in `X-Export-Id`.
//!
//! | Member | |
//! |---|---|
//! | `state` | `running`, `complete`, `failed`, or `cancelled`: the client left, or the server cut it |
//! | `rows`, `bytes` | how much has been written so far, including data that waits for the client |
//! | `total` | the total number of rows |
//! | `durationMs` | time since the request, or until the end |
//! | `trailers` | the trailers of the response, even if the client does not accept any |
//! | `reason` | why it failed |
//! | `id`, `table`, `format` | which export this is |
//!
//! The status of an ended export is kept for ten minutes, or until 256 others have ended after it. An export ends when
//! the connection takes its end; data in later buffers may still be lost.

use super::registry::Exports;
use crate::{json::Json, segment::Segment};
use axum::extract::State;
use axum_trailers::problem::Problem;
use http_02::StatusCode;

pub(crate) async fn progress(State(exports): State<Exports>, Segment(id): Segment) -> Result<Json, Problem> {
    let export = exports.find(&id).ok_or_else(|| {
        let detail = format!(
            "unknown export `{id}`: use the `X-Export-Id` of a response; exports are kept for ten minutes \
             after their end, or until 256 others have ended"
        );
        Problem::new(StatusCode::NOT_FOUND, detail)
    })?;
    Ok(Json(export.to_json()))
}
