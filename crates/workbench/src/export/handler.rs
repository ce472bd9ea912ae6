use super::{
    collected::with_length, http_output::HttpOutput, options::Options, registry::Exports, thread::start,
};
use crate::{client::Client, database::Database, segment::Segment};
use axum::{body::Body, extract::State, response::Response};
use axum_trailers::problem::Problem;
use http_02::{Method, Request};

/// `GET /export/{table}`.
pub(crate) async fn export(
    State(database): State<Database>,
    State(exports): State<Exports>,
    Segment(table): Segment,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let (query, options) = Options::of_export(table, &request, exports.bounds())?;
    let client = Client::of(request.extensions().get());
    let response =
        start(database, &exports, client, query, HttpOutput::new(options, request.method())).await?;
    match options.faults.length() {
        Some(length) if request.method() != Method::HEAD => with_length(response, length).await,
        _ => Ok(response),
    }
}
