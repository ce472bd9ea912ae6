//! One connection, beside what hyper knows of it.
//!
//! The [`Socket`] notes what moves, the bridge which responses wait for their reader ([`Outgoing`]), the
//! [`Connection`] compares these times with the limits, and `http.rs` asks it and ends the connection. The [`Guard`] sees
//! the bytes between TLS and hyper, and closes so that the client sees how its last response ended.

mod clock;
mod closing;
mod cork;
mod cut;
mod faults;
mod first_bytes;
mod frames;
#[cfg(any(test, fuzzing))]
#[cfg_attr(not(fuzzing), expect(unreachable_pub, reason = "fuzz/ alone reaches it"))]
pub(crate) mod fuzzing;
mod guard;
mod hpack;
mod http1_framing;
mod http2_frames;
mod inbound;
mod name;
mod outgoing;
mod priority;
mod protocol;
mod purpose;
mod read_ahead;
mod settings;
mod socket;
mod state;
mod times;
mod trailer_blocks;
mod transport;

pub(super) use self::{
    cork::{FULL_RECORD, RECORDS_TOGETHER},
    cut::Cut,
    faults::{FramingError, HeadFault},
    guard::Guard,
    inbound::Inbound,
    name::ConnectionName,
    outgoing::{GivenUp, Outgoing},
    protocol::{ALPN, Protocol},
    purpose::Purpose,
    socket::Socket,
    state::Connection,
    times::{LAST_WORDS, LINGER, LINGER_AT_MOST, REST_AT_END},
    trailer_blocks::TrailerBlocks,
    transport::Transport,
};
