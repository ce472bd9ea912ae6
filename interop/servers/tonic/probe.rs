//! Methods without generated code, each named in the last part of its path. A message is a string; the request's is empty.
//! The argument is the address.

use http::{Request as HttpRequest, Response as HttpResponse};
use std::{convert::Infallible, env, error::Error, future::Future, pin::Pin, task::Context, task::Poll};
use tokio_stream::{Stream, StreamExt, iter};
use tonic::{
    Code, Request, Response, Status, Streaming,
    body::Body,
    metadata::{KeyAndValueRef, MetadataMap, MetadataValue},
    server::{Grpc, NamedService},
    service::interceptor::InterceptedService,
    transport::Server,
};
use tonic_prost::ProstCodec;
use tower::service_fn;
use tower_service::Service;

type Messages = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;

#[derive(Clone)]
struct Probe;

impl NamedService for Probe {
    const NAME: &'static str = "probe.Probe";
}

impl Service<HttpRequest<Body>> for Probe {
    type Response = HttpResponse<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Self::Future {
        Box::pin(async move {
            let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
            let mut grpc = Grpc::new(ProstCodec::<String, ()>::default());
            Ok(match method.as_str() {
                "Unary" => grpc.unary(service_fn(unary), request).await,
                "Inspect" => grpc.unary(service_fn(inspect), request).await,
                "InspectStream" => grpc.client_streaming(service_fn(inspect_stream), request).await,
                "Panics" => grpc.unary(service_fn(panics), request).await,
                _ => {
                    let answer = |_: Request<()>| {
                        let messages = messages(&method);
                        async { Ok::<_, Status>(Response::new(messages)) }
                    };
                    grpc.server_streaming(service_fn(answer), request).await
                }
            })
        })
    }
}

fn messages(method: &str) -> Messages {
    let hello = || iter([Ok("hello\n".to_owned())]);
    let long = || iter([Ok("x".repeat(4096))]);
    match method {
        "Trailers" => Box::pin(hello().chain(iter([Err(Status::with_metadata(Code::Ok, "", metadata()))]))),
        "Fails" => {
            Box::pin(long().chain(iter([Err(Status::with_metadata(Code::Internal, "it fails", metadata()))])))
        }
        "StreamPanics" => Box::pin(long().chain(iter([()]).map(|()| panic!("the stream panics")))),
        _ => Box::pin(iter([Err(Status::unimplemented(""))])),
    }
}

fn metadata() -> MetadataMap {
    let mut metadata = MetadataMap::new();
    metadata.insert("x-sum", MetadataValue::from_static("1"));
    metadata
}

/// The metadata of a response is in its header section.
async fn unary(_: Request<()>) -> Result<Response<String>, Status> {
    let mut response = Response::new("hello\n".to_owned());
    *response.metadata_mut() = metadata();
    Ok(response)
}

/// What an interceptor finds in the metadata.
#[derive(Clone)]
struct Intercepted(String);

fn intercepted(mut request: Request<()>) -> Request<()> {
    let found = request.metadata().get("x-sum").and_then(|value| value.to_str().ok()).unwrap_or("nothing");
    let found = Intercepted(found.to_owned());
    request.extensions_mut().insert(found);
    request
}

async fn inspect(request: Request<()>) -> Result<Response<String>, Status> {
    let intercepted =
        request.extensions().get().map(|Intercepted(found)| format!("\nthe interceptor: {found}"));
    Ok(Response::new(intercepted.unwrap_or_default() + &lines(request.metadata())))
}

async fn inspect_stream(request: Request<Streaming<()>>) -> Result<Response<String>, Status> {
    let in_header = lines(request.metadata());
    let mut messages = request.into_inner();
    while messages.message().await?.is_some() {}
    let trailers = messages.trailers().await?.map(|trailers| lines(&trailers));
    Ok(Response::new(format!("{in_header}trailers:\n{}", trailers.unwrap_or_default())))
}

async fn panics(_: Request<()>) -> Result<Response<String>, Status> {
    panic!("the handler panics")
}

/// The first line is empty, because it has what comes before a message.
fn lines(metadata: &MetadataMap) -> String {
    let lines = metadata.iter().filter_map(|field| match field {
        KeyAndValueRef::Ascii(name, value) => Some(format!("{name}: {}\n", value.to_str().ok()?)),
        KeyAndValueRef::Binary(..) => None,
    });
    format!("\n{}", lines.collect::<String>())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).ok_or("an address was expected")?.parse()?;
    Server::builder()
        .add_service(InterceptedService::new(Probe, |request| Ok(intercepted(request))))
        .serve(address)
        .await?;
    Ok(())
}
