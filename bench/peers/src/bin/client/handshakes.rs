use crate::{
    PATIENCE,
    connect::{Connector, Protocol},
    http2,
    http3::{Quic, Windows, request},
};
use anyhow::{Context, Result, bail, ensure};
use axum_trailers_bench_peers::work::SMALL;
use bytes::Bytes;
use h2::client::handshake;
use std::{
    net::SocketAddrV4,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::timeout};

pub(crate) async fn run(
    address: SocketAddrV4,
    protocol: Protocol,
    concurrency: u32,
    duration: Duration,
) -> Result<()> {
    let opener = Opener::new(address, protocol)?;
    let started = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..concurrency {
        let opener = opener.clone();
        workers.spawn(async move {
            let mut groups = Vec::new();
            while started.elapsed() < duration {
                groups.push(timeout(PATIENCE, opener.one()).await.context("the server does not answer")??);
            }
            anyhow::Ok(groups)
        });
    }
    let mut groups = Vec::new();
    while let Some(worker) = workers.join_next().await {
        groups.extend(worker??);
    }
    let seconds = started.elapsed().as_secs_f64();
    let connections = u32::try_from(groups.len())?;
    let per_second = f64::from(connections) / seconds;
    groups.sort_unstable();
    groups.dedup();
    let groups = groups.join("+");
    print!(r#"{{"connections":{connections},"seconds":{seconds:.3},"per_second":{per_second:.1},"#);
    println!(r#""group":"{groups}"}}"#);
    Ok(())
}

/// Opens connections over one of the protocols.
#[derive(Clone)]
enum Opener {
    Quic(Arc<Quic>, Bytes),
    Tcp(Connector),
}

impl Opener {
    fn new(address: SocketAddrV4, protocol: Protocol) -> Result<Self> {
        Ok(match protocol {
            Protocol::H3 => Self::Quic(Arc::new(Quic::new(address, Windows::WIDE)?), request("/small")?),
            Protocol::H2 => Self::Tcp(Connector::new(address, protocol)?),
            Protocol::H1 => bail!("this is not measured over HTTP/1.1"),
        })
    }

    /// Uses one connection to its end. Returns the key exchange group, on which the cost of a handshake depends.
    async fn one(&self) -> Result<&'static str> {
        match self {
            Self::Quic(quic, request) => {
                let mut data = Vec::new();
                let connection = quic.connect().await?;
                let content = |bytes: &[u8]| {
                    data.extend_from_slice(bytes);
                    Ok(())
                };
                connection.exchange(request, content).await?;
                ensure!(data == SMALL.concat(), "that is not /small");
                // The only one that was offered.
                Ok("X25519")
            }
            Self::Tcp(connector) => over_tcp(connector).await,
        }
    }
}

async fn over_tcp(connector: &Connector) -> Result<&'static str> {
    let io = connector.connect().await?;
    let group = io.get_ref().1.negotiated_key_exchange_group().and_then(|group| group.name().as_str());
    let (requests, connection) = handshake(io).await?;
    // The connection ends once its request handles are dropped. How the server closes it is not measured.
    let (exchange, _) = tokio::join!(http2::small(requests), connection);
    exchange?;
    group.context("the handshake had no key exchange")
}
