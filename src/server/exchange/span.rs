use crate::server::connection::Connection;
use tracing::{Span, field::Empty, level_filters::LevelFilter};

/// The span of a request, where anybody collects it. Where nobody collects anything it is not even begun: for the crate
/// `log` it would first be filled in.
pub(super) fn span(connection: &Connection, head: &http_1::request::Parts) -> Option<Span> {
    if LevelFilter::current() < LevelFilter::INFO {
        return None;
    }
    let span = tracing::info_span!(
        target: "axum_trailers::request",
        "request",
        peer = %connection.peer,
        method = %head.method,
        path = head.uri.path(),
        status = Empty,
        protocol = ?head.version,
        bytes = Empty,
        duration_ms = Empty,
        trailers = Empty,
        grpc_status = Empty,
        ended = Empty,
    );
    (!span.is_disabled()).then_some(span)
}
