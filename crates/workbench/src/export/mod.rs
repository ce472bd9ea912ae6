//! The rows of a database, with what only their end can know.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/export/orders?limit=10'
//! curl -v -k --no-buffer 'https://localhost:3000/export/orders?limit=10&fail_at=5&fail=trailer'
//! curl -v -k --no-buffer 'https://localhost:3000/export/orders?limit=10&metadata=body'
//! ```
//!
//! A thread of its own reads the rows and feeds them through the channel, in constant memory: a row of more than 4
//! MiB can't be read, and fails. A client that goes away ends it with its next chunk.
//!
//! | Trailer | |
//! |---|---|
//! | `X-Row-Count` | how many rows were sent |
//! | `Content-Digest` | SHA-256 of the content, or the algorithm that `Want-Content-Digest` asks for |
//! | `Server-Timing` | milliseconds: `db` in SQLite, `render` to write the rows and to hash them, `total` from the request to the end; the rest of it is waiting for the client |
//!
//! | Parameter | |
//! |---|---|
//! | `format` | `csv`, `ndjson` or `json`; without it `Accept` decides, CSV among equals |
//! | `limit` | no more than so many rows, those that the table has first |
//! | `columns` | these columns in this order, with commas between them; it may be repeated, and a value that is itself a column's name is that column |
//! | `metadata` | `body`: see [below](#without-trailers) |
//! | `fail_at` | a row, from 1 on, at which the database connection is lost; see [below](#failures) |
//! | `fail` | `reset` or `trailer`: how a failure is reported, made up or real |
//!
//! # Values
//!
//! | SQLite | CSV ([RFC 4180](https://www.rfc-editor.org/rfc/rfc4180)) | NDJSON, JSON ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)) |
//! |---|---|---|
//! | `NULL` | nothing between two commas; in an export of one column `""`, as empty text, since many readers pass over empty lines | `null` |
//! | integer | digits | a number, in all its digits: JavaScript keeps those up to 2^53 |
//! | real | the shortest digits that give it back, with a point or an exponent; `Infinity`, `-Infinity` | the same as a number; the infinite ones as strings |
//! | text | as it is; in quotes where it is empty, begins or ends with a space, or has a comma, a quote (doubled), CR or LF | a string |
//! | blob | base64 ([RFC 4648 §4](https://www.rfc-editor.org/rfc/rfc4648#section-4)) | a string, the same base64 |
//!
//! In text that is not UTF-8, U+FFFD replaces what is not. CSV has a line of column names first, and CRLF at the end
//! of each. NDJSON has an object on each line, JSON an array of them, one on a line.
//!
//! ## Formulas in CSV
//!
//! Spreadsheets run a cell that begins with `=`, `+`, `-` or `@` as a formula. An export does not change such text: it is
//! data, and what comes back has to be what the database contains. A quote or a space in front would change the value
//! and its digest, also for programs that run no formulas, and `-1` would no longer be a number. Let the spreadsheet
//! import the columns as text.
//!
//! # Failures
//!
//! `fail=reset`, the default, is a broken transfer. With `fail=trailer` the body ends well after the rows before, with
//! `grpc-status: 13` and `grpc-message: Database connection lost at row N` for trailers, percent-encoded as gRPC wants,
//! and neither count nor digest; a JSON array is left open. (`grpc-status: 0` and `grpc-message: OK` where nothing
//! fails: what is announced is sent.) A real failure of the database goes the same way, with its reason at the end of
//! the message.
//!
//! # Without trailers
//!
//! - `metadata=body` is one JSON document: `data`, then `metadata` with `checksum`, `processedRows` and `durationMs`.
//!   The checksum is that of the same export with `format=json`: of the bytes from `[` to the line end after `]`. With
//!   `fail=trailer`, a failure closes the document, and `metadata` has `error` in the checksum's place.
//! - `/events` sends [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html): `rows` with
//!   NDJSON lines, `progress` with `rows`, `bytes` and `total`, and at last `end` with what the trailers of the same
//!   export with `format=ndjson` say, or `failed` with `fail=trailer`. A reconnect of a browser's `EventSource`, which
//!   sends the id, gets 204, because the export would start over. After 15 s of silence a comment (`:`) is sent, so that
//!   proxies keep the connection open.
//! - `X-Export-Id` in the header section of each of them is the name under which `GET /exports/{id}` shows its progress.
//!
//! Only a client that reads trailers sees digest and count in the place where they cost nothing: the others need a
//! document that is parsed to its end, events, or a second request.

mod abandon_guard;
mod comments;
mod events;
mod format;
mod fused_body;
pub mod grpc;
mod handler;
mod http_feed;
mod http_output;
mod metadata;
mod options;
mod output;
mod presentation;
mod progress;
mod query;
mod reading;
mod registry;
mod selection;
mod tables;
mod thread;
mod tracked_body;

pub(super) use self::{events::events, handler::export, progress::progress, registry::Exports, tables::list};
