//! Connections over TCP and Unix sockets: accepting, distribution to threads, TLS, and what is between TLS and hyper.
//!
//! The [`Socket`](socket::Socket) notes activity. The [`Guard`](guard::Guard) checks the bytes between TLS and hyper,
//! and closes so that the client can tell how its last response ended. Both record their findings in
//! [`connection`](crate::connection).

mod accept;
mod accepted_stream;
mod bind;
mod closing;
mod connections;
mod cork;
mod early_answer;
mod endpoint;
mod first_bytes;
mod frames;
#[cfg(any(test, fuzzing))]
#[cfg_attr(not(fuzzing), expect(unreachable_pub, reason = "fuzz/ alone reaches it"))]
pub(crate) mod fuzzing;
mod guard;
mod handshake;
mod hpack;
mod http;
mod http1_framing;
mod http2_frames;
#[cfg(unix)]
mod inherited;
mod intervening;
mod plain;
mod priority;
mod proxy_protocol;
mod read_ahead;
mod service;
mod settings;
mod socket;
#[cfg(unix)]
mod socket_file;
mod stream;
mod trailer_blocks;
mod transport;

pub use self::bind::BindError;
#[cfg(feature = "http3")]
pub(crate) use self::bind::resolve;
pub(crate) use self::{
    accept::accept_loop,
    accepted_stream::AcceptedStream,
    bind::{addresses, bind},
    connections::Connections,
    endpoint::{Endpoint, OpenEndpoint},
};
#[cfg(unix)]
pub(crate) use self::{inherited::inherited, socket_file::SocketFile};
