//! Rows from a producer inside the body, followed by their count and duration.
//!
//! ```text
//! cargo run -p axum-trailers-examples --bin rows
//! curl -v --no-buffer --http2-prior-knowledge http://localhost:3000/rows
//! curl -i --no-buffer --http1.1 -H 'TE: trailers' http://localhost:3000/rows
//! ```

use axum::{Extension, Router, response::IntoResponse, routing::get, serve::ListenerExt};
use axum_trailers::{
    BoxError,
    body::{self, Sender},
    declared,
    layers::{
        ServerTimingLayer,
        server_timing::{Metric, ServerTimingMetrics},
    },
    trailers::Trailers,
};
use std::{
    error::Error,
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, time::sleep};

async fn rows(Extension(metrics): Extension<ServerTimingMetrics>) -> impl IntoResponse {
    body::produce(64 * 1024, declared!["x-row-count"], |sender| send_rows(sender, metrics))
}

/// An error is logged and cuts the transfer. If the client leaves, this is dropped at an `.await`.
async fn send_rows(mut sender: Sender, metrics: ServerTimingMetrics) -> Result<(), BoxError> {
    let mut database = Duration::ZERO;
    let mut count = 0;
    for id in 1..=3 {
        let began = Instant::now();
        let row = fetch(id).await;
        database += began.elapsed();
        sender.send(row).await?; // waits for room
        count += 1;
    }
    metrics.add(Metric::new("db").duration(database).description("all rows"))?;
    let mut trailers = Trailers::new();
    trailers.insert("x-row-count", count)?;
    sender.finish(trailers)?; // without it the client sees a cut transfer
    Ok(())
}

/// Stands in for a database.
async fn fetch(id: u32) -> String {
    sleep(Duration::from_millis(200)).await;
    format!("row {id}\n")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Router::new().route("/rows", get(rows)).layer(ServerTimingLayer::new());

    let address = std::env::args().nth(1).unwrap_or_else(|| "localhost:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    // Without it a row can wait up to 40 ms until the client has acknowledged the last one.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("TCP_NODELAY: {error}");
        }
    });
    axum::serve(listener, app).await?;
    Ok(())
}
