use super::values::OrOff;
use crate::cli::values::{Count, Size, Time};
use axum_trailers_server::Limits;
use axum_trailers_workbench::Bounds;

/// The help's heading of the limits.
pub(super) const LIMITS: &str = "Limits";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = LIMITS)]
pub(super) struct LimitArgs {
    /// Timeout of the TLS or QUIC handshake, and of a PROXY header
    #[arg(long, value_name = "TIME", env = "AXUM_TRAILERS_HANDSHAKE_TIMEOUT",
          default_value_t = Limits::default().handshake.into())]
    handshake_timeout: Time,

    /// Timeout of the first byte over TCP, after the handshake if there is one
    #[arg(long, value_name = "TIME", env = "AXUM_TRAILERS_FIRST_BYTE_TIMEOUT",
          default_value_t = Limits::default().first_byte.into())]
    first_byte_timeout: Time,

    /// Timeout of a header section over HTTP/1.1 and HTTP/3
    ///
    /// Over HTTP/1.1 it includes the pause after the previous response.
    #[arg(long, value_name = "TIME", env = "AXUM_TRAILERS_HEADER_TIMEOUT",
          default_value_t = Limits::default().request_headers.into())]
    header_timeout: Time,

    /// Close a connection that has no open request for this long
    #[arg(long, value_name = "TIME", env = "AXUM_TRAILERS_IDLE_TIMEOUT",
          default_value_t = Limits::default().idle.into())]
    idle_timeout: Time,

    /// Reject a request whose body stalls for this long
    ///
    /// The time runs only while the handler waits for content and the client may send it.
    #[arg(long, value_name = "TIME", env = "AXUM_TRAILERS_BODY_TIMEOUT",
          default_value_t = Limits::default().stalled_body.into())]
    body_timeout: Time,

    /// Minimum rate of a request body, in bytes per second
    ///
    /// Measured over 30 s after a grace period of 5 s, and only while the handler waits for content and the client may
    /// send it.
    #[arg(long, value_name = "SIZE|off", env = "AXUM_TRAILERS_MIN_BODY_RATE",
          default_value_t = OrOff::On(Limits::default().min_body_rate.into()), value_parser = rate)]
    min_body_rate: OrOff<Size>,

    /// Disconnect a client that stops reading a response for this long
    #[arg(long, value_name = "TIME", env = "AXUM_TRAILERS_READER_TIMEOUT",
          default_value_t = Limits::default().stalled_reader.into())]
    reader_timeout: Time,

    /// PING interval of HTTP/2 and HTTP/3
    ///
    /// A client that does not respond within 15 intervals is disconnected. Over HTTP/3 it has two intervals, but at least 5 s.
    #[arg(long, value_name = "TIME", env = "AXUM_TRAILERS_PING_INTERVAL",
          default_value_t = Limits::default().ping.into())]
    ping_interval: Time,

    /// Maximum number of open connections
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_CONNECTIONS",
          default_value_t = Limits::default().connections.into(),
          value_parser = |text: &str| Count::within(text, 1, u32::MAX))]
    max_connections: Count,

    /// Maximum number of open streams per connection of HTTP/2 or HTTP/3
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_STREAMS", default_value_t = Limits::default().streams.into(),
          value_parser = |text: &str| Count::within(text, 1, u32::MAX))]
    max_streams: Count,

    /// Maximum size of a request's header section, from 8KiB to 1MiB
    #[arg(long, value_name = "SIZE", env = "AXUM_TRAILERS_MAX_HEADER_SIZE",
          default_value_t = Limits::default().header_section.into(), value_parser = header_section)]
    max_header_size: Size,

    /// Maximum size of a request's trailer section, up to 1MiB
    #[arg(long, value_name = "SIZE", env = "AXUM_TRAILERS_MAX_TRAILER_SIZE",
          default_value_t = Limits::default().trailer_section.into(), value_parser = trailer_section)]
    max_trailer_size: Size,

    /// Maximum number of trailer fields in a request, up to 10k
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_TRAILER_FIELDS",
          default_value_t = Limits::default().trailer_fields.into(),
          value_parser = |text: &str| Count::within(text, 0, Limits::MAX_TRAILER_FIELDS))]
    max_trailer_fields: Count,

    /// Maximum number of concurrent exports
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_EXPORTS",
          default_value_t = Bounds::default().exports.into(), value_parser = |text: &str| Count::within(text, 1, 256))]
    max_exports: Count,

    /// Maximum number of concurrent exports per client
    ///
    /// A client is an IPv4 address or an IPv6 /64 network.
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_EXPORTS_PER_CLIENT",
          default_value_t = Bounds::default().exports_per_client.into(),
          value_parser = |text: &str| Count::within(text, 1, 256))]
    max_exports_per_client: Count,

    /// Maximum number of rows in an export
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_ROWS", default_value_t = Bounds::default().rows.into())]
    max_rows: Count,

    /// Maximum duration of an export
    #[arg(long, value_name = "TIME", env = "AXUM_TRAILERS_MAX_EXPORT_TIME",
          default_value_t = Bounds::default().export_time.into())]
    max_export_time: Time,

    /// Maximum body size of POST /echo and POST /inspect
    #[arg(long, value_name = "SIZE", env = "AXUM_TRAILERS_MAX_BODY_SIZE",
          default_value_t = Bounds::default().body_size.into())]
    max_body_size: Size,

    /// Maximum number of concurrent uploads
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_UPLOADS",
          default_value_t = Bounds::default().uploads.into(), value_parser = |text: &str| Count::within(text, 1, u32::MAX))]
    max_uploads: Count,

    /// Maximum number of concurrent uploads per client
    ///
    /// A client is an IPv4 address or an IPv6 /64 network.
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_UPLOADS_PER_CLIENT",
          default_value_t = Bounds::default().uploads_per_client.into(),
          value_parser = |text: &str| Count::within(text, 1, u32::MAX))]
    max_uploads_per_client: Count,

    /// Maximum size of an upload
    #[arg(long, value_name = "SIZE", env = "AXUM_TRAILERS_MAX_UPLOAD_SIZE",
          default_value_t = Bounds::default().upload_size.into())]
    max_upload_size: Size,
}

impl LimitArgs {
    pub(super) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.handshake = self.handshake_timeout.0;
        limits.first_byte = self.first_byte_timeout.0;
        limits.request_headers = self.header_timeout.0;
        limits.idle = self.idle_timeout.0;
        limits.stalled_body = self.body_timeout.0;
        limits.min_body_rate = match self.min_body_rate {
            OrOff::Off => 0,
            OrOff::On(rate) => rate.as_u32(),
        };
        limits.stalled_reader = self.reader_timeout.0;
        limits.ping = self.ping_interval.0;
        limits.connections = self.max_connections.as_usize();
        limits.streams = self.max_streams.as_u32();
        limits.header_section = self.max_header_size.as_u32();
        limits.trailer_section = self.max_trailer_size.as_u32();
        limits.trailer_fields = self.max_trailer_fields.as_u32();
        limits
    }

    pub(super) fn bounds(&self) -> Bounds {
        let mut bounds = Bounds::default();
        bounds.exports = self.max_exports.as_usize();
        bounds.exports_per_client = self.max_exports_per_client.as_usize();
        bounds.rows = self.max_rows.0;
        bounds.export_time = self.max_export_time.0;
        bounds.body_size = self.max_body_size.0;
        bounds.uploads = self.max_uploads.as_usize();
        bounds.uploads_per_client = self.max_uploads_per_client.as_usize();
        bounds.upload_size = self.max_upload_size.0;
        bounds
    }
}

fn header_section(text: &str) -> Result<Size, String> {
    Size::within(text, Limits::MIN_HEADER_SECTION, Limits::MAX_HEADER_SECTION)
}

fn trailer_section(text: &str) -> Result<Size, String> {
    Size::within(text, 0, Limits::MAX_TRAILER_SECTION)
}

fn rate(text: &str) -> Result<OrOff<Size>, String> {
    match text.parse()? {
        OrOff::On(Size(0)) | OrOff::Off => Ok(OrOff::Off),
        OrOff::On(_) => Size::within(text, 1, u32::MAX).map(OrOff::On),
    }
}
