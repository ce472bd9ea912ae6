//! `GET /seen/{id}`: what the server sent of a response, for clients that can't see it themselves; for probes also what
//! arrived.
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
//!
//! # Probes
//!
//! A request whose `X-Check-Id` or parameter `probe` is a token is a probe: `GET /seen/{token}` also shows what arrived. A
//! token has 22 to 64 letters, digits, `-` and `_`; other values are ignored. The record begins with the header section of
//! the request, so it also exists if no response is ever sent. It is the record of the last request with that token.
//!
//! | Member | |
//! |---|---|
//! | `token`, `requests` | the token, and how many requests with it have arrived: a proxy may repeat one |
//! | `connection` | `alpn`, `sni`, the version of `tls`, and whether this was the first request of a `new` connection |
//! | `request` | `protocol`, `method`, `target`, `headers`; the values of `te` and `trailer`; and the members below |
//! | `request.framing` | how the end of the content is found: `content-length`, `chunked`, `frames` (HTTP/2 or HTTP/3, without a length) or `none` (no content) |
//! | `request.content` | as `data`, but the pieces that the route has received |
//! | `request.trailers` | the trailer section, or null if there is none |
//! | `request.forbiddenTrailers` | the names of trailers that [RFC 9110 §6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1) forbids, which are left out |
//! | `request.state` | `running`, `complete`, `cut` (the content has ended early) or `unread` (the route has not read all of it) |
//! | `request.failure` | why the content was cut or rejected |
//! | `request.truncated` | as `truncated`, for the request; also whether its target was longer than 4 KiB |
//!
//! As long as no header section was sent, the members about the response are null, except `state`: `running`, `gone` if the
//! client has left, or `cut` if the server has cut the connection instead (`break_at=head`).
//!
//! **Each client that has the token can read the record**, because behind a proxy the addresses differ. It contains all
//! header fields; of `Authorization`, `Proxy-Authorization` and `Cookie` only the sizes. Use random tokens, and note that
//! access logs contain them. A client's own response with the same id comes first. The server keeps the last 1,024 tokens for 10
//! minutes. It records all routes except `/seen/…`.

mod body;
mod probe;
mod probes;
mod recent;
mod record;
mod section;
mod token;

pub(crate) use self::{
    body::ObservedBody,
    probe::Probe,
    recent::{Seen, observe},
};

use crate::{client::Client, json::Json, segment::Segment};
use axum::extract::{ConnectInfo, State};
use axum_trailers::problem::Problem;
use http_02::{HeaderValue, StatusCode, header};
use std::net::SocketAddr;

pub(crate) async fn seen(
    State(seen): State<Seen>,
    connection: Option<ConnectInfo<SocketAddr>>,
    Segment(id): Segment,
) -> Result<Json, Problem> {
    let record = seen.find(&id, Client::of(connection.as_ref())).ok_or_else(|| {
        let detail = format!(
            "there is no record of `{id}`: it is the X-Request-Id of one of the last {} responses, to this client, or the \
             token of a recent request",
            Seen::KEPT
        );
        // The record may exist a moment later.
        let uncached = HeaderValue::from_static("no-store");
        Problem::new(StatusCode::NOT_FOUND, detail).field(header::CACHE_CONTROL, uncached)
    })?;
    Ok(Json(record))
}
