//! `GET /seen/{id}`: what the server sent of a response, for clients that can't see it themselves.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/seen/'$(curl -s -k -o /dev/null -w '%header{x-request-id}' 'https://localhost:3000/trailers?x-color=blue')
//! ```
//!
//! The id is in the header section of each response, in `X-Request-Id`.
//!
//! | Member | |
//! |---|---|
//! | `id`, `method`, `protocol` | which request it was |
//! | `state` | `running`, `complete`, `failed` (complete, but its trailers report a failure), or `cut` |
//! | `ended` | how it ended, in the words of the log |
//! | `status`, `fields` | the header section, without `Date` |
//! | `data` | the content: bytes, the number of pieces, and the first and last 32 of them, each as milliseconds since the request and bytes. Over HTTP/1.1 a piece is a chunk, over HTTP/2 one or more `DATA` frames |
//! | `trailers` | the trailer section, or null if none was sent |
//! | `withheld` | why trailers were withheld |
//! | `durationMs` | time from the request to the end |
//!
//! The last 256 responses are kept, without those of this route. If several have the same id, the last one is shown. The record contains no content
//! and nothing of the request but its method, because anyone who knows the id can read it.

mod recent;
mod record;

pub(crate) use recent::{Seen, observe};

use crate::{json::Json, segment::Segment};
use axum::extract::State;
use axum_trailers::problem::Problem;
use http::StatusCode;

pub(crate) async fn seen(State(seen): State<Seen>, Segment(id): Segment) -> Result<Json, Problem> {
    let record = seen.find(&id).ok_or_else(|| {
        let detail = format!(
            "no response has the id `{id}`: it is the X-Request-Id of a response, and the last {} are kept",
            Seen::KEPT
        );
        Problem::new(StatusCode::NOT_FOUND, detail)
    })?;
    Ok(Json(record.to_json()))
}
