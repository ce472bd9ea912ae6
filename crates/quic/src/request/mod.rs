//! Request streams.

mod bidi;
mod recv;
mod remembered;
mod send;
mod state;
mod stream;

pub(crate) use self::state::State;
pub use self::{
    bidi::BidiStream,
    recv::RecvStream,
    send::SendStream,
    stream::{Stopped, Stream},
};
