//! A stream of messages that ends with a status and a trailer.

use std::{env, pin::Pin};
use tokio_stream::Stream;
use tonic::{Code, Request, Response, Status, metadata::MetadataMap, transport::Server};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_server::{Health, HealthServer},
};

struct Always;

#[tonic::async_trait]
impl Health for Always {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(&self, _: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse { status: 1 }))
    }

    async fn watch(&self, _: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let mut trailers = MetadataMap::new();
        trailers.insert("x-sum", "1".parse().expect("a valid value"));
        let end = Status::with_metadata(Code::Ok, "", trailers);
        let messages = [Ok(HealthCheckResponse { status: 1 }), Err(end)];
        Ok(Response::new(Box::pin(tokio_stream::iter(messages))))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:8082".into()).parse()?;
    Server::builder().add_service(HealthServer::new(Always)).serve(address).await?;
    Ok(())
}
