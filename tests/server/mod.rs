//! The server's guarantees, checked on the bytes that reach a client, for applications of both versions of axum.
//!
//! Each file below is compiled once per version, with the names of that version in its prelude.

#![allow(clippy::duplicate_mod, reason = "each file is compiled once per version of axum")]

#[path = "."]
pub(crate) mod on_axum_06 {
    mod alt_svc;
    mod broken_by_handler;
    mod chunked_framing;
    mod closing;
    mod connection_info;
    mod content_elsewhere;
    mod cut_uploads;
    mod early_responses;
    mod expectations;
    mod failures;
    mod field_counts;
    mod fields;
    pub(crate) mod forwarded_fields;
    mod framed_by_handler;
    mod grpc_calls;
    mod half_closed;
    mod heads;
    mod http2_framing;
    pub(crate) mod http2_windows;
    mod kept_requests;
    mod limits;
    mod log;
    mod malformed_heads;
    mod metrics;
    mod observer;
    mod optional_trailers;
    mod plain;
    mod prelude {
        pub(super) use crate::{
            library::on_axum_06::{self as library, observed_producers as producer},
            support::axum_06::*,
        };
    }
    mod produced;
    mod producers;
    mod protocol;
    pub(crate) mod proxy_protocol;
    mod quic_connections;
    mod redirect;
    mod rejections;
    mod request_bodies;
    mod request_lines;
    mod request_trailers;
    mod section_limits;
    mod shutdown;
    mod slow_requests;
    mod stalled_readers;
    mod testing;
    mod threads;
    mod tls_config;
    mod together;
    mod trailers;
    #[cfg(unix)]
    mod unix_sockets;
    mod unread_requests;
}

#[path = "."]
mod on_axum_08 {
    mod alt_svc;
    mod broken_by_handler;
    mod chunked_framing;
    mod closing;
    mod connection_info;
    mod content_elsewhere;
    mod cut_uploads;
    mod early_responses;
    mod expectations;
    mod failures;
    mod field_counts;
    mod fields;
    mod forwarded_fields;
    mod framed_by_handler;
    mod grpc_calls;
    mod half_closed;
    mod heads;
    mod http2_framing;
    mod http2_windows;
    mod kept_requests;
    mod limits;
    mod log;
    mod malformed_heads;
    mod metrics;
    mod observer;
    mod optional_trailers;
    mod plain;
    mod prelude {
        pub(super) use crate::{
            library::on_axum_08::{self as library, observed_producers as producer},
            support::axum_08::*,
        };
    }
    mod produced;
    mod producers;
    mod protocol;
    mod proxy_protocol;
    mod quic_connections;
    mod redirect;
    mod rejections;
    mod request_bodies;
    mod request_lines;
    mod request_trailers;
    mod section_limits;
    mod shutdown;
    mod slow_requests;
    mod stalled_readers;
    mod testing;
    mod threads;
    mod tls_config;
    mod together;
    mod trailers;
    #[cfg(unix)]
    mod unix_sockets;
    mod unread_requests;
}
