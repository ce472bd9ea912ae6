//! Measures what h2load can't. Prints one JSON object on one line.

mod connect;
mod digest;
mod handshakes;
mod held;
mod http1;
mod http2;
mod pace;
mod small;
mod watch;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, value_parser};
use connect::{Connector, Protocol};
use digest::Place;
use std::{net::SocketAddrV4, time::Duration};
use tokio::runtime;

/// The timeout for anything that a server should do at once.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure the time from the sending to the arrival of the chunks of /paced/N.
    Pace {
        #[arg(long)]
        addr: SocketAddrV4,
        #[arg(long, value_parser = value_parser!(u32).range(1..))]
        chunks: u32,
    },
    /// Measure the time to the first byte of a response with its digest, over HTTP/1.1.
    Digest {
        #[arg(long)]
        addr: SocketAddrV4,
        #[arg(long, value_parser = value_parser!(u64).range(1..))]
        bytes: u64,
        /// The section that must contain the digest.
        #[arg(long)]
        place: Place,
    },
    /// Measure how many TLS connections a server accepts per second, with one GET /small on each.
    Handshakes {
        #[arg(long)]
        addr: SocketAddrV4,
        #[arg(long, value_parser = value_parser!(u32).range(1..))]
        concurrency: u32,
        #[arg(long, value_parser = value_parser!(u32).range(1..))]
        seconds: u32,
    },
    /// Keep connections open until standard input ends, after one GET /small on each.
    Idle(Held),
    /// Keep connections open until standard input ends, each with a GET /big whose body is never read.
    Stalled {
        #[command(flatten)]
        held: Held,
        /// How much a server may send unread: HTTP/2's windows, or the socket's receive buffer over HTTP/1.1.
        #[arg(long, value_name = "BYTES", value_parser = value_parser!(u32).range(1..=0x7fff_ffff))]
        window: u32,
    },
}

#[derive(Args)]
struct Held {
    #[arg(long)]
    addr: SocketAddrV4,
    #[arg(long, value_parser = value_parser!(u32).range(1..))]
    connections: u32,
    #[arg(long)]
    protocol: Protocol,
}

fn main() -> Result<()> {
    let command = Cli::parse().command;
    let mut runtime = match command {
        // With one thread the client would be slower than the servers.
        Command::Handshakes { .. } => runtime::Builder::new_multi_thread(),
        _ => runtime::Builder::new_current_thread(),
    };
    runtime.enable_all().build()?.block_on(run(command))
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Pace { addr, chunks } => pace::run(&Connector::new(addr, Protocol::H2)?, chunks).await,
        Command::Digest { addr, bytes, place } => {
            digest::run(&Connector::new(addr, Protocol::H1)?, bytes, place).await
        }
        Command::Handshakes { addr, concurrency, seconds } => {
            let duration = Duration::from_secs(seconds.into());
            handshakes::run(&Connector::new(addr, Protocol::H2)?, concurrency, duration).await
        }
        Command::Idle(Held { addr, connections, protocol }) => {
            let connector = Connector::new(addr, protocol)?;
            match protocol {
                Protocol::H2 => held::run(&connector, connections, http2::idle).await,
                Protocol::H1 => held::run(&connector, connections, http1::idle).await,
            }
        }
        Command::Stalled { held: Held { addr, connections, protocol }, window } => {
            let connector = Connector::new(addr, protocol)?;
            match protocol {
                Protocol::H2 => {
                    held::run(&connector, connections, async |io| http2::stalled(io, window).await).await
                }
                Protocol::H1 => {
                    held::run(&connector.receive_buffer(window), connections, http1::stalled).await
                }
            }
        }
    }
}
