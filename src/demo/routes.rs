use super::{
    chunky,
    files::{self, Folder},
};
use axum::{Router, response::IntoResponse, routing::get};
use http::{StatusCode, Uri};

/// All routes of the workbench, with the files below `folder`.
pub fn router(folder: Folder) -> Router {
    Router::new().route("/", get(chunky::hello)).merge(files::routes(folder)).fallback(no_route)
}

async fn no_route(uri: Uri) -> impl IntoResponse {
    (StatusCode::NOT_FOUND, format!("there is nothing at {}: try / and /files/…\n", uri.path()))
}
