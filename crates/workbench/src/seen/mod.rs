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
//! | `state` | `running`, `complete`, `failed` (complete, but its trailers report a failure), `cut` (by the server), or `gone` (the client left) |
//! | `status`, `fields` | the header section, without `Date` |
//! | `data` | the content: bytes, the number of pieces, and the first and last 32 of them, each as milliseconds since the request and bytes. With the chunked coding a piece is a chunk, over HTTP/2 one or more `DATA` frames |
//! | `trailers` | the trailer section, or null if none was sent |
//! | `withheld` | why trailers were withheld |
//! | `truncated` | whether a section was larger than 16 KiB, and the rest is left out |
//! | `durationMs` | time from the request to the end |
//!
//! "Sent" and `complete` mean that the connection has accepted it. For a slow client the last bytes may still be in
//! buffers, and are lost if the client leaves then.
//!
//! The server keeps the last 256 responses of routes, except of `/seen/…`, `/ui/…` and `/healthz`. It keeps none of gRPC
//! and none that it creates itself, such as a 431. Only the client that received a response can read its record: the same
//! IPv4 address or IPv6 /64. If a client has used an id several times, it gets the last response.

mod recent;
mod record;

pub(crate) use recent::{Seen, observe};

use crate::{client::Client, json::Json, segment::Segment};
use axum::extract::{ConnectInfo, State};
use axum_trailers::problem::Problem;
use http_02::StatusCode;
use std::net::SocketAddr;

pub(crate) async fn seen(
    State(seen): State<Seen>,
    connection: Option<ConnectInfo<SocketAddr>>,
    Segment(id): Segment,
) -> Result<Json, Problem> {
    let record = seen.find(&id, Client::of(connection.as_ref())).ok_or_else(|| {
        let detail = format!(
            "this client has received no recorded response with the id `{id}`: it is the X-Request-Id of a response, \
             and the last {} are kept",
            Seen::KEPT
        );
        Problem::new(StatusCode::NOT_FOUND, detail)
    })?;
    Ok(Json(record.to_json()))
}
