//! Streamed bodies: data first, then the fields that are known only at the end.
//!
//! - [`StreamBody`] turns a stream of chunks into a response body with trailers;
//! - [`produce()`] creates one that runs its producer, a future that sends the chunks through a [`Sender`];
//! - [`channel()`] creates one together with the [`Sender`], through which a task feeds it.
//!
//! # A task or not
//!
//! | | [`produce()`] | [`channel()`] and a spawned task |
//! |---|---|---|
//! | the producer runs | when the reader takes chunks, on the connection's task | on its own, ahead of the reader up to the capacity |
//! | the reader stalls | the producer stops at an `.await` and keeps what it holds: locks, transactions | the same if it waits in [`send`](Sender::send); otherwise it goes on |
//! | the client leaves | the producer is dropped at an `.await` | `send` returns an error; [`closed`](Sender::closed) tells before |
//! | the producer returns an error | it is logged, and the transfer is cut | the task's result, which nobody reads unless you do |
//! | costs | less | a task for each response |
//!
//! Use `produce` if the producer only sends what it awaits, such as rows of a database. Use `channel` if the producer must
//! outlive the response or go on without the reader (to commit, to release a lock in time), computes for long without an
//! `.await` (the connection's other responses would wait), or runs on a thread.
//!
//! # Failures in the middle
//!
//! If a producer fails in the middle of a body, the status 200 was sent long ago. The producer can report the failure
//! in two ways:
//!
//! | | [`Sender::fail`]: a cut transfer | [`Sender::fail_with_trailers`]: a complete message with the failure in its trailers |
//! |---|---|---|
//! | on the wire | HTTP/2: `RST_STREAM(INTERNAL_ERROR)`; HTTP/3: `RESET_STREAM(H3_INTERNAL_ERROR)`; HTTP/1.1: the connection closes without the last chunk | the last chunk or the end of the stream, with the trailer section |
//! | curl | an error, exit code 92 (HTTP/2) or 18 (HTTP/1.1) | success, exit code 0; `-i` shows the trailers |
//! | browsers | `fetch` and downloads fail | success: scripts can't read trailers |
//! | reqwest, hyper | reading the body fails | reading the body succeeds; a program that reads the trailers can check them |
//! | gRPC clients | a status that the client generates (`INTERNAL`) | the `grpc-status` and `grpc-message` from the server |
//! | proxies | some (`HAProxy` 2.6, Caddy 2.6, nginx by default, lighttpd 1.4.69) turn it into a clean end | some drop the trailers, and the failure with them |
//!
//! Only [axum-trailers-server](https://docs.rs/axum-trailers-server) sends that complete message, and only to clients that
//! accept trailers. Otherwise `fail_with_trailers` cuts the transfer as well. On other servers the fields of
//! [`Declaration::on_failure`](crate::trailers::Declaration::on_failure) arrive with an empty value after a success, over
//! HTTP/2 too, so clients test for a non-empty value.
//!
//! Use `fail` for generic clients, and `fail_with_trailers` for clients written for this service, above all gRPC.
//! Dropping the sender acts like `fail`, with less detail in the log.
//!
//! A client can detect both cases: an announced trailer field that does not arrive means that something is missing,
//! above all the digest of [`ContentDigestLayer`](crate::layers::ContentDigestLayer). Fields that are declared as
//! [optional](crate::trailers::Declaration::optional) are the exception.

mod channel;
mod ending;
mod fuse;
mod produce;
mod queue;
mod stream_body;

pub(crate) use self::fuse::{Fuse, Phase};
pub use self::{
    channel::{CHUNK_OVERHEAD, Chunks, SendError, Sender, TrySendError, channel},
    ending::{FinishError, ProducerError},
    produce::{Produced, produce},
    stream_body::{StreamBody, TrailersPolledEarly},
};
