use super::client_kind::ClientKind;
use axum_trailers::{syntax::protocol_name, trailers::WithheldReason};
use http::{StatusCode, Version};
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, core::Collector,
};
use std::{sync::Arc, time::Duration};

/// The metrics of one server.
#[derive(Clone, Debug)]
pub(crate) struct ServerMetrics(Arc<Families>);

#[derive(Debug)]
struct Families {
    connections: IntGauge,
    refused: IntCounterVec,
    handshakes_failed: IntCounterVec,
    requests_open: IntGauge,
    requests: IntCounterVec,
    received: IntCounter,
    sent: IntCounter,
    body: IntCounterVec,
    trailers_sent: IntCounterVec,
    trailers_withheld: IntCounterVec,
    failed: IntCounterVec,
    gone: IntCounterVec,
    calls: IntCounterVec,
    first_byte: HistogramVec,
    end: HistogramVec,
}

/// The registry already has a metric with one of the server's names.
#[derive(Debug, thiserror::Error)]
#[error("the registry already has a metric `{name}`, which the server itself registers")]
pub(crate) struct NameTaken {
    name: String,
    source: prometheus::Error,
}

/// From half a millisecond to half a minute, in seconds. Exports may take longer.
const BUCKETS: [f64; 15] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

impl ServerMetrics {
    /// Creates and registers the metrics. Fails if the registry already has one of their names.
    pub(crate) fn new(registry: &Registry) -> Result<Self, NameTaken> {
        let registering = Registering(registry);
        Ok(Self(Arc::new(Families {
            connections: registering.gauge("connections", "Open connections.")?,
            refused: registering.counters(
                "connections_refused_total",
                "Connections that were closed at once or not accepted, by reason.",
                &["reason"],
            )?,
            handshakes_failed: registering.counters(
                "handshakes_failed_total",
                "Connections that failed before HTTP, usually in the TLS handshake, by reason.",
                &["reason"],
            )?,
            requests_open: registering.gauge("streams", "Open requests.")?,
            requests: registering.counters(
                "requests_total",
                "Finished requests, by route and status.",
                &["protocol", "route", "status"],
            )?,
            received: registering
                .counter("received_bytes_total", "Bytes read from connections, including TLS.")?,
            sent: registering.counter("sent_bytes_total", "Bytes written to connections, including TLS.")?,
            body: registering.counters(
                "response_body_bytes_total",
                "Content bytes of finished responses.",
                &["protocol"],
            )?,
            trailers_sent: registering.counters(
                "trailer_sections_sent_total",
                "Responses sent with trailers, by client family and proxy (Via).",
                &["protocol", "agent", "proxied"],
            )?,
            trailers_withheld: registering.counters(
                "trailer_sections_withheld_total",
                "Responses whose trailers were withheld, by client family, proxy (Via) and reason.",
                &["protocol", "agent", "proxied", "reason"],
            )?,
            failed: registering.counters(
                "streams_failed_total",
                "Failed or cut responses, by reason.",
                &["protocol", "reason"],
            )?,
            gone: registering.counters(
                "clients_gone_total",
                "Responses whose client disconnected before the end.",
                &["protocol"],
            )?,
            calls: registering.counters(
                "grpc_calls_total",
                "Finished gRPC calls, by service and status.",
                &["service", "status"],
            )?,
            first_byte: registering.histograms(
                "first_byte_seconds",
                "Time from the end of the request's header section to the first byte of the response.",
                &["route"],
            )?,
            end: registering.histograms(
                "end_seconds",
                "Time from the end of the request's header section to the end of the response.",
                &["route"],
            )?,
        })))
    }

    pub(crate) fn connection_opened(&self) {
        self.0.connections.inc();
    }

    pub(crate) fn connection_closed(&self) {
        self.0.connections.dec();
    }

    pub(crate) fn connection_refused(&self, reason: &'static str) {
        self.0.refused.with_label_values(&[reason]).inc();
    }

    pub(crate) fn handshake_failed(&self, reason: &'static str) {
        self.0.handshakes_failed.with_label_values(&[reason]).inc();
    }

    pub(crate) fn request_begins(&self) {
        self.0.requests_open.inc();
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.0.received.inc_by(bytes as u64);
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.0.sent.inc_by(bytes as u64);
    }

    pub(crate) fn trailers_sent(&self, version: Version, client: ClientKind) {
        let labels = [protocol_name(version), client.agent, client.proxied()];
        self.0.trailers_sent.with_label_values(&labels).inc();
    }

    pub(crate) fn trailers_withheld(&self, version: Version, client: ClientKind, reason: WithheldReason) {
        let labels = [protocol_name(version), client.agent, client.proxied(), reason.label()];
        self.0.trailers_withheld.with_label_values(&labels).inc();
    }

    /// Counts a failed response. The reasons are a fixed set.
    pub(crate) fn failed(&self, version: Version, reason: &'static str) {
        self.0.failed.with_label_values(&[protocol_name(version), reason]).inc();
    }

    pub(crate) fn client_gone(&self, version: Version) {
        self.0.gone.with_label_values(&[protocol_name(version)]).inc();
    }

    pub(crate) fn call_ends(&self, service: &str, status: u16) {
        let status = GRPC_STATUSES.get(usize::from(status)).copied().unwrap_or("other");
        self.0.calls.with_label_values(&[service, status]).inc();
    }

    /// Counts a request to which hyper or h3 itself has responded, or that it has reset.
    pub(crate) fn head_refused(&self, version: Version, status: Option<&str>) {
        self.0.requests.with_label_values(&[protocol_name(version), NONE, status.unwrap_or(NONE)]).inc();
    }

    pub(crate) fn request_ends(&self, request: &Ended<'_>) {
        let families = &*self.0;
        let protocol = protocol_name(request.version);
        let route = request.route.unwrap_or(NONE);
        // An application can use any number as an unregistered status.
        let status = match &request.status {
            Some(status) if status.canonical_reason().is_some() => status.as_str(),
            Some(_) => "other",
            None => NONE,
        };
        families.requests_open.dec();
        families.requests.with_label_values(&[protocol, route, status]).inc();
        families.body.with_label_values(&[protocol]).inc_by(request.bytes);
        families.end.with_label_values(&[route]).observe(request.took.as_secs_f64());
        if let Some(first_byte) = request.first_byte {
            families.first_byte.with_label_values(&[route]).observe(first_byte.as_secs_f64());
        }
    }
}

/// A request whose response has ended.
pub(crate) struct Ended<'e> {
    pub(crate) version: Version,
    /// `None` if no route matched.
    pub(crate) route: Option<&'e str>,
    /// `None` if the client left before the response.
    pub(crate) status: Option<StatusCode>,
    pub(crate) bytes: u64,
    pub(crate) first_byte: Option<Duration>,
    pub(crate) took: Duration,
}

/// The label if there is no route or no status.
const NONE: &str = "none";

/// Status names by number ([status codes](https://github.com/grpc/grpc/blob/master/doc/statuscodes.md)).
const GRPC_STATUSES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Creates metrics and registers them.
struct Registering<'r>(&'r Registry);

const VALID: &str = "the names are valid";

impl Registering<'_> {
    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, NameTaken> {
        self.register(name, IntGauge::with_opts(opts(name, help)).expect(VALID))
    }

    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, NameTaken> {
        self.register(name, IntCounter::with_opts(opts(name, help)).expect(VALID))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, NameTaken> {
        self.register(name, IntCounterVec::new(opts(name, help), labels).expect(VALID))
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> Result<HistogramVec, NameTaken> {
        let opts = HistogramOpts { common_opts: opts(name, help), buckets: BUCKETS.to_vec() };
        self.register(name, HistogramVec::new(opts, labels).expect(VALID))
    }

    fn register<M: Collector + Clone + 'static>(&self, name: &str, metric: M) -> Result<M, NameTaken> {
        let taken = |source| NameTaken { name: format!("{NAMESPACE}_{name}"), source };
        self.0.register(Box::new(metric.clone())).map_err(taken)?;
        Ok(metric)
    }
}

const NAMESPACE: &str = "axum_trailers";

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace(NAMESPACE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_of_a_call_is_counted_by_its_name() {
        let registry = Registry::new();
        let metrics = ServerMetrics::new(&registry).expect("no names are taken");
        for status in [0, 16, 17, 99] {
            metrics.call_ends("s", status);
        }
        let count = |status: &str| metrics.0.calls.with_label_values(&["s", status]).get();
        assert_eq!((count("OK"), count("UNAUTHENTICATED"), count("other")), (1, 1, 2));
    }
}
