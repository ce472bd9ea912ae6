use super::{
    connection::{Connection, Cut},
    listen::Purpose,
    metrics::{Ended, MatchedRoute, Metrics},
};
use crate::trailers::{Acceptance, WithheldReason};
use http::{HeaderMap, HeaderName, Method, StatusCode, Version};
use std::{
    error::Error,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};
use tracing::{Span, field::Empty, level_filters::LevelFilter};

/// One request and its response, from the last byte of the request's header section to the end of the response.
/// Its end is one line in the log, whatever ended it: at `INFO`, or at `DEBUG` where it asks for the metrics, as somebody
/// does every few seconds.
pub(super) struct Exchange {
    connection: Arc<Connection>,
    began: Instant,
    first_byte: Option<Duration>,
    span: Option<Span>,
    method: Method,
    path: String,
    version: Version,
    acceptance: Acceptance,
    route: Route,
    grpc_status: Option<u16>,
    status: Option<StatusCode>,
    bytes: u64,
    trailers: Trailers,
    ending: Option<Ending>,
}

/// What answers a request, as the metrics name it.
enum Route {
    /// Where anybody wants to know which of its routes.
    Router(Option<MatchedRoute>),
    Grpc(Arc<str>),
}

/// What became of the response's trailers.
enum Trailers {
    None,
    Sent(Vec<HeaderName>),
    Withheld(WithheldReason),
}

/// How a response ended.
enum Ending {
    Complete,
    Failed(Failure, String),
    FailedInTrailers,
    /// A gRPC call that the server could not do.
    FailedCall,
    Cut(Cut),
    ClientGone,
}

/// What is wrong with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Its body failed.
    Body,
    /// It is not as long as its header section says.
    Length,
    /// The trailers that say that it failed can't be sent.
    Untold,
    /// The trailers of its request are too large.
    RequestTrailers,
}

impl Exchange {
    pub(super) fn begin<B>(connection: Arc<Connection>, request: &http::Request<B>) -> Self {
        connection.request_begins();
        let acceptance = Acceptance::of(request);
        let route = connection.metrics().map(|_| MatchedRoute::default());
        Self {
            span: span(&connection, request),
            connection,
            began: Instant::now(),
            first_byte: None,
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            version: request.version(),
            acceptance,
            route: Route::Router(route),
            grpc_status: None,
            status: None,
            bytes: 0,
            trailers: Trailers::None,
            ending: None,
        }
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    pub(super) fn acceptance(&self) -> Acceptance {
        self.acceptance
    }

    /// What is logged in it is logged with the request, and its fields say how the request ended. There is none where
    /// nobody collects it.
    pub(super) fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    /// Does something in the span of the request.
    pub(super) fn in_span<T>(&self, something: impl FnOnce() -> T) -> T {
        match &self.span {
            Some(span) => span.in_scope(something),
            None => something(),
        }
    }

    /// Where the router is to say which of its routes answers, if anybody wants to know.
    pub(super) fn matched_route(&self) -> Option<MatchedRoute> {
        match &self.route {
            Route::Router(matched) => matched.clone(),
            Route::Grpc(_) => None,
        }
    }

    /// A gRPC service answers.
    pub(super) fn is_for_service(&mut self, name: Arc<str>) {
        self.route = Route::Grpc(name);
    }

    pub(super) fn answered(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.note_grpc_status(headers);
        self.first_byte = self.connection.metrics().map(|_| self.began.elapsed());
        self.status = Some(status);
    }

    pub(super) fn sent_data(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn withheld_trailers(&mut self) {
        if let Acceptance::Withheld(reason) = self.acceptance {
            self.trailers = Trailers::Withheld(reason);
        }
    }

    pub(super) fn sent_trailers(&mut self, trailers: &HeaderMap) {
        self.note_grpc_status(trailers);
        self.trailers = Trailers::Sent(trailers.keys().cloned().collect());
    }

    /// A call's status is among its trailers or, where it has no content, in its header section.
    fn note_grpc_status(&mut self, section: &HeaderMap) {
        if let Route::Grpc(_) = self.route
            && let Some(status) = section.get("grpc-status")
        {
            self.grpc_status = status.to_str().ok().and_then(|status| status.parse().ok());
        }
    }

    /// Notes that the response has no length and no chunks where the protocol is HTTP/1.0.
    pub(super) fn runs_to_close(&self) {
        if self.version < Version::HTTP_11 {
            self.connection.set_close_delimited(true);
        }
    }

    pub(super) fn complete(&mut self) {
        self.connection.set_close_delimited(false);
        self.ending = Some(Ending::Complete);
    }

    pub(super) fn failed(&mut self, failure: Failure, error: &(dyn Error + 'static)) {
        self.ending = Some(Ending::Failed(failure, with_sources(error)));
    }

    /// Notes that the response is complete for the client, and its trailers say that it failed.
    pub(super) fn failed_in_trailers(&mut self) {
        self.ending = Some(Ending::FailedInTrailers);
    }

    pub(super) fn given_up(&mut self) {
        self.ending = Some(Ending::Cut(Cut::StalledReader));
    }
}

/// The span of a request, where anybody collects it. Where nobody collects anything it is not even begun: for the crate
/// `log` it would first be filled in.
fn span<B>(connection: &Connection, request: &http::Request<B>) -> Option<Span> {
    if LevelFilter::current() < LevelFilter::INFO {
        return None;
    }
    let span = tracing::info_span!(
        target: "axum_trailers::request",
        "request",
        peer = %connection.peer,
        method = %request.method(),
        path = request.uri().path(),
        status = Empty,
        protocol = ?request.version(),
        bytes = Empty,
        duration_ms = Empty,
        trailers = Empty,
        grpc_status = Empty,
        ended = Empty,
    );
    (!span.is_disabled()).then_some(span)
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.connection.request_ends();
        let unfinished = || self.connection.cut().map_or(Ending::ClientGone, Ending::Cut);
        let ending = match self.ending.take().unwrap_or_else(unfinished) {
            Ending::Complete if self.grpc_status.is_some_and(is_the_servers) => Ending::FailedCall,
            ending => ending,
        };
        let took = self.began.elapsed();
        if let Some(metrics) = self.connection.metrics() {
            self.count(metrics, &ending, took);
        }
        if let Some(span) = &self.span {
            self.record(span, &ending, took);
        }
        self.log(&ending, took);
    }
}

impl Exchange {
    fn record(&self, span: &Span, ending: &Ending, took: Duration) {
        span.record("status", self.status.map(|status| status.as_u16()));
        span.record("bytes", self.bytes);
        span.record("duration_ms", milliseconds(took));
        span.record("trailers", tracing::field::display(&self.trailers));
        span.record("grpc_status", self.grpc_status);
        span.record("ended", tracing::field::display(ending));
    }

    fn log(&self, ending: &Ending, took: Duration) {
        let status = self.status.map(|status| status.as_u16());
        let duration_ms = milliseconds(took);
        if self.connection.purpose == Purpose::Metrics {
            return tracing::debug!(
                target: "axum_trailers::request",
                parent: None,
                peer = %self.connection.peer,
                method = %self.method,
                path = self.path,
                status,
                duration_ms,
                ended = %ending,
                "the metrics were asked for",
            );
        }
        tracing::info!(
            target: "axum_trailers::request",
            // The span says the same, but for those alone who keep spans.
            parent: None,
            peer = %self.connection.peer,
            method = %self.method,
            path = self.path,
            status,
            protocol = ?self.version,
            bytes = self.bytes,
            duration_ms,
            trailers = %self.trailers,
            grpc_status = self.grpc_status,
            ended = %ending,
        );
    }

    fn count(&self, metrics: &Metrics, ending: &Ending, took: Duration) {
        match self.trailers {
            Trailers::None => {}
            Trailers::Sent(_) => metrics.trailers_sent(self.version),
            Trailers::Withheld(reason) => metrics.trailers_withheld(self.version, reason),
        }
        match ending {
            Ending::Complete => {}
            Ending::Failed(failure, _) => metrics.failed(self.version, failure.label()),
            Ending::FailedInTrailers => metrics.failed(self.version, "told_by_trailers"),
            Ending::FailedCall => metrics.failed(self.version, "grpc_status"),
            Ending::Cut(cut) => metrics.failed(self.version, cut.label()),
            Ending::ClientGone => metrics.client_gone(self.version),
        }
        if let (Route::Grpc(service), Some(status)) = (&self.route, self.grpc_status) {
            metrics.call_ends(service, status);
        }
        metrics.request_ends(&Ended {
            version: self.version,
            route: match &self.route {
                Route::Router(matched) => matched.as_ref().and_then(MatchedRoute::name),
                Route::Grpc(name) => Some(name),
            },
            status: self.status,
            bytes: self.bytes,
            first_byte: self.first_byte,
            took,
        });
    }
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Whether a gRPC status says that the server is at fault, not its client: `UNKNOWN`, `DEADLINE_EXCEEDED`,
/// `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE` and `DATA_LOSS`
/// ([as tracing tells them apart](https://opentelemetry.io/docs/specs/semconv/rpc/grpc/)).
fn is_the_servers(status: u16) -> bool {
    matches!(status, 2 | 4 | 12 | 13 | 14 | 15)
}

impl Failure {
    /// For metrics.
    fn label(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Length => "length",
            Self::Untold => "untold",
            Self::RequestTrailers => "request_trailers",
        }
    }
}

impl fmt::Display for Trailers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Withheld(reason) => write!(f, "withheld ({reason})"),
            Self::Sent(names) => {
                for (n, name) in names.iter().enumerate() {
                    let comma = if n == 0 { "" } else { "," };
                    write!(f, "{comma}{name}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("complete"),
            Self::Failed(_, why) => write!(f, "failed: {why}"),
            Self::FailedInTrailers => f.write_str("failed, as its trailers say"),
            Self::FailedCall => f.write_str("failed, as its gRPC status says"),
            Self::Cut(cut) => write!(f, "cut: {cut}"),
            Self::ClientGone => f.write_str("client gone"),
        }
    }
}

fn with_sources(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        // A wrapper often says its source's words as its own.
        let words = error.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("no row")]
    struct NoRow(#[source] io::Error);

    #[test]
    fn error_is_told_with_its_sources_once_each() {
        let full = || io::Error::other("disk full");
        assert_eq!(with_sources(&axum::Error::new(full())), "disk full");
        assert_eq!(with_sources(&NoRow(full())), "no row: disk full");
    }

    #[test]
    fn trailers_are_told_by_name() {
        let names = ["x-a", "x-b"].map(HeaderName::from_static).to_vec();
        assert_eq!(Trailers::Sent(names).to_string(), "x-a,x-b");
        assert_eq!(Trailers::Withheld(WithheldReason::NotAsked).to_string(), "withheld (no `TE: trailers`)");
    }

    #[test]
    fn servers_are_at_fault_by_some_statuses_alone() {
        let theirs: Vec<_> = (0..=17).filter(|status| is_the_servers(*status)).collect();
        assert_eq!(theirs, [2, 4, 12, 13, 14, 15]);
    }
}
