//! One trailer with a fixed value, after a streamed body, with axum 0.6 on the server of this project.
//!
//! ```text
//! cargo run --example static_trailer_axum_06
//! curl -v -k https://localhost:3000/
//! ```

use axum::{Router, response::IntoResponse, routing::get};
use axum_trailers::body::StreamBody;
use axum_trailers_server::{Axum06, Server, Tls};
use futures_util::stream;
use http::{HeaderMap, HeaderValue};
use std::{convert::Infallible, error::Error};

const CERTIFICATE: &[u8] = include_bytes!("../../self_signed_certs/cert.pem");
const KEY: &[u8] = include_bytes!("../../self_signed_certs/key.pem");

async fn greeting() -> impl IntoResponse {
    let chunks = stream::iter(["hello\n", "world\n"].map(Ok::<_, Infallible>));

    let mut trailers = HeaderMap::new();
    trailers.insert("chunky-trailer", HeaderValue::from_static("foo"));
    let mut body = StreamBody::new(chunks);
    body.set_trailers(trailers).expect("a permitted field");
    body
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Router::new().route("/", get(greeting));

    let address = std::env::args().nth(1).unwrap_or_else(|| "localhost:3000".to_owned());
    let server = Server::new().tls(Tls::from_pem(CERTIFICATE, KEY)?).bind(address)?;
    for address in server.local_addrs() {
        println!("https://{address}");
    }
    server.run(Axum06(app)).await?;
    Ok(())
}
