//! Unidirectional streams: those for control and QPACK.

mod recv;
mod send;

pub use self::{recv::UniRecvStream, send::UniSendStream};
