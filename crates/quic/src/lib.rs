//! HTTP/3 streams on [`quinn`] for the crate [`h3`], that never let a cut message look complete.
//!
//! | I want to … | Use |
//! |---|---|
//! | serve or send requests with h3 on a QUIC connection | [`Connection::new`], then `h3::server::builder()` or `h3::client::builder()` |
//! | bound what a peer sends before it is in memory | [`Bounds`] |
//! | read content and trailers as a body | [`Content`] |
//! | know whether a request has content | [`Stream::has_ended`], or [`Content`]'s `is_end_stream` |
//! | know that the peer wants no response, or has all of it | [`Stream::stopped`] |
//! | reset a stream whose peer does not read | [`Stream::reset`] |
//! | know that a stream waits for others, and not for its peer | [`Stream::times_passed_over`] |
//! | shut down | [`Streams::reject_new`], h3's `shutdown(1)`, and [`Stream::stopped`] of each response |
//! | know which rule a peer has broken | [`Stream::fault`], [`ReceiveError`], [`Fault`] |
//! | check a decoded header section | [`check_fields`] |
//! | close the connection with a code of HTTP/3 | [`Streams::close`] |
//! | know why a handshake has failed | [`tls_alert`] |
//!
//! # What h3 leaves open
//!
//! Each line is a test of h3 0.0.8 on h3-quinn 0.0.10 in `tests/`, beside one of this crate.
//!
//! | h3 on h3-quinn | This crate |
//! |---|---|
//! | takes the end of a stream inside a `DATA` frame for the end of the content, and then panics at the trailers | closes the connection with `H3_FRAME_ERROR` |
//! | takes an empty `DATA` frame for the end of the content | ignores it |
//! | reports the end after it has reported a reset, if it is asked again | reports the reset again |
//! | takes `HEADERS` and unknown frames of any size into memory, also on the control stream | refuses them by their heads (`H3_EXCESSIVE_LOAD`); unknown frames never reach h3 |
//! | takes content in small frames into memory faster than it is read, so that the flow control never stops the peer | passes on one part of a frame for each that h3 asks for |
//! | panics at a section of more than 24,576 fields | `H3_EXCESSIVE_LOAD` |
//! | removes pseudo-fields from trailers | `H3_MESSAGE_ERROR` |
//! | takes pseudo-fields that are repeated, behind a field, or of the other kind of message | `H3_MESSAGE_ERROR` |
//! | takes sections that need the dynamic table of QPACK, which it does not have | `QPACK_DECOMPRESSION_FAILED` |
//! | takes fields of HTTP/1.1's connections, such as `transfer-encoding` | [`Content`] refuses them in trailers, [`check_fields`] in headers |
//! | does not compare the `Content-Length` | [`Content`] does |
//! | ends a message that is dropped unfinished as if it were complete | resets it |
//! | stops a message that is dropped unread with code 0, which HTTP/3 does not define | `H3_NO_ERROR` or `H3_REQUEST_CANCELLED` |
//! | panics if a stream is stopped while it is read | stops it |
//! | notices that the peer wants no more only when something is written | [`Stream::stopped`] |
//! | accepts the stream whose id its `GOAWAY` excludes | [`Streams::reject_new`] |
//! | leaves most writers without anything if many wait for the connection's window | serves them in turn |
//! | closes a client's connection for a stream that ends without a response | `H3_MESSAGE_ERROR` for that stream |
//! | drops push streams, which nobody has allowed | `H3_STREAM_CREATION_ERROR` or `H3_ID_ERROR` |
//! | responds to a client's `GOAWAY` with one that excludes the last request, although it is served | checks it, and keeps it from h3, whose `accept()` goes on |
//!
//! What remains as it is: h3 closes the connection once its `server::Connection` is dropped, whether or not the peer has
//! everything, so await [`Stream::stopped`] first. Its `shutdown(0)` excludes the last request that it has accepted, so use 1. Its
//! `accept()` waits on after its own `GOAWAY`, so count the requests. It never reads the peer's QPACK streams beyond their
//! types: without a dynamic table they carry nothing, but their ends and inserts, which RFC 9204 makes errors of the connection,
//! go unnoticed. For each stream that is reset while [`Stream::stopped`] waits, quinn keeps memory ([`Streams::kept`]). Its grease
//! frames (`send_grease`) stop some clients.

mod bounds;
mod chunks;
mod connection;
mod content;
mod errors;
mod fault;
mod fields;
mod frames;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod opener;
mod outgoing;
mod receive_error;
mod request;
mod streams;
mod tls_alert;
mod turn;
mod uni;

pub use self::{
    bounds::Bounds,
    connection::Connection,
    content::Content,
    fault::Fault,
    fields::check_fields,
    opener::Opener,
    receive_error::ReceiveError,
    request::{BidiStream, RecvStream, SendStream, Stopped, Stream},
    streams::Streams,
    tls_alert::tls_alert,
    uni::{UniRecvStream, UniSendStream},
};
pub use {h3, quinn};
