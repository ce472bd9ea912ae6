use super::{
    ending::{Ending, Trailers},
    exchange::{Exchange, Route},
    request_details::shortened,
};
use crate::metrics::{Ended, MatchedRoute, ServerMetrics};
use axum_trailers::{syntax::protocol_name, trailers::WithheldReason};
use std::time::Duration;
use tokio::time::Instant;
use tracing::{Level, Span};

impl Drop for Exchange {
    fn drop(&mut self) {
        let ended = Instant::now();
        self.connection.request_ends(ended);
        let unfinished = || self.connection.close_reason().map_or(Ending::ClientGone, Ending::Cut);
        let ending = match self.ending.take().unwrap_or_else(unfinished) {
            Ending::Complete if self.grpc_status.is_some_and(is_the_servers) => Ending::FailedCall,
            ending => ending,
        };
        if let Ending::Failed(..) | Ending::Cut(_) | Ending::ClientGone = ending {
            self.connection.http1().response_breaks_off();
        }
        let took = ended.duration_since(self.began);
        if let Some(metrics) = self.connection.metrics() {
            self.count(metrics, &ending, took);
        }
        if let Some(span) = &self.span {
            self.record(span, &ending, took);
        }
        self.log(&ending, took);
        // Without a status, no header section was sent.
        if self.status.is_some() {
            self.observe(|observer| observer.ended(ending.outcome()));
        }
    }
}

impl Exchange {
    fn record(&self, span: &Span, ending: &Ending, took: Duration) {
        span.record("status", self.status.map(|status| status.as_u16()));
        span.record("bytes_out", self.bytes);
        span.record("duration_ms", milliseconds(took));
        span.record("trailers", tracing::field::display(&self.trailers));
        span.record("grpc_status", self.grpc_status);
        span.record("ended", tracing::field::display(ending));
    }

    fn log(&self, ending: &Ending, took: Duration) {
        let (Some(details), Some(client)) = (&self.details, self.client) else {
            return;
        };
        macro_rules! line {
            ($level:expr) => {
                tracing::event!(
                    target: "axum_trailers::request",
                    // The span has the same fields, but only for subscribers that collect spans.
                    parent: None,
                    $level,
                    client = %self.sender,
                    peer = %self.connection.peer,
                    request_id = %self.id,
                    method = %shortened(self.method.as_str().as_bytes()),
                    host = details.host,
                    request_target = details.request_target,
                    protocol = protocol_name(self.version),
                    agent = client.agent,
                    via = details.via,
                    proxied = client.is_proxied,
                    te = details.te,
                    status = self.status.map(|status| status.as_u16()),
                    bytes_in = details.bytes_in(),
                    bytes_out = self.bytes,
                    first_byte_ms = self.first_byte.map(milliseconds),
                    duration_ms = milliseconds(took),
                    request_trailers = details.trailers(),
                    request_trailers_missing = details.missing(),
                    trailers = %self.trailers,
                    grpc_status = self.grpc_status,
                    ended = %ending,
                )
            };
        }
        let is_refused =
            self.status.is_some_and(|status| status.is_client_error() || status.is_server_error())
                || self.grpc_status.is_some_and(|status| status != 0);
        if self.is_routine && matches!(ending, Ending::Complete) && !is_refused {
            line!(Level::DEBUG);
        } else {
            line!(Level::INFO);
        }
    }

    fn count(&self, metrics: &ServerMetrics, ending: &Ending, took: Duration) {
        if let Some(client) = self.client {
            match self.trailers {
                // The second is counted below, also if other fields were sent.
                Trailers::None | Trailers::Withheld(WithheldReason::Unannounced) => {}
                Trailers::Sent(_) => metrics.trailers_sent(self.version, client),
                Trailers::Withheld(reason) => metrics.trailers_withheld(self.version, client, reason),
            }
            if self.lacks_unannounced {
                metrics.trailers_withheld(self.version, client, WithheldReason::Unannounced);
            }
        }
        match ending {
            Ending::Complete => {}
            Ending::Failed(failure, _) => metrics.failed(self.version, failure.label()),
            Ending::ReportedInTrailers => metrics.failed(self.version, "reported_in_trailers"),
            Ending::FailedCall => metrics.failed(self.version, "grpc_status"),
            Ending::Cut(reason) => metrics.failed(self.version, reason.label()),
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

/// Whether a gRPC status means that the server is at fault, not its client: `UNKNOWN`, `DEADLINE_EXCEEDED`,
/// `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE` and `DATA_LOSS`
/// ([OpenTelemetry's distinction](https://opentelemetry.io/docs/specs/semconv/rpc/grpc/)).
fn is_the_servers(status: u16) -> bool {
    matches!(status, 2 | 4 | 12 | 13 | 14 | 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_some_statuses_are_the_servers_fault() {
        let theirs: Vec<_> = (0..=17).filter(|status| is_the_servers(*status)).collect();
        assert_eq!(theirs, [2, 4, 12, 13, 14, 15]);
    }
}
