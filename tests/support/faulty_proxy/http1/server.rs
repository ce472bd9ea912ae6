use super::{
    super::{client::Client, exchange::exchange, message::has, proxy::Setup, stream::Stream},
    Body, Reader,
    reader::invalid,
};
use http::{HeaderMap, Request, Uri, Version, header::HOST, request::Builder};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Serves a connection until one side ends it.
pub(in crate::support) async fn serve(setup: &Setup, mut stream: Stream) -> io::Result<()> {
    let mut reader = Reader::new(stream.clone());
    loop {
        let (first, fields) = reader.head().await?;
        let mut request = asked(setup, &first, &fields)?;
        let version = request.version_ref().copied().unwrap_or_default();
        let closes = has(&fields, "connection", "close") || version == Version::HTTP_10;
        let body = Body::of_request(reader, &fields);
        *request.headers_mut().ok_or_else(|| invalid("a malformed request"))? = fields;
        let request = request.body(body.into()).map_err(invalid)?;
        let client = Client::Http1 { stream: stream.clone(), version };
        match exchange(setup, request, client).await {
            Some(rest) if !closes => reader = rest,
            _ => break,
        }
    }
    // What the client still sends would turn the end into a reset.
    stream.shutdown().await?;
    while stream.read(&mut [0; 4096]).await? > 0 {}
    Ok(())
}

fn asked(setup: &Setup, first: &str, fields: &HeaderMap) -> io::Result<Builder> {
    let [method, target, version] = first.split(' ').collect::<Vec<_>>()[..] else {
        return Err(invalid("a malformed request line"));
    };
    let host = fields.get(HOST).ok_or_else(|| invalid("no host"))?;
    let uri = Uri::builder()
        .scheme(if setup.is_tls { "https" } else { "http" })
        .authority(host.as_bytes())
        .path_and_query(target)
        .build()
        .map_err(invalid)?;
    let version = if version == "HTTP/1.0" { Version::HTTP_10 } else { Version::HTTP_11 };
    Ok(Request::builder().method(method).uri(uri).version(version))
}
