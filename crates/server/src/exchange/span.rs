use super::{
    request_details::{RequestDetails, shortened},
    request_id::RequestId,
};
use crate::connection::Peer;
use axum_trailers::syntax::protocol_name;
use tracing::{Span, field::Empty};

/// Creates the span of a request, if a subscriber collects it.
pub(super) fn request_span(
    client: Peer,
    head: &http::request::Parts,
    details: &RequestDetails,
    id: &RequestId,
) -> Option<Span> {
    let span = tracing::info_span!(
        target: "axum_trailers::request",
        "request",
        client = %client,
        request_id = %id,
        method = %shortened(head.method.as_str().as_bytes()),
        request_target = details.request_target,
        status = Empty,
        protocol = protocol_name(head.version),
        bytes_out = Empty,
        duration_ms = Empty,
        trailers = Empty,
        grpc_status = Empty,
        ended = Empty,
    );
    (!span.is_disabled()).then_some(span)
}
