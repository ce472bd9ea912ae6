use super::{
    format::Format,
    presentation::Presentation,
    query::{Columns, ExportQuery},
};
use crate::{
    Bounds, accept,
    faults::Faults,
    query::{Query, bad_request},
};
use axum_trailers::{
    digest::{Algorithm, Preferences, WANT_CONTENT_DIGEST},
    problem::Problem,
};
use http_02::{HeaderMap, Request, StatusCode};

/// How an HTTP request wants its rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) format: Format,
    pub(super) presentation: Presentation,
    pub(super) failure_mode: FailureMode,
    pub(super) digest: Option<Algorithm>,
    pub(super) faults: Faults,
}

/// How a failure is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailureMode {
    ByReset,
    ByTrailers,
}

impl Options {
    /// Parses the options of `GET /export/{table}`.
    pub(super) fn of_export<B>(
        table: String,
        request: &Request<B>,
        bounds: &Bounds,
    ) -> Result<(ExportQuery, Self), Problem> {
        let mut query = Query::from_uri(request.uri());
        let format = query.one_of("format", &Format::NAMED)?;
        let presentation = query.one_of("metadata", &[("body", Presentation::Document)])?;
        let format = match (format, presentation) {
            (None | Some(Format::Json), Some(_)) => Format::Json,
            (Some(other), Some(_)) => {
                let detail = format!("`metadata=body` needs `format=json`, not {}", other.name());
                return Err(bad_request(detail));
            }
            (Some(format), None) => format,
            (None, None) => accepted(request.headers())?,
        };
        let faults = Faults::take(&mut query, request)?;
        let presentation = presentation.unwrap_or(Presentation::Content);
        let (query, options) = Self::of_both(table, query, request.headers(), bounds, format, presentation)?;
        if faults.length().is_some() && query.fail_at.is_some() {
            return Err(bad_request("`length` and `fail_at` exclude each other: what fails has no length"));
        }
        Ok((query, Self { faults, ..options }))
    }

    /// Parses the options of `GET /export/{table}/events`.
    pub(super) fn of_events<B>(
        table: String,
        request: &Request<B>,
        bounds: &Bounds,
    ) -> Result<(ExportQuery, Self), Problem> {
        let query = Query::from_uri(request.uri());
        Self::of_both(table, query, request.headers(), bounds, Format::Ndjson, Presentation::Events)
    }

    fn of_both(
        table: String,
        mut query: Query,
        headers: &HeaderMap,
        bounds: &Bounds,
        format: Format,
        presentation: Presentation,
    ) -> Result<(ExportQuery, Self), Problem> {
        let limit = query.number("limit", 0..=bounds.rows)?;
        let columns = query.take_all("columns");
        let fail_at = query.number("fail_at", 1..=u64::MAX)?;
        let failure_mode =
            query.one_of("fail", &[("reset", FailureMode::ByReset), ("trailer", FailureMode::ByTrailers)])?;
        query.finish()?;
        let digest = match Preferences::read(headers, &WANT_CONTENT_DIGEST) {
            Some(query) => query.choose(Algorithm::default()),
            None => Some(Algorithm::default()),
        };
        let query = ExportQuery { table, columns: Columns::Listed(columns), limit, fail_at };
        let failure_mode = failure_mode.unwrap_or(FailureMode::ByReset);
        Ok((query, Self { format, presentation, failure_mode, digest, faults: Faults::default() }))
    }
}

fn accepted(headers: &HeaderMap) -> Result<Format, Problem> {
    accept::preferred(headers, &Format::MEDIA_TYPES).ok_or_else(|| {
        let offered = Format::MEDIA_TYPES.map(|(media_type, _)| media_type);
        let detail = format!("`Accept` matches none of {}", offered.join(", "));
        Problem::new(StatusCode::NOT_ACCEPTABLE, detail).with("offered", &offered[..])
    })
}
