//! Uploads that are kept only if their digest is right, whether it is in the header or the trailer section.
//!
//! ```text
//! cargo run -p axum-trailers-examples --bin verified_upload
//! curl -v --http2-prior-knowledge -T LICENSE -H "Content-Digest: sha-256=:$(openssl dgst -sha256 -binary LICENSE | base64):" http://localhost:3000/files/LICENSE
//! curl -i --http1.1 -H 'TE: trailers' http://localhost:3000/files/LICENSE
//! curl -i -T README.md -H "Content-Digest: sha-256=:$(openssl dgst -sha256 -binary LICENSE | base64):" http://localhost:3000/files/README.md
//! ```

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::put,
};
use axum_trailers::{
    layers::ContentDigestLayer,
    request::{CollectedBody, Verified},
};
use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::net::TcpListener;

/// Files in memory.
type Files = Arc<Mutex<HashMap<String, Bytes>>>;

/// Only called if the content matches its digest; otherwise the response is 400.
async fn store(
    State(files): State<Files>,
    Path(name): Path<String>,
    Verified(body): Verified<CollectedBody>,
) -> impl IntoResponse {
    let answer = format!("{} bytes\n", body.content.len());
    files.lock().unwrap_or_else(PoisonError::into_inner).insert(name, body.content);
    (StatusCode::CREATED, answer)
}

async fn load(State(files): State<Files>, Path(name): Path<String>) -> Response {
    match files.lock().unwrap_or_else(PoisonError::into_inner).get(&name) {
        Some(content) => content.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Router::new()
        .route("/files/{name}", put(store).get(load))
        .layer(DefaultBodyLimit::max(1024 * 1024))
        .layer(ContentDigestLayer::new())
        .with_state(Files::default());

    let address = std::env::args().nth(1).unwrap_or_else(|| "localhost:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
