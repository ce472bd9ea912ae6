//! `GET /files/…`: a file from the served folder, followed by the SHA-256 of the content. `PUT /files/{name}`: an
//! upload that is kept only if its digest is right.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/files/Cargo.toml'
//! curl -v -k --no-buffer -X PUT -d 'hello' -H 'content-digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:' 'https://localhost:3000/files/hello.txt'
//! ```
//!
//! # Downloads
//!
//! Conditional requests and ranges follow RFC 9110 ([§13](https://www.rfc-editor.org/rfc/rfc9110#section-13),
//! [§14](https://www.rfc-editor.org/rfc/rfc9110#section-14)): strong entity tags, `If-Range`, and up to 32 ranges at
//! once. `Last-Modified` is sent once the file has been unchanged for 3 s, because two versions in one second would
//! share it. If the file is written during a transfer, the transfer is cut; on Unix also if it is moved or its
//! permissions change, because nothing else reveals a write whose time was reset. If the file is replaced during a
//! transfer, the old version is sent.
//!
//! A path can't leave the folder: not by `..`, its encoded forms or a link. Links are resolved one by one in open
//! folders, so none can be swapped in between. Hidden files (names that begin with a dot) are not served. All responses
//! have `X-Content-Type-Options: nosniff` and `Content-Security-Policy: sandbox`.
//!
//! # Uploads
//!
//! Uploads need `--allow-upload`, and a `Content-Digest` ([RFC 9530](https://www.rfc-editor.org/rfc/rfc9530)) as a
//! header or trailer field. The content is written to a hidden file in the same folder, synced, and renamed only once
//! it is complete and its digest is right: readers get either the old or the new content, whole. An upload that is cut,
//! is too short or is wrong leaves nothing behind. If the process is killed, the next server with `--allow-upload`
//! on the folder removes the leftovers when it starts.
//!
//! `If-Match`, `If-None-Match` and `If-Unmodified-Since` work as with `GET`, with 412 instead of 304:
//! `If-None-Match: *` only creates a new file, `If-Match: "…"` only replaces that content. A malformed `If-None-Match`
//! also prevents replacement. A replaced file passes its permissions on to the new one. A link of that name is
//! replaced, not followed. The name must be that of a file directly in the folder, not hidden. If two uploads have the
//! same name, the last one to end wins. 201 means that the file is new, 200 that it replaced another; the response
//! contains `name`, `size` in bytes, `digest`, and `stored`: `created` or `replaced`.

#[cfg(unix)]
mod beneath;
mod download;
mod draft;
mod folder;
mod isolation;
mod upload;

#[cfg(fuzzing)]
pub(crate) use self::download::fuzzing;
pub use self::folder::Folder;
pub(super) use self::{
    download::{
        Access, Current, Preconditions, ReprDigests, Validators, Verdict, download, precondition_failed,
        remember,
    },
    isolation::isolated,
    upload::{Uploads, upload},
};
