//! What all transports share about a connection: its times and limits, the responses that wait for their reader, and
//! its permit.
//!
//! The transport notes activity ([`Activity`](activity::Activity)), [`exchange`](crate::exchange) notes which responses
//! wait for their reader ([`Responses`](responses::Responses)), and the [`Connection`] compares these times with the
//! limits.

mod activity;
mod app_body;
mod atomic_instant;
mod client;
mod close_reason;
#[expect(clippy::module_inception, reason = "it is the type of that name")]
mod connection;
mod faults;
mod http1_state;
mod inbound;
mod intervention;
mod name;
mod peer;
mod permit;
mod protocol;
mod purpose;
mod responses;
mod shared_body;
mod times;
mod watchdog;

pub(crate) use self::{
    app_body::AppBody,
    client::ConnectionClient,
    close_reason::CloseReason,
    connection::Connection,
    faults::{FramingError, HeadFault, MOST_EXTENSIONS},
    inbound::Inbound,
    intervention::{Cut, Intervention},
    name::ConnectionName,
    peer::Peer,
    permit::{ConnectionLimit, ConnectionPermit, Load},
    protocol::{ALPN, Protocol},
    purpose::Purpose,
    shared_body::{Abandoned, SharedBody},
    times::{LAST_WORDS, LAST_WORDS_AT_MOST, LINGER, LINGER_AT_MOST, REST_AT_END},
    watchdog::{Step, Watchdog},
};
