use super::rate_limit::RateLimit;
use crate::{
    connection::{Connection, Peer, Purpose},
    metrics::ServerMetrics,
    shutdown::Shutdown,
};
use http::Version;
use std::{fmt, io};

/// Logs and counts connections that fail early. Only some lines of each kind are written, because anyone can cause
/// thousands per second.
#[derive(Clone, Debug)]
pub(crate) struct Rejections {
    lines: RateLimit,
    metrics: Option<ServerMetrics>,
}

const TOO_MANY: &str = "too_many_open";
const NOT_ACCEPTED: &str = "accept_failed";
const NO_PROXY_HEADER: &str = "no_proxy_header";
const HEAD: &str = "head";
const MALFORMED: &str = "malformed";

/// Why a connection ended before its first request.
pub(crate) trait Early: fmt::Display {
    /// For metrics.
    fn label(&self) -> &'static str;

    /// Whether the client closed it before its first byte, as port checks do.
    fn is_probe(&self) -> bool;
}

impl Rejections {
    pub(crate) fn new(metrics: Option<ServerMetrics>, shutdown: Shutdown) -> Self {
        Self { lines: RateLimit::new(shutdown), metrics }
    }

    /// The connection limit is reached.
    pub(crate) fn too_many(&self, peer: Peer, purpose: Purpose, limit: u32) {
        self.count_refused(TOO_MANY);
        let listener = purpose.name();
        let report = move |suppressed| {
            tracing::warn!(listener, limit, suppressed, "more connections refused: connection limit reached");
        };
        if self.lines.admits((purpose, TOO_MANY), report) {
            tracing::warn!(%peer, listener, limit, "connection refused: connection limit reached");
        }
    }

    /// The system has no connection to give, usually for lack of file descriptors.
    pub(crate) fn not_accepted(&self, purpose: Purpose, error: &io::Error) {
        self.count_refused(NOT_ACCEPTED);
        let listener = purpose.name();
        let report = move |suppressed| tracing::warn!(listener, suppressed, "more connections not accepted");
        if self.lines.admits((purpose, NOT_ACCEPTED), report) {
            tracing::warn!(listener, %error, "connection not accepted");
        }
    }

    /// The connection does not begin with a header of the PROXY protocol, or with a wrong one.
    pub(crate) fn no_proxy_header(&self, connection: &Connection, failure: &impl Early) {
        let (peer, kind) = (connection.peer, failure.label());
        if let Some(metrics) = &self.metrics {
            metrics.handshake_failed(kind);
        }
        if failure.is_probe() {
            return tracing::debug!(%peer, reason = %failure, "connection closed before a PROXY header");
        }
        let report = move |suppressed| {
            tracing::info!(suppressed, "more connections closed: no valid PROXY header");
        };
        if self.lines.admits((connection.purpose, NO_PROXY_HEADER), report) {
            tracing::info!(%peer, kind, reason = %failure, "connection closed: no valid PROXY header");
        }
    }

    pub(crate) fn handshake_failed(&self, connection: &Connection, failure: &impl Early) {
        let (client, peer, kind) = (connection.client.of_connection(), connection.peer, failure.label());
        if let Some(metrics) = &self.metrics {
            metrics.handshake_failed(kind);
        }
        if failure.is_probe() {
            return tracing::debug!(%peer, reason = %failure, "connection closed before the TLS handshake");
        }
        let report = move |suppressed| tracing::info!(kind, suppressed, "more TLS handshakes failed");
        if self.lines.admits((connection.purpose, kind), report) {
            tracing::info!(%client, %peer, kind, reason = %failure, "TLS handshake failed");
        }
    }

    /// A connection to a plain listener does not begin with HTTP.
    pub(crate) fn not_http(&self, connection: &Connection, failure: &impl Early) {
        let (client, peer, kind) = (connection.client.of_connection(), connection.peer, failure.label());
        if let Some(metrics) = &self.metrics {
            metrics.handshake_failed(kind);
        }
        if failure.is_probe() {
            return tracing::debug!(%peer, reason = %failure, "connection closed before a request");
        }
        let report = move |suppressed| tracing::info!(kind, suppressed, "more plain connections failed");
        if self.lines.admits((connection.purpose, kind), report) {
            tracing::info!(%client, %peer, kind, reason = %failure, "plain connection failed");
        }
    }

    /// hyper or h3 has rejected a request because its head is malformed or too large. Without a status, it has reset the
    /// stream.
    pub(crate) fn head_refused(
        &self,
        connection: &Connection,
        version: Version,
        status: Option<&'static str>,
        reason: &str,
    ) {
        if let Some(metrics) = &self.metrics {
            metrics.head_refused(version, status);
        }
        let report = move |suppressed| tracing::info!(suppressed, "more request heads rejected");
        if self.lines.admits((connection.purpose, HEAD), report) {
            let (client, peer) = (connection.client.of_connection(), connection.peer);
            tracing::info!(%client, %peer, status, reason, "request head rejected");
        }
    }

    /// The connection was ended because of what the client sent. The log lines of its requests may not show that: they
    /// were answered before, or never read.
    pub(crate) fn malformed(&self, connection: &Connection, reason: &impl fmt::Display) {
        let report =
            move |suppressed| tracing::info!(suppressed, "more connections closed: malformed messages");
        if self.lines.admits((connection.purpose, MALFORMED), report) {
            let (client, peer) = (connection.client.of_connection(), connection.peer);
            tracing::info!(%client, %peer, %reason, "connection closed: malformed message");
        }
    }

    fn count_refused(&self, reason: &'static str) {
        if let Some(metrics) = &self.metrics {
            metrics.connection_refused(reason);
        }
    }
}
