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

/// Sends a request and waits for the response's head. The connection is to be polled meanwhile.
pub(crate) async fn get(requests: SendRequest<Bytes>, path: &str) -> Result<RecvStream> {
    let request = Request::get(format!("https://localhost{path}")).header(TE, "trailers").body(())?;
    let (response, _) = requests.ready().await?.send_request(request, true)?;
    let response = response.await?;
    check_status(response.status())?;
    Ok(response.into_body())
}

/// One `GET /small`, to its trailer.
pub(crate) async fn small(requests: SendRequest<Bytes>) -> Result<()> {
    let mut body = get(requests, "/small").await?;
    let mut data = Vec::new();
    while let Some(chunk) = body.data().await {
        data.extend_from_slice(&chunk?);
        ensure!(data.len() <= SMALL.concat().len(), "the body is longer than that of /small");
    }
    check(&data, body.trailers().await?.as_ref())
}

/// Leaves the connection without a request after a first one.
pub(crate) async fn idle(io: Io) -> Result<SendRequest<Bytes>> {
    let (requests, connection) = handshake(io).await?;
    tokio::spawn(connection);
    small(requests.clone()).await?;
    Ok(requests)
}

/// Never opens the window again. Reads no more from the socket, either, once the response's head has come: so
/// the kernel's buffers hold a server up that a large window does not.
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
