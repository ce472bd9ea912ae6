use super::{
    abandon_guard::AbandonGuard,
    job::Job,
    options::Options,
    presentation::Presentation,
    query::ExportQuery,
    registry::Exports,
    thread::{Started, run},
};
use crate::{client::Client, database::Database, segment::Segment, spawn};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use axum_trailers::{body, problem::Problem, trailers::Declared};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use std::{sync::Arc, time::Instant};
use tokio::{runtime::Handle, sync::oneshot};

/// Names an export for `GET /exports/{id}`.
const X_EXPORT_ID: HeaderName = HeaderName::from_static("x-export-id");

/// `GET /export/{table}`.
pub(crate) async fn export(
    State(database): State<Database>,
    State(exports): State<Exports>,
    Segment(table): Segment,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let (query, options) = Options::of_export(table, request.uri(), request.headers(), exports.bounds())?;
    begin(database, &exports, query, options, &request).await
}

/// Runs the export on a thread of its own, and answers once it is known to have begun.
pub(super) async fn begin(
    database: Database,
    exports: &Exports,
    query: ExportQuery,
    options: Options,
    request: &Request<Body>,
) -> Result<Response, Problem> {
    let began = Instant::now();
    let client = Client::of(request.extensions().get());
    let permit = Arc::new(exports.admit(client)?);
    let (waiting, is_abandoned) = AbandonGuard::begin();
    let (presentation, content_type) =
        (options.presentation, options.presentation.content_type(options.format));
    let is_head = request.method() == Method::HEAD;
    let job =
        Job { database, query, options, began, is_head, is_abandoned, permit, runtime: Handle::current() };
    let (answer, answered) = oneshot::channel();
    spawn::thread(move || run(job, answer));

    let answered = answered.await;
    waiting.answered();
    let started = answered.map_err(|_panicked| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the export stopped before it began")
    })??;
    let mut response = match started {
        // Of a length that is not known, as it would be for `GET`.
        None => body::channel(1, Declared::none()).1.into_response(),
        Some(Started { id, response }) => {
            let id = HeaderValue::try_from(id).expect("hexadecimal digits make a field value");
            ([(X_EXPORT_ID, id)], response).into_response()
        }
    };
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if presentation == Presentation::Content {
        fields.insert(header::VARY, HeaderValue::from_static("accept, want-content-digest"));
    }
    Ok(response)
}
