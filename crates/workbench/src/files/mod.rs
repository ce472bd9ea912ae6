//! `GET /files/…`: a file of the folder served, and behind it the SHA-256 of what was sent. `PUT /files/{name}`: a file
//! that is kept only where its digest is right.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/files/Cargo.toml'
//! curl -v -k --no-buffer -X PUT -d 'hello' -H 'content-digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:' 'https://localhost:3000/files/hello.txt'
//! ```
//!
//! # Downloads
//!
//! Conditional requests and ranges are those of RFC 9110 ([§13](https://www.rfc-editor.org/rfc/rfc9110#section-13),
//! [§14](https://www.rfc-editor.org/rfc/rfc9110#section-14)): strong entity tags, `If-Range`, and up to 32 ranges at once.
//! `Last-Modified` is sent once the file has been unchanged for 3 s, since two contents of one second would share it.
//! A transfer breaks if the file is written meanwhile; on Unix also if it is moved or its permissions change, since nothing
//! else shows a write whose time was set back. A file that is replaced meanwhile is sent as it was.
//!
//! There is no way out of the folder: not by `..`, its encoded forms or a link. Links are resolved one by one, in open
//! folders, so nobody can exchange one in between. Nothing hidden is served: no name that begins with a dot. All responses
//! have `X-Content-Type-Options: nosniff` and `Content-Security-Policy: sandbox`.
//!
//! # Uploads
//!
//! They need `--allow-upload`, and a `Content-Digest` ([RFC 9530](https://www.rfc-editor.org/rfc/rfc9530)) as a header
//! field or as a trailer field. The content is written to a hidden file beside its place, synced, and renamed only
//! once all of it has come and its digest is right: a reader of the name sees the old content or the new one, whole.
//! What breaks off, is too short or is wrong leaves nothing behind. Where the process is killed, what it left is
//! removed when a server with `--allow-upload` next starts on the folder.
//!
//! `If-Match`, `If-None-Match` and `If-Unmodified-Since` have the same answers as with `GET`, and 412 instead of 304:
//! `If-None-Match: *` takes a new file only, `If-Match: "…"` replaces that content only. With a malformed `If-None-Match`
//! nothing is replaced. A file that is replaced leaves its permissions to the new one. A link of that name is replaced, not
//! followed. The name is that of a file in the folder itself, not hidden. Of two uploads of one name at once, the one
//! that ends last stays. 201 says that the file is new, 200 that it replaced another; the answer has its `name`, `size`
//! in bytes, `digest`, and `stored`: `created` or `replaced`.

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
    download::{ReprDigests, download, remember},
    isolation::isolated,
    upload::{Uploads, upload},
};
