//! What the shortest program lacks: TLS, a digest, bodies that fail, the trailers of a request, and mistakes.
//! Arguments: the addresses with and without TLS.

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{AppendHeaders, IntoResponse},
    routing::{any, get},
};
use axum_server::tls_rustls::RustlsConfig;
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::{Stream, StreamExt, stream};
use http_body::Frame;
use http_body_util::{BodyExt, Channel, Full, StreamBody};
use sha2::{Digest, Sha256};
use std::{env, error::Error, io, net::ToSocketAddrs};

const CONTENT: Bytes = Bytes::from_static(b"hello\n");
const PART: Bytes = Bytes::from_static(&[b'x'; 4096]);

type Frames = Result<Frame<Bytes>, io::Error>;

fn announcing(names: &'static str) -> AppendHeaders<[(&'static str, &'static str); 1]> {
    AppendHeaders([("trailer", names)])
}

fn trailers() -> HeaderMap {
    let digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(&CONTENT)));
    let digest = HeaderValue::try_from(digest).expect("base64 is a valid value");
    HeaderMap::from_iter([
        (HeaderName::from_static("content-digest"), digest),
        (HeaderName::from_static("x-sum"), HeaderValue::from_static("1")),
    ])
}

fn streamed(frames: impl Stream<Item = Frames> + Send + 'static) -> Body {
    Body::new(StreamBody::new(frames))
}

async fn unannounced() -> Body {
    streamed(stream::iter([Ok(Frame::data(CONTENT)), Ok(Frame::trailers(trailers()))]))
}

async fn announced() -> impl IntoResponse {
    (announcing("content-digest, x-sum"), unannounced().await)
}

/// A body of known length: hyper sends `Content-Length` and, over HTTP/1.1, no trailers.
async fn full() -> impl IntoResponse {
    let body = Full::new(CONTENT).with_trailers(async { Some(Ok(trailers())) });
    (announcing("content-digest, x-sum"), Body::new(body))
}

async fn fails() -> impl IntoResponse {
    let frames = stream::iter([Ok(Frame::data(PART)), Err(io::Error::other("the body fails"))]);
    (announcing("x-sum"), streamed(frames))
}

async fn panics() -> impl IntoResponse {
    let frames = stream::once(async { Ok(Frame::data(PART)) })
        .chain(stream::once(async { panic!("the body panics") }));
    (announcing("x-sum"), streamed(frames))
}

/// What feeds the body ends early, and so drops its half of the channel.
async fn drops_the_sender() -> impl IntoResponse {
    let (mut sender, body) = Channel::<_, io::Error>::new(1);
    tokio::spawn(async move { sender.send_data(PART).await });
    (announcing("x-sum"), Body::new(body))
}

/// The same without an announcement.
async fn drops_the_sender_unannounced() -> impl IntoResponse {
    drops_the_sender().await.into_response().into_body()
}

/// Reads the frames of the body. Extractors, such as `Bytes`, drop the trailers.
async fn inspect(mut body: Body) -> Result<String, (StatusCode, String)> {
    let mut lines = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
        let trailers = frame.into_trailers().unwrap_or_default();
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
        };
        lines.extend(trailers.iter().map(line));
    }
    Ok(lines.concat())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [with_tls, without] = [1, 2].map(|number| env::args().nth(number).unwrap_or_default());
    let app = Router::new()
        .route("/trailers", get(unannounced))
        .route("/announced", get(announced))
        .route("/full", get(full))
        .route("/fails", get(fails))
        .route("/panics", get(panics))
        .route("/drops", get(drops_the_sender))
        .route("/drops-unannounced", get(drops_the_sender_unannounced))
        .route("/inspect", any(inspect));

    let listener = tokio::net::TcpListener::bind(without).await?;
    let plain = tokio::spawn(axum::serve(listener, app.clone()).into_future());

    rustls::crypto::aws_lc_rs::default_provider().install_default().map_err(|_| "a provider is installed")?;
    let tls = RustlsConfig::from_pem_file("cert.pem", "key.pem").await?;
    let address = with_tls.to_socket_addrs()?.next().ok_or("no address")?;
    axum_server::bind_rustls(address, tls).serve(app.into_make_service()).await?;
    plain.await??;
    Ok(())
}
