//! One trailer, on this project's server.

use axum::{Router, response::IntoResponse, routing::get};
use axum_trailers::{body, declared, trailers::Trailers};
use axum_trailers_server::{Server, Tls};
use std::{env, error::Error};

async fn hello() -> impl IntoResponse {
    body::produce(64 * 1024, declared!["x-sum"], |mut sender| async move {
        sender.send("hello\n").await?;
        let mut trailers = Trailers::new();
        trailers.insert("x-sum", 1)?;
        sender.finish(trailers)?;
        Ok(())
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8443".to_owned());
    let tls = Tls::from_pem_files("cert.pem", "key.pem")?;
    Server::new().tls(tls).http3(true).bind(address)?.run(Router::new().route("/", get(hello))).await?;
    Ok(())
}
