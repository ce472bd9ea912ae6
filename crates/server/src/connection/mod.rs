//! What every transport shares of one connection: its times and limits, what waits for its reader, and its place among others.
//!
//! The transport notes what moves, [`exchange`](crate::exchange) which responses wait for their reader ([`Outgoing`]), and the
//! [`Connection`] compares these times with the limits.

mod clock;
mod cut;
mod faults;
mod inbound;
mod name;
mod outgoing;
mod permit;
mod protocol;
mod purpose;
mod state;
mod times;

pub(crate) use self::{
    cut::Cut,
    faults::{FramingError, HeadFault, MOST_EXTENSIONS},
    inbound::Inbound,
    name::ConnectionName,
    outgoing::{GivenUp, Outgoing},
    permit::{Place, Places},
    protocol::{ALPN, Protocol},
    purpose::Purpose,
    state::Connection,
    times::{LAST_WORDS, LAST_WORDS_AT_MOST, LINGER, LINGER_AT_MOST, REST_AT_END},
};
