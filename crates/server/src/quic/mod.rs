//! Connections over QUIC, for HTTP/3: the UDP endpoints, handshakes, and what is between h3 and the application.
//!
//! The adapter between quinn and h3 checks the bytes of a stream, as the guard does over TCP. What is here passes each
//! request to the application's [`ConnectionService`](crate::app::ConnectionService), and writes its response.

mod accept;
mod bind;
mod config;
mod connection;
mod connections;
mod date;
mod driver;
mod endpoint;
mod handshake;
mod request;
mod response;
#[cfg(test)]
mod tests;
mod unacknowledged;

pub(crate) use self::{
    accept::accept, bind::bind_same_port, config::Config, connections::Connections, endpoint::UdpEndpoint,
    handshake::AcceptedHandshake,
};
