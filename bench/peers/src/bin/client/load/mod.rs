//! A closed loop: each stream sends its next request when the response to its last one has ended.

mod http2;
mod http3;
mod plan;
mod tally;

pub(crate) use plan::Plan;

use crate::connect::Protocol;
use anyhow::{Result, bail};
use std::net::SocketAddrV4;

/// What a response was, from its head to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// The length of its content.
    pub(crate) bytes: u64,
    /// Whether the trailer followed.
    pub(crate) trailer: bool,
}

/// Where the requests go, and how many run at once.
pub(crate) struct Load {
    pub(crate) address: SocketAddrV4,
    pub(crate) path: String,
    pub(crate) connections: u32,
    pub(crate) streams: u32,
    pub(crate) plan: Plan,
}

/// Opens all connections, then sends the requests of all. Any failure ends the run.
pub(crate) async fn run(load: Load, protocol: Protocol) -> Result<()> {
    let tally = match protocol {
        Protocol::H3 => http3::run(&load).await?,
        Protocol::H2 => http2::run(&load).await?,
        Protocol::H1 => bail!("h2load measures HTTP/1.1"),
    };
    println!("{}", tally.report()?);
    Ok(())
}
