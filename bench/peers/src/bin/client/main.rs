//! Measures what h2load can't, and HTTP/3. Prints one JSON object on one line.

mod connect;
mod digest;
mod fetch;
mod handshakes;
mod held;
mod held_quic;
mod http1;
mod http2;
mod http3;
mod load;
mod pace;
mod section;
mod small;
mod watch;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, value_parser};
use connect::{Connector, Protocol};
use digest::Place;
use load::{Load, Plan};
use std::{net::SocketAddrV4, path::PathBuf, time::Duration};
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
    /// Request a path over HTTP/3. Prints the trailers, one on a line.
    Fetch {
        #[arg(long)]
        addr: SocketAddrV4,
        #[arg(long)]
        path: String,
        /// Where the content goes.
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Send requests in a closed loop. Each response must end whole, and either all or none with the trailer.
    Load {
        #[arg(long)]
        addr: SocketAddrV4,
        /// h3 or h2.
        #[arg(long)]
        protocol: Protocol,
        #[arg(long)]
        path: String,
        #[arg(long, value_parser = value_parser!(u32).range(1..))]
        connections: u32,
        /// How many requests run at once on each connection.
        #[arg(long, default_value = "1", value_parser = value_parser!(u32).range(1..))]
        streams: u32,
        /// End after this many requests on each stream, all of which count.
        #[arg(long, default_value = "1", value_parser = value_parser!(u32).range(1..))]
        requests: u32,
        /// Instead, count the responses of this many seconds.
        #[arg(long)]
        seconds: Option<f64>,
        /// What comes before these seconds, in seconds.
        #[arg(long, default_value = "0")]
        warm_up: f64,
    },
    /// Measure the time from the sending to the arrival of the chunks of /paced/N.
    Pace {
        #[arg(long)]
        addr: SocketAddrV4,
        #[arg(long)]
        protocol: Protocol,
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
    /// Measure how many connections a server accepts per second, with one GET /small on each.
    Handshakes {
        #[arg(long)]
        addr: SocketAddrV4,
        #[arg(long)]
        protocol: Protocol,
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
        /// How much a server may send unread: the windows of HTTP/2, that of the stream over HTTP/3, or the socket's receive
        /// buffer over HTTP/1.1.
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
        Command::Fetch { addr, path, output } => fetch::run(addr, &path, &output).await,
        Command::Load { addr, protocol, path, connections, streams, requests, seconds, warm_up } => {
            let plan = match seconds {
                Some(seconds) => Plan::Timed {
                    warm_up: Duration::try_from_secs_f64(warm_up)?,
                    seconds: Duration::try_from_secs_f64(seconds)?,
                },
                None => Plan::Requests(requests),
            };
            load::run(Load { address: addr, path, connections, streams, plan }, protocol).await
        }
        Command::Pace { addr, protocol, chunks } => pace::run(addr, protocol, chunks).await,
        Command::Digest { addr, bytes, place } => {
            digest::run(&Connector::new(addr, Protocol::H1)?, bytes, place).await
        }
        Command::Handshakes { addr, protocol, concurrency, seconds } => {
            handshakes::run(addr, protocol, concurrency, Duration::from_secs(seconds.into())).await
        }
        Command::Idle(Held { addr, connections, protocol: Protocol::H3 }) => {
            held_quic::run(addr, connections, None).await
        }
        Command::Stalled { held: Held { addr, connections, protocol: Protocol::H3 }, window } => {
            held_quic::run(addr, connections, Some(window)).await
        }
        Command::Idle(Held { addr, connections, protocol }) => {
            let connector = Connector::new(addr, protocol)?;
            match protocol {
                Protocol::H2 => held::run(&connector, connections, http2::idle).await,
                _ => held::run(&connector, connections, http1::idle).await,
            }
        }
        Command::Stalled { held: Held { addr, connections, protocol }, window } => {
            let connector = Connector::new(addr, protocol)?;
            match protocol {
                Protocol::H2 => {
                    held::run(&connector, connections, async |io| http2::stalled(io, window).await).await
                }
                _ => held::run(&connector.receive_buffer(window), connections, http1::stalled).await,
            }
        }
    }
}
