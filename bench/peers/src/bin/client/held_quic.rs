use crate::{
    PATIENCE,
    http3::{Connection, Quic, Windows, request},
};
use anyhow::{Context, Result, bail};
use std::{net::SocketAddrV4, time::Duration};
use tokio::{
    io::{copy, sink, stdin},
    time::{Instant, sleep, timeout},
};

const INTERVAL: Duration = Duration::from_millis(50);
const QUIET: Duration = Duration::from_secs(1);

/// The same as [`crate::held::run`] over HTTP/3: with a window, a GET /big on each connection that is never read.
pub(crate) async fn run(address: SocketAddrV4, connections: u32, window: Option<u32>) -> Result<()> {
    let (small, big) = (request("/small")?, request("/big/1073741824")?);
    // The window of the connection leaves room for other streams.
    let windows =
        window.map_or(Windows::WIDE, |stream| Windows { stream, connection: stream.saturating_mul(2) });
    let (mut held, mut stalled) = (Vec::new(), Vec::new());
    for _ in 0..connections {
        let connection = Quic::new(address, windows)?.connect().await?;
        if window.is_some() {
            let response = timeout(PATIENCE, connection.begin(&big)).await;
            stalled.push(response.context("the server does not answer")??);
        } else {
            timeout(PATIENCE, connection.exchange(&small, |_| Ok(())))
                .await
                .context("the server does not answer")??;
        }
        held.push(connection);
    }
    quiet(&held).await?;
    println!(r#"{{"open":{connections}}}"#);
    copy(&mut stdin(), &mut sink()).await?;
    // A connection that the server has closed costs it nothing, so figures with it would be too good.
    for connection in &held {
        let answer = timeout(PATIENCE, connection.exchange(&small, |_| Ok(()))).await;
        answer.context("a connection is gone")?.context("while the connections were held")?;
    }
    Ok(())
}

/// Waits until no data has arrived for one second.
async fn quiet(held: &[Connection]) -> Result<()> {
    let received = || held.iter().map(|connection| connection.quic().stats().frame_rx.stream).sum::<u64>();
    let started = Instant::now();
    let (mut last, mut moved) = (received(), started);
    while moved.elapsed() < QUIET {
        if started.elapsed() > PATIENCE {
            bail!("the server still sends after {PATIENCE:?}");
        }
        sleep(INTERVAL).await;
        let now = received();
        if now != last {
            (last, moved) = (now, Instant::now());
        }
    }
    Ok(())
}
