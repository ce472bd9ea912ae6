//! Rows from a producer task, followed by their count and duration.
//!
//! ```text
//! cargo run -p axum-trailers-examples --bin rows
//! curl -v --no-buffer --http2-prior-knowledge http://localhost:3000/rows
//! curl -i --no-buffer --http1.1 -H 'TE: trailers' http://localhost:3000/rows
//! ```

use axum::{Extension, Router, response::IntoResponse, routing::get, serve::ListenerExt};
use axum_trailers::{
    body::{self, Sender},
    layers::{
        ServerTimingLayer,
        server_timing::{Metric, ServerTimingMetrics},
    },
    trailers::{Declared, Trailers},
};
use std::{
    error::Error,
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, time::sleep};

async fn rows(Extension(metrics): Extension<ServerTimingMetrics>) -> impl IntoResponse {
    let declared = Declared::new(["x-row-count"]).expect("a permitted field");
    let (sender, body) = body::channel(64 * 1024, declared);
    tokio::spawn(async move {
        if let Err(error) = produce(sender, metrics).await {
            eprintln!("the rows did not end well: {error}");
        }
    });
    body
}

async fn produce(
    mut sender: Sender,
    metrics: ServerTimingMetrics,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut database = Duration::ZERO;
    let mut count = 0;
    for id in 1..=3 {
        let began = Instant::now();
        let row = fetch(id).await;
        database += began.elapsed();
        sender.send(row).await?; // waits for room; an error once the client is gone
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
