//! The questions of the table, on this project's server.

use axum::{
    Router,
    response::IntoResponse,
    routing::{get, post},
};
use axum_trailers::{body, declared, layers::ContentDigestLayer, request::CollectedBody, trailers::Trailers};
use axum_trailers_server::{Server, Tls};
use std::{env, error::Error, fmt::Write, time::Duration};
use tokio::time::sleep;

type BoxError = Box<dyn Error + Send + Sync>;

async fn trailers() -> impl IntoResponse {
    body::produce(64 * 1024, declared!["x-sum"], |mut sender| async move {
        sender.send("hello\n").await?;
        let mut trailers = Trailers::new();
        trailers.insert("x-sum", 1)?;
        sender.finish(trailers)?;
        Ok(())
    })
}

async fn inspect(body: CollectedBody) -> String {
    body.trailers.as_map().iter().fold(String::new(), |mut lines, (name, value)| {
        _ = writeln!(lines, "{name}: {}", value.to_str().unwrap_or("not text"));
        lines
    })
}

/// How a producer may end in the middle.
async fn fails() -> Result<(), BoxError> {
    Err("the producer failed".into())
}

async fn panics() -> Result<(), BoxError> {
    panic!("the producer died");
}

async fn returns() -> Result<(), BoxError> {
    Ok(())
}

/// A response that announces a trailer, and whose producer ends like this after the first 2 KiB.
fn dies<Fut>(end: fn() -> Fut) -> impl IntoResponse
where
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    body::produce(64 * 1024, declared!["x-sum"], move |mut sender| async move {
        sender.send("hello, hello, hello, hello, he\n\n".repeat(64)).await?;
        sleep(Duration::from_millis(100)).await;
        end().await
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8443".to_owned());
    let app = Router::new()
        .route("/trailers", get(trailers))
        .layer(ContentDigestLayer::new())
        .route("/inspect", post(inspect).put(inspect))
        .route("/fails", get(|| async { dies(fails) }))
        .route("/panics", get(|| async { dies(panics) }))
        .route("/returns", get(|| async { dies(returns) }));
    let tls = Tls::from_pem_files("cert.pem", "key.pem")?;
    Server::new().tls(tls).http3(true).bind(address)?.run(app).await?;
    Ok(())
}
