use super::{
    job::Job,
    options::Options,
    presentation::Presentation,
    registry::{Client, Exports},
    thread::{Started, run},
};
use crate::{
    body,
    demo::{database::Database, segment::Segment},
    problem::Problem,
    trailers::Declared,
};
use axum::{
    body::Body,
    extract::{ConnectInfo, State},
    response::{IntoResponse, Response},
};
use http::{Extensions, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use tokio::{runtime::Handle, sync::oneshot, task::spawn_blocking};

/// Names an export for `GET /exports/{id}`.
const X_EXPORT_ID: HeaderName = HeaderName::from_static("x-export-id");

/// `GET /export/{table}`.
pub(in crate::demo) async fn export(
    State(database): State<Database>,
    State(exports): State<Exports>,
    Segment(table): Segment,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let options = Options::of_export(request.uri(), request.headers(), exports.bounds())?;
    begin(database, &exports, table, options, &request).await
}

/// Who waits for an answer. Dropped before there is one, it says so.
struct Waiting(Option<Arc<AtomicBool>>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(is_abandoned) = &self.0 {
            is_abandoned.store(true, Ordering::Relaxed);
        }
    }
}

/// Who a request is from, where the server says so.
pub(super) fn client(extensions: &Extensions) -> Client {
    extensions.get().map(|ConnectInfo(address): &ConnectInfo<SocketAddr>| address.ip())
}

/// Runs the export on a thread of its own, and answers once it is known to have begun.
pub(super) async fn begin(
    database: Database,
    exports: &Exports,
    table: String,
    options: Options,
    request: &Request<Body>,
) -> Result<Response, Problem> {
    let began = Instant::now();
    let client = client(request.extensions());
    let slot = Arc::new(exports.admit(client)?);
    let is_abandoned = Arc::new(AtomicBool::new(false));
    let mut waiting = Waiting(Some(is_abandoned.clone()));
    let (presentation, content_type) =
        (options.presentation, options.presentation.content_type(options.format));
    let is_head = request.method() == Method::HEAD;
    let job =
        Job { database, table, options, began, is_head, is_abandoned, slot, runtime: Handle::current() };
    let (answer, answered) = oneshot::channel();
    spawn_blocking(move || run(job, answer));

    let answered = answered.await;
    waiting.0 = None;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_before_the_answer_says_so_and_who_goes_after_it_does_not() {
        for is_answered in [true, false] {
            let is_abandoned = Arc::new(AtomicBool::new(false));
            let mut waiting = Waiting(Some(is_abandoned.clone()));
            if is_answered {
                waiting.0 = None;
            }
            drop(waiting);
            assert_eq!(is_abandoned.load(Ordering::Relaxed), !is_answered);
        }
    }
}
