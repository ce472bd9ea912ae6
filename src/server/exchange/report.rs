use super::{
    course::{Exchange, Route},
    ending::{Ending, Trailers},
};
use crate::server::{
    connection::Connection,
    listen::Purpose,
    metrics::{Ended, MatchedRoute, Metrics},
};
use std::time::Duration;
use tracing::{Span, field::Empty, level_filters::LevelFilter};

/// The span of a request, where anybody collects it. Where nobody collects anything it is not even begun: for the crate
/// `log` it would first be filled in.
pub(super) fn span<B>(connection: &Connection, request: &http::Request<B>) -> Option<Span> {
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

impl Exchange {
    pub(super) fn record(&self, span: &Span, ending: &Ending, took: Duration) {
        span.record("status", self.status.map(|status| status.as_u16()));
        span.record("bytes", self.bytes);
        span.record("duration_ms", milliseconds(took));
        span.record("trailers", tracing::field::display(&self.trailers));
        span.record("grpc_status", self.grpc_status);
        span.record("ended", tracing::field::display(ending));
    }

    pub(super) fn log(&self, ending: &Ending, took: Duration) {
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

    pub(super) fn count(&self, metrics: &Metrics, ending: &Ending, took: Duration) {
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
