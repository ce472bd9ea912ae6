//! The layers and orders of layers that exist for both generations.
//!
//! The macros expect the `axum` and `tower_http` of one generation in scope, and `app`, which creates the router inside
//! of a layer. Each generation has its own layer for decompressed requests, because only the older one can fail.

use std::time::Duration;

/// Pairs of a layer's name and a router with it.
macro_rules! layers {
    ($request_decompression:expr) => {
        vec![
            ("`RequestDecompressionLayer`", app().layer($request_decompression)),
            ("`CompressionLayer`", app().layer(tower_http::compression::CompressionLayer::new())),
            ("`DecompressionLayer`", app().layer(tower_http::decompression::DecompressionLayer::new())),
            ("`RequestBodyLimitLayer`", app().layer(tower_http::limit::RequestBodyLimitLayer::new(1000))),
            (
                "`RequestBodyTimeoutLayer`",
                app().layer(tower_http::timeout::RequestBodyTimeoutLayer::new($crate::layers::MINUTE)),
            ),
            (
                "`ResponseBodyTimeoutLayer`",
                app().layer(tower_http::timeout::ResponseBodyTimeoutLayer::new($crate::layers::MINUTE)),
            ),
            ("`TraceLayer`", app().layer(tower_http::trace::TraceLayer::new_for_http())),
            ("`CatchPanicLayer`", app().layer(tower_http::catch_panic::CatchPanicLayer::new())),
            ("`InFlightRequestsLayer`", app().layer(tower_http::metrics::InFlightRequestsLayer::pair().0)),
            ("`CorsLayer`", app().layer(tower_http::cors::CorsLayer::permissive())),
            (
                "`SetRequestIdLayer`",
                app().layer(tower_http::request_id::SetRequestIdLayer::x_request_id(
                    tower_http::request_id::MakeRequestUuid,
                )),
            ),
            (
                "`PropagateRequestIdLayer`",
                app().layer(tower_http::request_id::PropagateRequestIdLayer::x_request_id()),
            ),
            (
                "`PropagateHeaderLayer`",
                app().layer(tower_http::propagate_header::PropagateHeaderLayer::new(
                    axum::http::HeaderName::from_static("te"),
                )),
            ),
            (
                "`SetResponseHeaderLayer`",
                app().layer(tower_http::set_header::SetResponseHeaderLayer::overriding(
                    axum::http::HeaderName::from_static("server"),
                    axum::http::HeaderValue::from_static("test"),
                )),
            ),
            (
                "`SetRequestHeaderLayer`",
                app().layer(tower_http::set_header::SetRequestHeaderLayer::overriding(
                    axum::http::HeaderName::from_static("via"),
                    axum::http::HeaderValue::from_static("test"),
                )),
            ),
            (
                "`SetSensitiveHeadersLayer`",
                app().layer(tower_http::sensitive_headers::SetSensitiveHeadersLayer::new([
                    axum::http::HeaderName::from_static("te"),
                ])),
            ),
            (
                "`SetStatusLayer`",
                app().layer(tower_http::set_status::SetStatusLayer::new(axum::http::StatusCode::ACCEPTED)),
            ),
            (
                "`NormalizePathLayer`",
                app().layer(tower_http::normalize_path::NormalizePathLayer::trim_trailing_slash()),
            ),
            ("`AddExtensionLayer`", app().layer(tower_http::add_extension::AddExtensionLayer::new(1))),
            (
                "`ValidateRequestHeaderLayer`",
                app().layer(tower_http::validate_request::ValidateRequestHeaderLayer::accept("text/plain")),
            ),
            ("axum's `DefaultBodyLimit`", app().layer(axum::extract::DefaultBodyLimit::max(1000))),
        ]
    };
}
pub(crate) use layers;

/// Routers whose last layer is one of this project.
pub(crate) struct Orders<R> {
    pub(crate) digest_around_compression: R,
    pub(crate) digest_inside_compression: R,
    pub(crate) digest_around_collecting: R,
    pub(crate) check_around_decompression: R,
    pub(crate) check_inside_decompression: R,
}

macro_rules! orders {
    ($request_decompression:expr, $collecting:expr) => {{
        let compression = tower_http::compression::CompressionLayer::new();
        let (digest, check) = (
            axum_trailers::layers::ContentDigestLayer::new(),
            axum_trailers::request::VerifyContentDigestLayer::new(),
        );
        $crate::layers::Orders {
            digest_around_compression: app().layer(compression.clone()).layer(digest),
            digest_inside_compression: app().layer(digest).layer(compression),
            digest_around_collecting: app().layer($collecting).layer(digest),
            check_around_decompression: app().layer($request_decompression).layer(check),
            check_inside_decompression: app().layer(check).layer($request_decompression),
        }
    }};
}
pub(crate) use orders;

/// Longer than any test.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
