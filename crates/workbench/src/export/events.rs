//! `GET /export/{table}/events`: the rows as server-sent events, with progress.
//!
//! ```text
//! curl -v -k --no-buffer 'https://localhost:3000/export/orders/events?limit=10'
//! ```

use super::{
    comments::Commented, http_output::HttpOutput, options::Options, registry::Exports, thread::start,
};
use crate::{client::Client, database::Database, segment::Segment};
use axum::{
    body::{Body, boxed},
    extract::State,
    response::{IntoResponse, Response},
};
use axum_trailers::problem::Problem;
use http_02::{HeaderValue, Request, StatusCode, header};

pub(crate) async fn events(
    State(database): State<Database>,
    State(exports): State<Exports>,
    Segment(table): Segment,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let (query, options) = Options::of_events(table, &request, exports.bounds())?;
    if request.headers().get("last-event-id").is_some_and(|id| !id.is_empty()) {
        // The client has received this export, completely or up to a cut. 204 stops the reconnects of an
        // `EventSource` (HTML §9.2.3), which would get all rows again.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let client = Client::of(request.extensions().get());
    let output = HttpOutput::new(options, request.method());
    let mut response = start(database, &exports, client, query, output).await?;
    // A proxy that compresses would delay events.
    let uncached = HeaderValue::from_static("no-store, no-transform");
    response.headers_mut().insert(header::CACHE_CONTROL, uncached);
    Ok(response.map(|body| boxed(Commented::new(body))))
}

#[cfg(test)]
mod tests {
    use crate::{Workbench, database::Database, files::Folder};
    use axum::body::{Body, HttpBody};
    use base64::{Engine, prelude::BASE64_STANDARD};
    use http_02::Request;
    use serde_json::Value;
    use sha2::{Digest, Sha256};
    use std::time::Duration;
    use tower_service::Service;

    const ROWS: usize = 20_000;

    /// With paused time, 15 s pass whenever nothing is ready.
    #[tokio::test(start_paused = true)]
    async fn comments_come_between_events_and_are_not_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(folder.path()).expect("a folder");
        let mut router = Workbench::new(folder, Database::sample().expect("memory")).router();
        let request = Request::get(format!("/export/orders/events?limit={ROWS}"));
        let request = request.body(Body::empty()).expect("a request");
        let mut body = router.call(request).await.expect("infallible").into_body();
        let clock = tokio::spawn(async {
            loop {
                tokio::time::advance(Duration::from_secs(15)).await;
            }
        });
        let (mut comments, mut events) = (0, Vec::new());
        while let Some(chunk) = body.data().await {
            let chunk = String::from_utf8(chunk.expect("no error").to_vec()).expect("text");
            assert!(chunk.ends_with("\n\n"), "{chunk}");
            if chunk == ":\n\n" {
                comments += 1;
            } else {
                events.extend(chunk.split_terminator("\n\n").map(str::to_owned));
            }
        }
        clock.abort();
        assert!(comments > 0);
        assert!(events[0].starts_with("id: "), "{}", events[0]);
        let events: Vec<_> = events[1..].iter().map(|event| parse(event)).collect();
        let content = |kind| events.iter().filter(move |(name, _)| *name == kind).map(|(_, data)| data);
        let rows = content("rows").map(String::as_str).collect::<Vec<_>>().join("\n") + "\n";
        assert_eq!(rows.lines().count(), ROWS);
        let end: Value = serde_json::from_str(&events.last().expect("an end").1).expect("JSON");
        let digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(Sha256::digest(&rows)));
        assert_eq!((&end["content-digest"], &end["x-row-count"]), (&digest.into(), &ROWS.to_string().into()));
        let progress = content("progress").next_back().expect("progress");
        assert_eq!(serde_json::from_str::<Value>(progress).expect("JSON")["bytes"], rows.len());
    }

    /// The name and data of an event.
    fn parse(event: &str) -> (&str, String) {
        let (name, data) = event.split_once('\n').expect("data");
        let lines = data.lines().map(|line| line.strip_prefix("data: ").expect("data"));
        (name.strip_prefix("event: ").expect("a name"), lines.collect::<Vec<_>>().join("\n"))
    }
}
