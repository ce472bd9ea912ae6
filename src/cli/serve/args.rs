//! The options of `serve`, and the checks that a single option can't make.

use super::{
    limits::LimitArgs,
    proxies::ProxyArgs,
    values::{self, Address, OrOff, PlainAddress},
};
use crate::{
    cli::values::{self as common, Count, Time},
    log::{Filter, LogFormat},
};
use axum_trailers_server::{ForwardedHeader, Limits, Server, TrustedProxy};
use axum_trailers_workbench::Bounds;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// HTTPS address [default: localhost:3000]
    ///
    /// May be repeated. In `AXUM_TRAILERS_LISTEN`, separate addresses with commas. A port alone, or `localhost`, means
    /// both loopback addresses. `:3000` means all addresses of this machine. Port 0 picks a free port.
    #[arg(
        long,
        value_name = "ADDR",
        env = "AXUM_TRAILERS_LISTEN",
        value_delimiter = ',',
        conflicts_with = "port"
    )]
    pub(crate) listen: Vec<Address>,

    /// HTTPS port on loopback, instead of --listen
    ///
    /// Listens on both loopback addresses.
    #[arg(
        long,
        value_name = "PORT",
        env = "AXUM_TRAILERS_PORT",
        conflicts_with = "listen",
        value_parser = |text: &str| common::port(text).ok_or("expected a port from 0 to 65535")
    )]
    pub(crate) port: Option<u16>,

    /// Serve HTTP/3 [default: on]
    ///
    /// Listens on the UDP port of each --listen or --port, and offers it to clients with `Alt-Svc`. The default is off with
    /// --proxy-protocol, which is for TCP. Inherited sockets have no HTTP/3.
    #[arg(long, value_name = "on|off", env = "AXUM_TRAILERS_HTTP3", value_parser = values::switch)]
    http3: Option<bool>,

    /// Plain HTTP address, for a proxy [default: none]
    ///
    /// Serves everything without TLS, over HTTP/1.1 and HTTP/2 with prior knowledge (h2c). May be repeated, like --listen.
    /// `localhost` alone means port 8080, and `unix:/path` a Unix socket.
    #[arg(long, value_name = "ADDR", env = "AXUM_TRAILERS_PLAIN", value_delimiter = ',')]
    pub(crate) plain: Vec<PlainAddress>,

    /// HTTP redirect address [default: localhost:7878]
    ///
    /// Redirects plain HTTP requests to HTTPS.
    #[arg(long, value_name = "ADDR|off", env = "AXUM_TRAILERS_REDIRECT")]
    pub(crate) redirect: Option<OrOff<Address>>,

    /// PEM certificate chain [default: demo]
    ///
    /// Reloaded on SIGHUP and when the file changes. The default is the built-in demo certificate.
    #[arg(long, value_name = "FILE", env = "AXUM_TRAILERS_CERT")]
    pub(crate) cert: Option<PathBuf>,

    /// PEM private key of --cert [default: demo]
    ///
    /// Reloaded together with --cert. The default is the built-in demo key, which is public.
    #[arg(long, value_name = "FILE", env = "AXUM_TRAILERS_KEY")]
    pub(crate) key: Option<PathBuf>,

    /// Folder served at /files/…
    #[arg(long, value_name = "FOLDER", env = "AXUM_TRAILERS_DIR", default_value = ".")]
    pub(crate) dir: PathBuf,

    /// Allow uploads (PUT /files/…)
    ///
    /// Uploads are stored in the folder of --dir. Without a value, the option means on.
    #[arg(
        long,
        value_name = "on|off",
        env = "AXUM_TRAILERS_ALLOW_UPLOAD",
        num_args = 0..=1,
        require_equals = true,
        default_value = "off",
        default_missing_value = "on",
        value_parser = values::switch,
        action = clap::ArgAction::Set
    )]
    pub(crate) allow_upload: bool,

    /// SQLite database to export [default: a sample]
    ///
    /// Served at /export/…, and opened read-only. The default is a built-in sample.
    #[arg(long, value_name = "FILE", env = "AXUM_TRAILERS_DATABASE")]
    pub(crate) database: Option<PathBuf>,

    /// Log filter [default: `RUST_LOG`, else info]
    ///
    /// Directives in the syntax of `RUST_LOG`, separated by commas: a level (off, error, warn, info, debug, trace), or the
    /// level of a target, such as `axum_trailers=debug`. Start-up errors are always logged.
    #[arg(long, value_name = "FILTER", env = "AXUM_TRAILERS_LOG")]
    pub(crate) log: Option<OrOff<Filter>>,

    /// Log format
    ///
    /// Each line is plain text or a JSON object.
    #[arg(
        long,
        value_name = "text|json",
        env = "AXUM_TRAILERS_LOG_FORMAT",
        default_value = "text",
        hide_possible_values = true
    )]
    pub(crate) log_format: LogFormat,

    /// Prometheus metrics address [default: off]
    ///
    /// Serves GET /metrics over plain HTTP. `localhost` alone means port 9090.
    #[arg(long, value_name = "ADDR|off", env = "AXUM_TRAILERS_METRICS")]
    pub(crate) metrics: Option<OrOff<Address>>,

    /// Serving threads [default: two per core]
    ///
    /// From 1 to 1024. The first connections share one thread per core, up to two on each. Later ones go to the least loaded
    /// thread.
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_THREADS", value_parser = |text: &str| Count::within(text, 1, 1024))]
    pub(crate) threads: Option<Count>,

    /// Drain time on SIGINT or SIGTERM
    ///
    /// Streams that are still open after this time are cut. A second signal cuts them at once.
    #[arg(long, value_name = "TIME", env = "AXUM_TRAILERS_SHUTDOWN_TIMEOUT",
          default_value_t = Server::DEFAULT_SHUTDOWN_TIMEOUT.into())]
    pub(crate) shutdown_timeout: Time,

    #[command(flatten)]
    pub(super) proxies: ProxyArgs,

    #[command(flatten)]
    pub(super) limits: LimitArgs,
}

const HALF_A_PAIR: &str = "\
--cert (AXUM_TRAILERS_CERT) and --key (AXUM_TRAILERS_KEY) need each other: set both or neither";

const NO_PROXY_PROTOCOL: &str = "\
--http3 on (AXUM_TRAILERS_HTTP3) and --proxy-protocol (AXUM_TRAILERS_PROXY_PROTOCOL) exclude each other: a proxy that sends \
the header passes on TCP connections only";

const NOBODY_IS_TRUSTED: &str = "\
--proxy-protocol (AXUM_TRAILERS_PROXY_PROTOCOL) and --forwarded-header (AXUM_TRAILERS_FORWARDED_HEADER) have no effect \
without --trust-proxy (AXUM_TRAILERS_TRUST_PROXY): name the proxies that may report a client's address";

impl ServeArgs {
    /// Checks what depends on several options.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.cert.is_some() != self.key.is_some() {
            return Err(HALF_A_PAIR);
        }
        if self.proxies.trust_proxy.is_empty() && self.proxies.need_trust() {
            return Err(NOBODY_IS_TRUSTED);
        }
        if self.http3 == Some(true) && self.proxy_protocol() {
            return Err(NO_PROXY_PROTOCOL);
        }
        Ok(())
    }

    pub(crate) fn trusted_proxies(&self) -> &[TrustedProxy] {
        &self.proxies.trust_proxy
    }

    pub(crate) fn forwarded_header(&self) -> ForwardedHeader {
        self.proxies.forwarded_header.unwrap_or_default()
    }

    pub(crate) fn proxy_protocol(&self) -> bool {
        self.proxies.proxy_protocol
    }

    /// Whether HTTP/3 is not on only by default.
    pub(crate) fn http3_is_asked(&self) -> bool {
        self.http3 == Some(true)
    }

    pub(crate) fn http3(&self) -> bool {
        self.http3.unwrap_or(!self.proxy_protocol())
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits.limits()
    }

    pub(crate) fn bounds(&self) -> Bounds {
        self.limits.bounds()
    }
}
