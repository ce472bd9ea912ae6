//! The application of the peers on axum 0.8.

use crate::{TRAILER_NAME, response, work::Work};
use axum::{
    Router,
    body::Body,
    extract::Path,
    http::header::{CONTENT_TYPE, TRAILER},
    response::{IntoResponse, Response},
    routing::get,
};

/// All routes.
pub fn router() -> Router {
    Router::new()
        .route("/small", get(|| async { stream(Work::Small) }))
        .route("/plain", get(|| async { stream(Work::Plain) }))
        .route("/big/{bytes}", get(|Path(bytes)| async move { stream(Work::Big(bytes)) }))
        .route("/paced/{chunks}", get(|Path(chunks)| async move { stream(Work::Paced(chunks)) }))
}

fn stream(work: Work) -> Response {
    let body = Body::new(response::produced_body(work));
    let content_type = (CONTENT_TYPE, work.content_type());
    if work.has_trailer() {
        ([content_type, (TRAILER, TRAILER_NAME)], body).into_response()
    } else {
        ([content_type], body).into_response()
    }
}
