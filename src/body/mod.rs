//! A body that is still being made: data first, then the fields that only its end can know.
//!
//! - [`StreamBody`] turns a stream of chunks into a response body with trailers;
//! - [`channel`] makes one together with the [`Sender`] that a producer task feeds it through.

mod channel;
#[cfg(test)]
pub(crate) mod scripted;
mod stream_body;

pub use self::{
    channel::{CHUNK_OVERHEAD, Chunks, FinishError, ProducerError, SendError, Sender, channel},
    stream_body::{StreamBody, TrailersPolledEarly},
};
