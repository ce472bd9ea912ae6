//! What every transport shares of one connection: its times and limits, what waits for its reader, and its place among others.
//!
//! The transport notes what moves, [`exchange`](crate::exchange) which responses wait for their reader ([`SharedBody`]), and the
//! [`Connection`] compares these times with the limits.

mod atomic_instant;
mod close_reason;
mod faults;
mod inbound;
mod name;
mod permit;
mod protocol;
mod purpose;
mod shared_body;
mod state;
mod times;

pub(crate) use self::{
    close_reason::CloseReason,
    faults::{FramingError, HeadFault, MOST_EXTENSIONS},
    inbound::Inbound,
    name::ConnectionName,
    permit::{ConnectionLimit, ConnectionPermit},
    protocol::{ALPN, Protocol},
    purpose::Purpose,
    shared_body::{Abandoned, SharedBody},
    state::Connection,
    times::{LAST_WORDS, LAST_WORDS_AT_MOST, LINGER, LINGER_AT_MOST, REST_AT_END},
};
