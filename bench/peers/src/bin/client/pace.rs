use crate::{
    PATIENCE,
    connect::{Connector, Protocol},
    http2,
    http3::{Quic, Windows, request},
    small::check_trailer,
};
use anyhow::{Context, Result, bail, ensure};
use axum_trailers_bench_peers::{TRAILER_VALUE, clock};
use h2::client::handshake;
use std::{net::SocketAddrV4, time::Duration};
use tokio::time::timeout;

pub(crate) async fn run(address: SocketAddrV4, protocol: Protocol, chunks: u32) -> Result<()> {
    let mut seen = Chunks { most: chunks, since: clock::now(), part: Vec::new(), delays: Vec::new() };
    let path = format!("/paced/{chunks}");
    match protocol {
        Protocol::H3 => over_http3(address, &path, &mut seen).await?,
        Protocol::H2 => over_http2(&Connector::new(address, protocol)?, &path, &mut seen).await?,
        Protocol::H1 => bail!("this is not measured over HTTP/1.1"),
    }
    let delays = seen.sorted_delays()?;
    ensure!(delays.len() == chunks as usize, "there are {} chunks, not {chunks}", delays.len());
    let [p50, p99, max] = [50, 99, 100]
        .map(|percent| Duration::from_nanos(percentile(&delays, percent)).as_secs_f64() * 1_000_000.0);
    print!(r#"{{"chunks":{chunks},"p50_us":{p50:.1},"p99_us":{p99:.1},"max_us":{max:.1},"#);
    println!(r#""trailer":"{TRAILER_VALUE}"}}"#);
    Ok(())
}

async fn over_http3(address: SocketAddrV4, path: &str, seen: &mut Chunks) -> Result<()> {
    let connection = Quic::new(address, Windows::WIDE)?.connect().await?;
    let outcome = connection.exchange(&request(path)?, |data| seen.take(data, clock::now())).await?;
    ensure!(outcome.trailer, "the trailer is missing");
    Ok(())
}

async fn over_http2(connector: &Connector, path: &str, seen: &mut Chunks) -> Result<()> {
    let (requests, connection) = handshake(connector.connect().await?).await?;
    tokio::spawn(connection);
    let mut body = timeout(PATIENCE, http2::get(requests, path)).await.context("no response")??;
    while let Some(data) = timeout(PATIENCE, body.data()).await.context("the stream stands still")? {
        let data = data?;
        seen.take(&data, clock::now())?;
        body.flow_control().release_capacity(data.len())?;
    }
    check_trailer(timeout(PATIENCE, body.trailers()).await.context("the trailers do not come")??.as_ref())
}

/// The chunks as they were sent, reassembled across frames.
struct Chunks {
    most: u32,
    since: u64,
    part: Vec<u8>,
    delays: Vec<u64>,
}

impl Chunks {
    fn take(&mut self, data: &[u8], arrival: u64) -> Result<()> {
        self.part.extend_from_slice(data);
        let (whole, part) = self.part.as_chunks();
        for &sent in whole {
            let sent = u64::from_be_bytes(sent);
            ensure!(
                (self.since..=arrival).contains(&sent),
                "the server's clock is not the client's: sent at {sent}, arrived at {arrival}"
            );
            self.delays.push(arrival - sent);
        }
        self.part = part.to_vec();
        ensure!(self.delays.len() <= self.most as usize, "there are more than {} chunks", self.most);
        Ok(())
    }

    fn sorted_delays(mut self) -> Result<Vec<u64>> {
        ensure!(self.part.is_empty(), "the last chunk is not whole");
        self.delays.sort_unstable();
        Ok(self.delays)
    }
}

/// Uses the nearest rank.
pub(crate) fn percentile(sorted: &[u64], percent: usize) -> u64 {
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks() -> Chunks {
        Chunks { most: 3, since: 10, part: Vec::new(), delays: Vec::new() }
    }

    #[test]
    fn chunks_are_found_across_frames() {
        let mut chunks = chunks();
        let bytes = [20_u64, 30, 40].map(u64::to_be_bytes).concat();
        chunks.take(&bytes[..5], 100).expect("no chunk is whole");
        chunks.take(&bytes[5..19], 120).expect("two chunks are whole");
        chunks.take(&bytes[19..], 125).expect("the third chunk is whole");
        assert_eq!(chunks.sorted_delays().expect("nothing is left"), [85, 90, 100]);
    }

    #[test]
    fn another_clock_is_an_error() {
        assert!(chunks().take(&9_u64.to_be_bytes(), 100).is_err());
        assert!(chunks().take(&101_u64.to_be_bytes(), 100).is_err());
    }

    #[test]
    fn half_a_chunk_is_an_error() {
        let mut chunks = chunks();
        chunks.take(&[0; 4], 100).expect("nothing is whole yet");
        assert!(chunks.sorted_delays().is_err());
    }

    #[test]
    fn percentiles_are_the_nearest_rank() {
        let delays: Vec<u64> = (1..=200).collect();
        assert_eq!([50, 99, 100].map(|percent| percentile(&delays, percent)), [100, 198, 200]);
        assert_eq!(percentile(&[7], 50), 7);
    }
}
