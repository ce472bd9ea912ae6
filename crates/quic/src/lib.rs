//! HTTP/3 streams on [`quinn`] for the crate [`h3`], that never let a cut message look complete.

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
    uni::{UniRecvStream, UniSendStream},
};
pub use {h3, quinn};
