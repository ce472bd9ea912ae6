//! One connection, beside what hyper knows of it.
//!
//! The [`Socket`] notes what moves, the bridge which responses wait for their reader ([`Outgoing`]), the
//! [`Connection`] holds what they noted against the limits, and the [`Guard`] asks it and ends the connection.

mod clock;
mod cork;
mod frames;
mod guard;
mod inbound;
mod outgoing;
mod protocol;
mod socket;
mod state;
mod trailer_blocks;
mod transport;

pub(super) use self::{
    cork::{FULL_RECORD, RECORDS_TOGETHER},
    guard::{Guard, LINGER, LINGER_AT_MOST},
    inbound::Inbound,
    outgoing::{GivenUp, Outgoing},
    protocol::{ALPN, Protocol},
    socket::Socket,
    state::{Connection, Cut},
    trailer_blocks::TrailerBlocks,
    transport::Transport,
};
