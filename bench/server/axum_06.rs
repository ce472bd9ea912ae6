//! The benchmark's server with axum 0.6. `bench/run` starts it.

mod app;
mod serve;

use axum_06 as axum;
use axum_trailers_server::Axum06;
use std::error::Error;

/// A route with a parameter at its end.
macro_rules! route {
    ($before:literal, $name:literal) => {
        concat!($before, ":", $name)
    };
}
use route;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    serve::serve(Axum06(app::app())).await
}
