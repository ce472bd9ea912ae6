use crate::{PATIENCE, connect::Connector, http2};
use anyhow::{Context, Result};
use axum_trailers_bench_peers::TRAILER_VALUE;
use h2::client::handshake;
use std::time::{Duration, Instant};
use tokio::{task::JoinSet, time::timeout};

pub(crate) async fn run(connector: &Connector, concurrency: u32, duration: Duration) -> Result<()> {
    let started = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..concurrency {
        let connector = connector.clone();
        workers.spawn(async move {
            let mut groups = Vec::new();
            while started.elapsed() < duration {
                groups.push(timeout(PATIENCE, one(&connector)).await.context("the server does not answer")??);
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
    println!(r#""group":"{groups}","trailer":"{TRAILER_VALUE}"}}"#);
    Ok(())
}

/// Uses one connection to its end. Returns the key exchange group, on which the cost of a handshake depends.
async fn one(connector: &Connector) -> Result<&'static str> {
    let io = connector.connect().await?;
    let group = io.get_ref().1.negotiated_key_exchange_group().and_then(|group| group.name().as_str());
    let (requests, connection) = handshake(io).await?;
    // The connection ends once its request handles are dropped. How the server closes it is not measured.
    let (exchange, _) = tokio::join!(http2::small(requests), connection);
    exchange?;
    group.context("the handshake had no key exchange")
}
