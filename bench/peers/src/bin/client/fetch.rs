use crate::{
    PATIENCE,
    http3::{Quic, Windows},
};
use anyhow::{Context, Result, ensure};
use bytes::{Buf, Bytes};
use http::{HeaderMap, Request, StatusCode, header::TE};
use std::{fs, net::SocketAddrV4, path::Path};
use tokio::time::timeout;

/// Requests a path over HTTP/3 with another implementation than the measurements, which decodes the field sections.
pub(crate) async fn run(address: SocketAddrV4, path: &str, output: &Path) -> Result<()> {
    let (content, trailers) =
        timeout(PATIENCE, fetch(address, path)).await.context("no whole response")??;
    fs::write(output, content)?;
    for (name, value) in &trailers {
        println!("{name}: {}", value.to_str()?);
    }
    Ok(())
}

async fn fetch(address: SocketAddrV4, path: &str) -> Result<(Vec<u8>, HeaderMap)> {
    let quic = Quic::new(address, Windows::WIDE)?.connect_quic().await?;
    let (_connection, mut requests) = h3::client::builder()
        .send_grease(false)
        .build::<_, _, Bytes>(h3_quinn::Connection::new(quic))
        .await?;
    let request = Request::get(format!("https://localhost{path}")).header(TE, "trailers").body(())?;
    let mut stream = requests.send_request(request).await?;
    stream.finish().await?;
    let status = stream.recv_response().await?.status();
    ensure!(status == StatusCode::OK, "the server answers {status}");
    let mut content = Vec::new();
    while let Some(chunk) = stream.recv_data().await? {
        content.extend_from_slice(chunk.chunk());
    }
    Ok((content, stream.recv_trailers().await?.unwrap_or_default()))
}
