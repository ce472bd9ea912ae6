use crate::{
    connect::{Io, closed},
    small::{check, check_status},
};
use anyhow::{Result, ensure};
use axum_trailers_bench_peers::work::SMALL;
use bytes::Bytes;
use h2::{
    RecvStream,
    client::{Builder, Connection, SendRequest, handshake},
};
use http::{Request, header::TE};

/// Sends a request and waits for the response's head. The connection must be polled meanwhile.
pub(crate) async fn get(requests: SendRequest<Bytes>, path: &str) -> Result<RecvStream> {
    let request = Request::get(format!("https://localhost{path}")).header(TE, "trailers").body(())?;
    let (response, _) = requests.ready().await?.send_request(request, true)?;
    let response = response.await?;
    check_status(response.status())?;
    Ok(response.into_body())
}

/// Sends `GET /small` and reads the response to its trailer.
pub(crate) async fn small(requests: SendRequest<Bytes>) -> Result<()> {
    let mut body = get(requests, "/small").await?;
    let mut data = Vec::new();
    while let Some(chunk) = body.data().await {
        data.extend_from_slice(&chunk?);
        ensure!(data.len() <= SMALL.concat().len(), "the body is longer than that of /small");
    }
    check(&data, body.trailers().await?.as_ref())
}

/// Sends one request, then leaves the connection idle.
pub(crate) async fn idle(io: Io) -> Result<SendRequest<Bytes>> {
    let (requests, connection) = handshake(io).await?;
    tokio::spawn(connection);
    small(requests.clone()).await?;
    Ok(requests)
}

/// Never opens the window again, and stops reading from the socket after the response's head: a large window does not
/// stop a server, but the kernel's buffers do.
pub(crate) async fn stalled(io: Io, window: u32) -> Result<(Connection<Io>, RecvStream)> {
    let (requests, mut connection) = Builder::new()
        .initial_window_size(window)
        .initial_connection_window_size(window)
        .handshake(io)
        .await?;
    let body = tokio::select! {
        biased;
        ended = &mut connection => Err(closed(ended)),
        body = get(requests, "/big/1073741824") => body,
    }?;
    Ok((connection, body))
}
