//! Downloads a URL, drops its content, and prints the verdict.
//!
//! `cargo run -p axum-trailers-client --example get -- https://localhost:3000/files/Cargo.toml`

use axum_trailers_client::{Client, Connector, Tls};
use http_body_util::Empty;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("a URL is missing")?;
    let client = Client::with(Connector::new().tls(Tls::insecure()?));
    let request = http::Request::get(url).header("te", "trailers").body(Empty::<bytes::Bytes>::new())?;
    let mut response = client.send(request).await?;
    println!("{} {:?}", response.status(), response.headers());
    let verdict = response.body_mut().finish().await;
    println!("{verdict}; {} bytes, trailers {:?}", response.body().received(), response.body().trailers());
    Ok(())
}
