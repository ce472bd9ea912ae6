//! A body that is still being made: data first, then the fields that only its end can know.
//!
//! - [`StreamBody`] turns a stream of chunks into a response body with trailers;
//! - [`channel`] makes one together with the [`Sender`] that a producer task feeds it through.
//!
//! # Failures in the middle
//!
//! The header section has said 200 long ago when a producer finds that it can't go on. It has two ways to say so:
//!
//! | | [`Sender::fail`]: a broken transfer | [`Sender::fail_with_trailers`]: a whole message whose trailers say it |
//! |---|---|---|
//! | on the wire | HTTP/2: `RST_STREAM(INTERNAL_ERROR)`; HTTP/1.1: the connection closes without the last chunk | the last chunk or `END_STREAM`, with the trailer section |
//! | curl | an error, exit code 92 (HTTP/2) or 18 (HTTP/1.1) | success, exit code 0; `-v` shows the trailers |
//! | browsers | `fetch` and downloads fail | success: scripts can't read trailers |
//! | reqwest, hyper | reading the body fails | the body ends well; a program that reads its trailers knows |
//! | gRPC clients | a status of their own making (`INTERNAL`) | the `grpc-status` and `grpc-message` they were sent |
//! | proxies | some (`HAProxy` 2.6, Caddy 2.6, nginx as it comes, lighttpd 1.4.69) turn it into a clean end | some drop the trailers, and what they say |
//!
//! So `fail` is for clients that know nothing of this service, and `fail_with_trailers` for those that were written
//! for it, gRPC above all. Dropping the sender is the first of the two, with less to read in the log.
//!
//! Clients that check are told more: a trailer field that was announced and never comes, the digest of
//! [`ContentDigestLayer`](crate::layers::ContentDigestLayer) above all, says in both cases that something is missing.

mod channel;
mod ending;
mod fuse;
mod queue;
mod stream_body;

pub(crate) use self::fuse::{Fuse, Phase};
pub use self::{
    channel::{CHUNK_OVERHEAD, Chunks, SendError, Sender, channel},
    ending::{FinishError, ProducerError},
    stream_body::{StreamBody, TrailersPolledEarly},
};
