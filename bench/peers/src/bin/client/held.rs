use crate::{
    PATIENCE,
    connect::{Connector, Io},
    watch::Watch,
};
use anyhow::{Context, Result};
use tokio::{
    io::{copy, sink, stdin},
    time::timeout,
};

/// Opens connections, runs `exchange` on each, and keeps them open until standard input ends.
pub(crate) async fn run<T>(
    connector: &Connector,
    connections: u32,
    exchange: impl AsyncFn(Io) -> Result<T>,
) -> Result<()> {
    let mut watch = Watch::new(connector.address());
    let mut held = Vec::new();
    // One after the other: simultaneous handshakes could leave traces in the server's memory.
    for _ in 0..connections {
        let io = connector.connect().await?;
        watch.add(io.get_ref().0)?;
        held.push(timeout(PATIENCE, exchange(io)).await.context("the server does not answer")??);
    }
    watch.quiet().await?;
    watch.all_open()?;
    println!(r#"{{"open":{connections}}}"#);
    copy(&mut stdin(), &mut sink()).await?;
    watch.all_open().context("while the connections were held")
}
