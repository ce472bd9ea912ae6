//! `GET /`: two chunks with a pause of two seconds between them, then a trailer.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/'
//! ```
//!
//! It is the demo of the article "Stream a Body With Trailers in axum 0.6", extended to HTTP/1.1. Clients whose
//! `Accept` prefers HTML, such as browsers, are redirected to the page at `/ui`.

use axum::{
    body::Body,
    response::{AppendHeaders, IntoResponse},
};
use axum_trailers::{
    body::{self, SendError, Sender},
    trailers::{Acceptance, Declared, Trailers},
};
use http_02::{HeaderName, HeaderValue, Method, Request, header};
use std::time::Duration;
use tokio::time::sleep;

/// The pause before the second chunk.
const PAUSE: Duration = Duration::from_secs(2);

const CHUNKY_TRAILER: HeaderName = HeaderName::from_static("chunky-trailer");

/// The field that the article sends. hyper 0.14 removed `Trailer` from every HTTP/2 response, so the article announces
/// its trailer in a field that no standard defines.
const TRAILERS: HeaderName = HeaderName::from_static("trailers");

/// Responds with `hello...`, and after [`PAUSE`] with `world` and a newline.
pub(super) async fn hello(request: Request<Body>) -> impl IntoResponse {
    let declared = Declared::new([CHUNKY_TRAILER]).expect("a permitted field");
    let accepted = request.method() != Method::HEAD && Acceptance::from_request(&request).is_accepted();
    let trailers = accepted.then_some((TRAILERS, HeaderValue::from_static("chunky-trailer")));
    let (sender, body) = body::channel(1024, declared);
    super::spawn::task(produce(sender));
    (AppendHeaders(trailers), [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body)
}

async fn produce(mut sender: Sender) -> Result<(), SendError> {
    sender.send("hello...").await?;
    tokio::select! {
        () = sleep(PAUSE) => {}
        () = sender.closed() => return Ok(()),
    }
    sender.send("world\n").await?;
    let mut trailers = Trailers::new();
    trailers.insert(CHUNKY_TRAILER, HeaderValue::from_static("foo")).expect("a permitted field");
    if let Err(error) = sender.finish(trailers) {
        tracing::debug!(%error, "the client left before the end of the body");
    }
    Ok(())
}
