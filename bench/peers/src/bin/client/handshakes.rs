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
            let mut connections = 0_u32;
            while started.elapsed() < duration {
                timeout(PATIENCE, one(&connector)).await.context("the server does not answer")??;
                connections += 1;
            }
            anyhow::Ok(connections)
        });
    }
    let mut connections = 0;
    while let Some(worker) = workers.join_next().await {
        connections += worker??;
    }
    let seconds = started.elapsed().as_secs_f64();
    let per_second = f64::from(connections) / seconds;
    print!(r#"{{"connections":{connections},"seconds":{seconds:.3},"per_second":{per_second:.1},"#);
    println!(r#""trailer":"{TRAILER_VALUE}"}}"#);
    Ok(())
}

async fn one(connector: &Connector) -> Result<()> {
    let (requests, connection) = handshake(connector.connect().await?).await?;
    // The connection ends by itself once nobody can ask anything more of it. How the server takes its leave
    // is not measured.
    let (exchange, _) = tokio::join!(http2::small(requests), connection);
    exchange
}
