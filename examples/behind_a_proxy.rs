//! HTTPS, and plain HTTP for a proxy that reports its clients' addresses, on the server of this project.
//!
//! ```text
//! cargo run -p axum-trailers-examples --bin behind_a_proxy
//! curl -v -k https://localhost:3000/
//! curl -i --http1.1 -H 'TE: trailers' -H 'X-Forwarded-For: 192.0.2.1' http://localhost:8080/
//! curl -v --http2-prior-knowledge -H 'X-Forwarded-For: 192.0.2.1' http://localhost:8080/fails
//! ```

use axum::{Router, extract::ConnectInfo, response::IntoResponse, routing::get};
use axum_trailers::{
    body, declared,
    trailers::{Declaration, STREAM_ERROR, StreamError, Trailers},
};
use axum_trailers_server::{Server, Tls};
use std::{error::Error, net::SocketAddr};

const CERTIFICATE: &[u8] = include_bytes!("../self_signed_certs/cert.pem");
const KEY: &[u8] = include_bytes!("../self_signed_certs/key.pem");

async fn greeting(ConnectInfo(client): ConnectInfo<SocketAddr>) -> impl IntoResponse {
    body::produce(64 * 1024, declared!["x-greetings"], move |mut sender| async move {
        sender.send(format!("hello {}\n", client.ip())).await?;
        let mut trailers = Trailers::new();
        trailers.insert("x-greetings", 1)?;
        sender.finish(trailers)?;
        Ok(())
    })
}

/// This server sends the failure in the trailers. Other servers would cut the transfer.
async fn fails() -> impl IntoResponse {
    let declaration = Declaration::required(declared!["x-greetings"]).on_failure(declared!["x-stream-error"]);
    body::produce(64 * 1024, declaration, |mut sender| async move {
        sender.send("hello\n").await?;
        let mut trailers = Trailers::new();
        trailers.insert(STREAM_ERROR, StreamError::new("nobody else is here"))?;
        sender.fail_with_trailers(trailers)?;
        Ok(())
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Router::new().route("/", get(greeting)).route("/fails", get(fails));

    let mut addresses = std::env::args().skip(1);
    let address = addresses.next().unwrap_or_else(|| "localhost:3000".to_owned());
    let plain = addresses.next().unwrap_or_else(|| "localhost:8080".to_owned());
    let server = Server::new()
        .tls(Tls::from_pem(CERTIFICATE, KEY)?)
        .bind(address)?
        .bind_plain(plain)?
        // The proxy is on this machine.
        .trust_proxy("127.0.0.1".parse()?)
        .trust_proxy("::1".parse()?);
    for address in server.local_addrs() {
        println!("https://{address}");
    }
    for address in server.plain_addrs() {
        println!("http://{address}");
    }
    server.run(app).await?;
    Ok(())
}
