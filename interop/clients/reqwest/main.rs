//! One exchange with reqwest, reported as `../table/exchange.py` defines; or, with `--shortest URL PROTOCOL`, the
//! shortest code.

mod shortest;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use reqwest::{Body, Client, Method};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{convert::Infallible, env, error::Error};

type Failure = Box<dyn Error>;

const X_SUM: HeaderName = HeaderName::from_static("x-sum");

/// What arrived, up to a failure.
#[derive(Default)]
struct Exchange {
    status: Option<u16>,
    content: Vec<u8>,
    trailers: HeaderMap,
}

fn client(protocol: &str) -> reqwest::Result<Client> {
    let builder = Client::builder();
    if protocol == "HTTP/1.1" { builder.http1_only().build() } else { builder.build() }
}

async fn exchange(told: &mut Exchange, url: &str, protocol: &str, options: &[String]) -> Result<(), Failure> {
    let asked = |option: &str| options.iter().any(|given| given == option);
    let method = if asked("--trailer") { Method::POST } else { Method::GET };
    let mut request = client(protocol)?.request(method, url);
    if asked("--te") {
        request = request.header("te", "trailers");
    }
    if asked("--trailer") {
        let trailers = HeaderMap::from_iter([(X_SUM, HeaderValue::from_static("1"))]);
        let frames = [Frame::data(Bytes::from("hello")), Frame::trailers(trailers)];
        let body = StreamBody::new(stream::iter(frames.map(Ok::<_, Infallible>)));
        request = request.header("trailer", X_SUM.as_str()).body(Body::wrap(body));
    }
    let response = request.send().await?;
    told.status = Some(response.status().as_u16());
    let mut body = http::Response::from(response).into_body();
    while let Some(frame) = body.frame().await {
        match frame?.into_data() {
            Ok(data) => told.content.extend_from_slice(&data),
            Err(frame) => told.trailers = frame.into_trailers().unwrap_or_default(),
        }
    }
    Ok(())
}

/// An error's first cause. The error itself contains the address, and further causes come from other crates.
fn cause(failure: &dyn Error) -> String {
    failure.source().unwrap_or(failure).to_string()
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [option, url, protocol] if option == "--shortest" => shortest::show(client(protocol)?, url).await?,
        [url, protocol, options @ ..] => {
            let mut told = Exchange::default();
            let outcome = exchange(&mut told, url, protocol, options).await;
            let error = outcome.err().map(|failure| cause(&*failure));
            let fields = told.trailers.iter();
            let trailers: Vec<_> = fields
                .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
                .collect();
            let account = json!({
                "status": told.status,
                "length": told.content.len(),
                "sha256": BASE64_STANDARD.encode(Sha256::digest(&told.content)),
                "text": String::from_utf8_lossy(&told.content[..told.content.len().min(4096)]),
                "trailers": trailers,
                "error": error,
            });
            println!("{account}");
        }
        _ => return Err("URL PROTOCOL [--te] [--trailer], or --shortest URL PROTOCOL".into()),
    }
    Ok(())
}
