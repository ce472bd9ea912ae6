//! Bodies, layers and request trailers on hyper and tower alone: the library without its features.
//!
//! ```text
//! cargo run -p axum-trailers-example-without-axum
//! curl -v --http2-prior-knowledge -T LICENSE http://localhost:3000/
//! curl -i --http1.1 -H 'TE: trailers' -T LICENSE http://localhost:3000/
//! ```

use axum_trailers::{
    BoxError,
    body::{self, Sender},
    declared,
    layers::ContentDigestLayer,
    request::RequestBody,
    trailers::Trailers,
};
use futures_util::StreamExt;
use http::{Request, Response};
use hyper::body::{Body, Bytes, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use std::{convert::Infallible, error::Error};
use tokio::net::TcpListener;
use tower::ServiceBuilder;

/// Sends the content of the request back, followed by its size and the number of its trailers.
async fn echo(
    request: Request<Incoming>,
) -> Result<Response<impl Body<Data = Bytes, Error = BoxError>>, Infallible> {
    let content = RequestBody::new(request);
    let body = body::produce(64 * 1024, declared!["x-bytes", "x-trailers"], |sender| copy(content, sender));
    Ok(body.into_http_response())
}

/// An error is logged and cuts the transfer. If the client leaves, this is dropped at an `.await`.
async fn copy(mut content: RequestBody, mut sender: Sender) -> Result<(), BoxError> {
    let mut bytes = 0;
    while let Some(chunk) = content.next().await {
        let chunk = chunk?;
        bytes += chunk.len();
        sender.send(chunk).await?; // waits for room
    }
    let received = content.trailers().await?;
    let mut trailers = Trailers::new();
    trailers.insert("x-bytes", bytes)?;
    trailers.insert("x-trailers", received.as_map().len())?;
    sender.finish(trailers)?; // without it the client sees a cut transfer
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = ServiceBuilder::new().layer(ContentDigestLayer::new()).service_fn(echo);
    let service = TowerToHyperService::new(service);

    let address = std::env::args().nth(1).unwrap_or_else(|| "localhost:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let connections = Builder::new(TokioExecutor::new());
            if let Err(error) = connections.serve_connection(TokioIo::new(stream), service).await {
                eprintln!("the connection did not end well: {error}");
            }
        });
    }
}
