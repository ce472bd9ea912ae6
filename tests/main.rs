//! What the server promises, held against the bytes that reach a client. One file for each promise.

mod binary;
#[cfg(unix)]
mod blocked_log;
mod bridge;
mod chunked_framing;
mod client_gone;
#[cfg(unix)]
mod client_hello;
mod closing;
mod conversions;
mod cut_uploads;
mod digest;
mod early_responses;
mod echo;
mod examples;
mod expectations;
mod export_costs;
mod export_failures;
mod exports;
mod failures;
mod file_conditions;
mod files;
mod grpc;
mod grpc_calls;
mod half_closed;
mod http2_framing;
mod http2_windows;
#[cfg(unix)]
mod json_log;
mod kept_requests;
mod limits;
mod log;
mod malformed_heads;
mod metrics;
mod producers;
mod progress;
mod protocol;
mod redirect;
mod rejections;
mod reload;
mod request_bodies;
mod request_trailers;
mod routes;
mod section_limits;
mod shutdown;
mod slow_requests;
mod stalled_readers;
mod support;
mod threads;
mod timing;
mod together;
mod trailers;
mod ui;
mod unread_requests;
mod uploads;
mod verify;
