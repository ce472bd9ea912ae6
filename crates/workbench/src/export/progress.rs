//! `GET /exports/{id}`: how far an export is, and once it has ended, how: for clients that can't read trailers.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/exports/'$(curl -s -k -o /dev/null -w '%header{x-export-id}' 'https://localhost:3000/export/orders')
//! ```
//!
//! The id is in the export's header section, in `X-Export-Id`.
//!
//! | Member | |
//! |---|---|
//! | `state` | `running`, `complete`, `failed`, or `cancelled`: the client left before the end, or was cut |
//! | `rows`, `bytes` | how much was written so far; what waits for the client is among it |
//! | `total` | how many rows it will be |
//! | `durationMs` | since the request |
//! | `trailers` | what the trailers say, or would say to a client that takes them |
//! | `reason` | why it failed |
//! | `id`, `table`, `format` | which export this is |
//!
//! An export that has ended is known for ten minutes, or until 256 others have ended after it. It
//! has ended once its end was given to the connection: what buffers on the way hold is not known.

use super::registry::Exports;
use crate::{json::Json, segment::Segment};
use axum::extract::State;
use axum_trailers::problem::Problem;
use http::StatusCode;

pub(crate) async fn progress(State(exports): State<Exports>, Segment(id): Segment) -> Result<Json, Problem> {
    let export = exports.find(&id).ok_or_else(|| {
        let detail = format!(
            "no export `{id}` is known: its id is in `X-Export-Id` of its response, and it is remembered for ten \
             minutes after its end, or until 256 others have ended"
        );
        Problem::new(StatusCode::NOT_FOUND, detail)
    })?;
    Ok(Json(export.to_json()))
}
