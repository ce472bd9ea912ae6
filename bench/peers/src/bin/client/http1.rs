use crate::{
    connect::{Io, closed},
    small::{check, check_status},
};
use anyhow::Result;
use bytes::Bytes;
use http::{
    Request, Response,
    header::{CONNECTION, HOST, TE},
};
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::Incoming,
    client::conn::http1::{Connection, SendRequest, handshake},
};
use hyper_util::rt::TokioIo;

pub(crate) type Requests = SendRequest<Empty<Bytes>>;

pub(crate) async fn get(
    requests: &mut Requests,
    path: &str,
    accepts_trailers: bool,
) -> Result<Response<Incoming>> {
    let mut request = Request::get(path).header(HOST, "localhost");
    if accepts_trailers {
        request = request.header(TE, "trailers").header(CONNECTION, "te");
    }
    let request = request.body(Empty::new())?;
    let response = requests.send_request(request).await?;
    check_status(response.status())?;
    Ok(response)
}

/// Sends one request, then leaves the connection idle.
pub(crate) async fn idle(io: Io) -> Result<Requests> {
    let (mut requests, connection) = handshake(TokioIo::new(io)).await?;
    tokio::spawn(connection);
    let body = get(&mut requests, "/small", true).await?.into_body().collect().await?;
    let trailers = body.trailers().cloned();
    check(&body.to_bytes(), trailers.as_ref())?;
    Ok(requests)
}

/// Stops reading from the socket after the response's head.
pub(crate) async fn stalled(
    io: Io,
) -> Result<(Connection<TokioIo<Io>, Empty<Bytes>>, Requests, Response<Incoming>)> {
    let (mut requests, mut connection) = handshake(TokioIo::new(io)).await?;
    let response = tokio::select! {
        biased;
        ended = &mut connection => Err(closed(ended)),
        response = get(&mut requests, "/big/1073741824", true) => response,
    }?;
    Ok((connection, requests, response))
}
