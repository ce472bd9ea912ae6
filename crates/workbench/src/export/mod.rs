//! The rows of a database, with metadata that is known only at the end.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/export/orders?limit=10'
//! curl -v -k --no-buffer 'https://localhost:3000/export/orders?limit=10&fail_at=5&fail=trailer'
//! curl -v -k --no-buffer 'https://localhost:3000/export/orders?limit=10&metadata=body'
//! ```
//!
//! A separate thread reads the rows and feeds them into the channel, in constant memory. Rows over 4 MiB can't be read
//! and fail the export. If the client goes away, the export ends with its next chunk.
//!
//! | Trailer | |
//! |---|---|
//! | `X-Row-Count` | how many rows were sent |
//! | `Content-Digest` | SHA-256 of the content, or the algorithm that `Want-Content-Digest` asks for |
//! | `Server-Timing` | milliseconds: `db` in SQLite, `render` to write and hash the rows, `total` from the request to the end; the rest is waiting for the client |
//!
//! | Parameter | |
//! |---|---|
//! | `format` | `csv`, `ndjson` or `json`; without it `Accept` decides, with CSV first among equal weights |
//! | `limit` | the first rows of the table, at most this many |
//! | `columns` | these columns in this order, separated by commas; it may be repeated, and a value that is itself a column's name means that column |
//! | `metadata` | `body`: see [below](#without-trailers) |
//! | `fail_at` | the row, counted from 1, at which the database connection is lost; see [below](#failures) |
//! | `fail` | `reset` or `trailer`: how failures are reported, both simulated and real ones |
//! | `trailers`, `length`, `break`, `break_at` | as those of `/bytes`. With `length`, the content has at most 1 MiB |
//!
//! # Values
//!
//! | SQLite | CSV ([RFC 4180](https://www.rfc-editor.org/rfc/rfc4180)) | NDJSON, JSON ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)) |
//! |---|---|---|
//! | `NULL` | an empty field; if the export has one column, `""`, as for empty text, because many readers skip empty lines | `null` |
//! | integer | digits | a number with all digits: JavaScript is exact up to 2^53 |
//! | real | the shortest digits that round-trip, with a point or an exponent; `Infinity`, `-Infinity` | the same as a number; infinite ones as strings |
//! | text | unchanged; quoted if it is empty, begins or ends with a space, or contains a comma, a quote (doubled), CR or LF | a string |
//! | blob | base64 ([RFC 4648 §4](https://www.rfc-editor.org/rfc/rfc4648#section-4)) | a string, the same base64 |
//!
//! In text, invalid UTF-8 is replaced by U+FFFD. CSV begins with a line of column names, and its lines end with CRLF.
//! NDJSON has one object per line; JSON is an array with one object per line.
//!
//! ## Formulas in CSV
//!
//! Spreadsheets run a cell that begins with `=`, `+`, `-` or `@` as a formula. An export does not change such text,
//! because it must match the database. A quote or a space in front would change the value and its digest, also for
//! programs that run no formulas, and `-1` would no longer be a number. Import the columns as text instead.
//!
//! # Failures
//!
//! `fail=reset`, the default, cuts the transfer. With `fail=trailer` the body ends normally after the rows before the
//! failure, with the trailers `grpc-status: 13` and `grpc-message: Database connection lost at row N`, percent-encoded
//! as gRPC requires, and without count or digest; a JSON array is left open. (If nothing fails, `grpc-status: 0` and
//! `grpc-message: OK` are sent, because announced trailers must be sent.) A real failure of the database is reported in
//! the same way, with its reason at the end of the message.
//!
//! # Without trailers
//!
//! - `metadata=body` returns one JSON document: `data`, then `metadata` with `checksum`, `processedRows` and
//!   `durationMs`. The checksum is that of the same export with `format=json`: of the bytes from `[` to the line end
//!   after `]`. With `fail=trailer`, a failure closes the document, and `metadata` contains `error` instead of the
//!   checksum.
//! - `/events` sends [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html): `rows` with
//!   NDJSON lines, `progress` with `rows`, `bytes` and `total`, and finally `end` with the trailers of the same export
//!   with `format=ndjson`, or `failed` with `fail=trailer`. When a browser's `EventSource` reconnects, it sends the id
//!   and gets 204, because the export would start over. After 15 s of silence a comment (`:`) is sent so that proxies
//!   keep the connection open.
//! - `X-Export-Id` in the header section of each of them is the id for `GET /exports/{id}`, which shows the progress.
//!
//! Only clients that read trailers get digest and count at no cost: the others need a document that must be parsed to
//! its end, events, or a second request.

mod abandon_guard;
mod collected;
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
