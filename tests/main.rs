//! What is guaranteed, checked on the bytes that reach a client. One file per guarantee; those of the library are in
//! `library`.

mod answer;
mod binary;
#[cfg(unix)]
mod blocked_log;
mod chunked_framing;
#[cfg(unix)]
mod client_hello;
mod closing;
mod conversions;
mod cut_uploads;
mod digest;
mod documents;
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
mod forwarded_fields;
mod grpc;
mod grpc_calls;
mod half_closed;
mod heads;
mod help;
mod http2_framing;
mod http2_windows;
#[cfg(unix)]
mod inherited;
#[cfg(unix)]
mod json_log;
mod kept_requests;
mod library;
mod limits;
mod lines;
mod log;
mod malformed_heads;
mod metrics;
mod observer;
mod optional_trailers;
mod plain;
mod problems;
mod produced;
mod producers;
mod progress;
mod protocol;
mod proxy_protocol;
mod redirect;
mod rejections;
mod reload;
mod repr_digest;
mod request_bodies;
mod request_lines;
mod request_trailers;
mod routes;
mod section_limits;
mod seen;
mod shutdown;
mod slow_requests;
mod stalled_readers;
mod start_page;
mod support;
#[cfg(target_os = "linux")]
mod systemd;
mod testing;
mod threads;
mod tls_config;
mod together;
mod trailers;
mod ui;
#[cfg(unix)]
mod unix_sockets;
mod unread_requests;
mod uploads;
