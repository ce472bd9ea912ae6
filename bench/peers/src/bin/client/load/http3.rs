use super::{Load, tally::Tally};
use crate::http3::{Connection, Quic, Windows, request};
use anyhow::Result;
use bytes::Bytes;
use std::{cell::RefCell, rc::Rc, time::Instant};
use tokio::task::{JoinSet, LocalSet};

pub(super) async fn run(load: &Load) -> Result<Tally> {
    let request = request(&load.path)?;
    let mut connections = Vec::new();
    for _ in 0..load.connections {
        // Each has a socket of its own, because some servers distribute connections by their addresses.
        connections.push(Rc::new(Quic::new(load.address, Windows::WIDE)?.connect().await?));
    }
    let tally = Rc::new(RefCell::new(Tally::new(load.plan)));
    let mut streams = JoinSet::new();
    let local = LocalSet::new();
    for connection in connections {
        for _ in 0..load.streams {
            streams
                .spawn_local_on(stream(Rc::clone(&connection), request.clone(), Rc::clone(&tally)), &local);
        }
    }
    local
        .run_until(async {
            while let Some(ended) = streams.join_next().await {
                ended??;
            }
            anyhow::Ok(())
        })
        .await?;
    Ok(Rc::into_inner(tally).expect("all streams have ended").into_inner())
}

async fn stream(connection: Rc<Connection>, request: Bytes, tally: Rc<RefCell<Tally>>) -> Result<()> {
    let mut sent = 0;
    while tally.borrow().goes_on(sent) {
        sent += 1;
        let asked = Instant::now();
        let outcome = connection.exchange(&request, |_| Ok(())).await?;
        tally.borrow_mut().add(asked, outcome)?;
    }
    Ok(())
}
