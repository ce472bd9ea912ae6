//! The command line's options.

mod environment;
mod values;

pub(crate) use values::{Address, Count, OrOff, PlainAddress};

use crate::log::{Filter, LogFormat};
use axum_trailers_server::{ForwardedHeader, Limits, Server, TrustedProxy};
use axum_trailers_workbench::Bounds;
use clap::{
    Command, CommandFactory, FromArgMatches, Parser,
    error::{Error, ErrorKind},
};
use std::{
    env,
    ffi::{OsStr, OsString},
    path::PathBuf,
};
use values::{Size, Time};

/// A workbench for HTTP trailers: an HTTPS server whose responses end in trailers.
///
/// Test clients and proxies against it over HTTP/2 and HTTP/1.1. `GET /help` lists the routes; /ui shows them in a browser.
#[derive(Debug, Parser)]
#[command(name = "axum-trailers", version, after_help = MORE, after_long_help = EXAMPLES)]
pub(crate) struct Args {
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
        value_parser = |text: &str| values::port(text).ok_or("expected a port from 0 to 65535")
    )]
    pub(crate) port: Option<u16>,

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
    proxies: ProxyArgs,

    #[command(flatten)]
    limits: LimitArgs,
}

/// The help's heading of the options about proxies.
const PROXIES: &str = "Behind a proxy";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = PROXIES)]
struct ProxyArgs {
    /// Trust this proxy's word on who the client is [default: none]
    ///
    /// An address (`192.0.2.1`, `::1`), a network (`10.0.0.0/8`, `fe80::/10`), or `unix` for the peers of Unix sockets.
    /// May be repeated. In `AXUM_TRAILERS_TRUST_PROXY`, separate them with commas, without spaces. The client is the
    /// rightmost address in the proxy's fields that is not a trusted proxy's.
    #[arg(long, value_name = "NET", env = "AXUM_TRAILERS_TRUST_PROXY", value_delimiter = ',')]
    trust_proxy: Vec<TrustedProxy>,

    /// Fields in which trusted proxies report the client [default: x-forwarded]
    ///
    /// `x-forwarded` is `X-Forwarded-For`, `forwarded` is `Forwarded` (RFC 7239). The other one is ignored.
    #[arg(
        long,
        value_name = "x-forwarded|forwarded",
        env = "AXUM_TRAILERS_FORWARDED_HEADER",
        value_parser = values::forwarded_header
    )]
    forwarded_header: Option<ForwardedHeader>,

    /// Require a PROXY header, version 1 or 2, from trusted proxies
    ///
    /// It comes before the TLS handshake, and within --handshake-timeout. A connection of a trusted proxy without one is
    /// closed. Headers of other peers are read and ignored. Without a value, the option means on.
    #[arg(
        long,
        value_name = "on|off",
        env = "AXUM_TRAILERS_PROXY_PROTOCOL",
        num_args = 0..=1,
        require_equals = true,
        default_value = "off",
        default_missing_value = "on",
        value_parser = values::switch,
        action = clap::ArgAction::Set
    )]
    proxy_protocol: bool,
}

/// The help's heading of the limits.
const LIMITS: &str = "Limits";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = LIMITS)]
struct LimitArgs {
    /// Timeout of the TLS handshake, and of a PROXY header
    #[arg(long, value_name = "TIME", env = "AXUM_TRAILERS_HANDSHAKE_TIMEOUT",
          default_value_t = Limits::default().handshake.into())]
    handshake_timeout: Time,

    /// Timeout of the first byte, after the handshake if there is one
    #[arg(long, value_name = "TIME", env = "AXUM_TRAILERS_FIRST_BYTE_TIMEOUT",
          default_value_t = Limits::default().first_byte.into())]
    first_byte_timeout: Time,

    /// Timeout of an HTTP/1.1 header section
    ///
    /// Includes the pause after the previous response.
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

    /// HTTP/2 PING interval
    ///
    /// A client that does not respond within 15 intervals is disconnected.
    #[arg(long, value_name = "TIME", env = "AXUM_TRAILERS_PING_INTERVAL",
          default_value_t = Limits::default().ping.into())]
    ping_interval: Time,

    /// Maximum number of open connections
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_CONNECTIONS",
          default_value_t = Limits::default().connections.into(),
          value_parser = |text: &str| Count::within(text, 1, u32::MAX))]
    max_connections: Count,

    /// Maximum number of open streams per HTTP/2 connection
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

const HALF_A_PAIR: &str = "\
--cert (AXUM_TRAILERS_CERT) and --key (AXUM_TRAILERS_KEY) need each other: set both or neither";

const NOBODY_IS_TRUSTED: &str = "\
--proxy-protocol (AXUM_TRAILERS_PROXY_PROTOCOL) and --forwarded-header (AXUM_TRAILERS_FORWARDED_HEADER) have no effect \
without --trust-proxy (AXUM_TRAILERS_TRUST_PROXY): name the proxies that may report a client's address";

const MORE: &str = "\
Each option has an environment variable: --dir is AXUM_TRAILERS_DIR.
Proxies, timeouts, limits, details and examples: see --help.";

const EXAMPLES: &str = "\
A TIME is a number of seconds, or has a unit: 500ms, 30s, 2m, 1h. A SIZE is a number of bytes, or
has a unit: 64KiB, 10MB, 1GiB. An N is a number such as 512, 10_000, 10k or 10M.

Each option has an environment variable: --max-rows is AXUM_TRAILERS_MAX_ROWS. The command line
overrides variables: --listen also overrides AXUM_TRAILERS_PORT, and --port AXUM_TRAILERS_LISTEN.
An empty variable is ignored.

A switch accepts on, true, yes, 1, off, none, false, no and 0. Other options that can be off also
accept none, false and no.

Examples:
  axum-trailers
      Serve https://localhost:3000, and redirect http://localhost:7878 to it.
  curl -v -k --no-buffer https://localhost:3000/
      Receive two chunks and then a trailer.
  axum-trailers --port 0 --redirect off --dir /srv/files
      Listen on a free port, print it, and serve the files of /srv/files at /files/.
  axum-trailers --database shop.db --dir /srv/files --allow-upload
      Export the rows of a database, and accept uploads.
  axum-trailers --metrics 9090
      Serve Prometheus metrics at http://localhost:9090/metrics.
  axum-trailers --listen :443 --cert chain.pem --key key.pem
      Listen on all addresses of this machine, with your own certificate.
  axum-trailers --trust-proxy 10.0.0.0/8 --proxy-protocol
      Take the client's address from the PROXY headers of proxies in this network.

Exit status: 0 after a shutdown, 1 if the server can't start or run, 2 for a usage error.";

/// The command. Options that have a heading are listed only by `--help`.
fn command() -> Command {
    Args::command().mut_args(|option| {
        let has_heading = option.get_help_heading().is_some();
        option.hide_short_help(has_heading)
    })
}

impl Args {
    /// Parses the command line and the environment. If they are wrong, prints the error and exits.
    pub(crate) fn read() -> Self {
        let line: Vec<_> = env::args_os().collect();
        Self::try_read(&line, |name| env::var_os(name)).unwrap_or_else(|error| error.exit())
    }

    fn try_read(line: &[OsString], value_of: impl Fn(&OsStr) -> Option<OsString>) -> Result<Self, Error> {
        let mut command = command();
        let args = Self::from_arg_matches(&environment::parse(&command, line, value_of)?)?;
        if args.cert.is_some() != args.key.is_some() {
            return Err(command.error(ErrorKind::MissingRequiredArgument, HALF_A_PAIR));
        }
        if args.proxies.trust_proxy.is_empty() && args.proxies.need_trust() {
            return Err(command.error(ErrorKind::MissingRequiredArgument, NOBODY_IS_TRUSTED));
        }
        Ok(args)
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

    pub(crate) fn limits(&self) -> Limits {
        let options = &self.limits;
        let mut limits = Limits::default();
        limits.handshake = options.handshake_timeout.0;
        limits.first_byte = options.first_byte_timeout.0;
        limits.request_headers = options.header_timeout.0;
        limits.idle = options.idle_timeout.0;
        limits.stalled_body = options.body_timeout.0;
        limits.min_body_rate = match options.min_body_rate {
            OrOff::Off => 0,
            OrOff::On(rate) => rate.as_u32(),
        };
        limits.stalled_reader = options.reader_timeout.0;
        limits.ping = options.ping_interval.0;
        limits.connections = options.max_connections.as_usize();
        limits.streams = options.max_streams.as_u32();
        limits.header_section = options.max_header_size.as_u32();
        limits.trailer_section = options.max_trailer_size.as_u32();
        limits.trailer_fields = options.max_trailer_fields.as_u32();
        limits
    }

    pub(crate) fn bounds(&self) -> Bounds {
        let options = &self.limits;
        let mut bounds = Bounds::default();
        bounds.exports = options.max_exports.as_usize();
        bounds.exports_per_client = options.max_exports_per_client.as_usize();
        bounds.rows = options.max_rows.0;
        bounds.export_time = options.max_export_time.0;
        bounds.body_size = options.max_body_size.0;
        bounds.uploads = options.max_uploads.as_usize();
        bounds.uploads_per_client = options.max_uploads_per_client.as_usize();
        bounds.upload_size = options.max_upload_size.0;
        bounds
    }
}

impl ProxyArgs {
    /// Whether an option is set that has no effect without a trusted proxy.
    fn need_trust(&self) -> bool {
        self.proxy_protocol || self.forwarded_header.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Arg;
    use std::time::Duration;

    #[test]
    fn command_is_well_formed() {
        command().debug_assert();
    }

    /// The table rows of a document that begin with one of these options. Each option must have one row, with its
    /// default in this column.
    fn rows_of<'d>(document: &'d str, options: &[&Arg], column: usize) -> Vec<&'d str> {
        let row_of = |option: &&Arg| {
            let flag = format!("| `--{}", option.get_long().expect("a long name"));
            let is_of_it =
                |line: &&str| line.strip_prefix(&flag).is_some_and(|rest| rest.starts_with([' ', '`', '[']));
            let row = document.lines().find(is_of_it).expect(&flag);
            let takes_value = option.get_action().takes_values();
            for default in option.get_default_values().iter().filter(|_| takes_value) {
                let cell = row.split(" | ").nth(column).expect("a default");
                assert_eq!(cell.trim_matches('`'), default.to_str().expect("text"), "{row}");
            }
            row
        };
        let rows: Vec<_> = options.iter().map(row_of).collect();
        assert_eq!(document.lines().filter(|line| line.starts_with("| `--")).count(), rows.len());
        rows
    }

    #[test]
    fn options_page_has_each_option_with_its_variable_and_default() {
        let command = command();
        let options: Vec<_> = command.get_arguments().filter(|option| option.get_env().is_some()).collect();
        for (option, row) in options.iter().zip(rows_of(include_str!("../../docs/options.md"), &options, 2)) {
            let variable = option.get_env().and_then(|name| name.to_str()).expect("a variable");
            assert!(row.contains(&format!("`{variable}`")), "{row}");
        }
    }

    #[test]
    fn security_policy_has_each_limit_with_its_default() {
        let policy = include_str!("../../SECURITY.md");
        let command = command();
        let options: Vec<_> =
            command.get_arguments().filter(|option| option.get_help_heading() == Some(LIMITS)).collect();
        assert!(!options.is_empty());
        rows_of(policy, &options, 1);
        // The output of `Debug` contains the names of the fields.
        for (of, fields) in
            [("Limits", format!("{:?}", Limits::default())), ("Bounds", format!("{:?}", Bounds::default()))]
        {
            for field in fields.split_whitespace().filter_map(|word| word.strip_suffix(':')) {
                assert!(policy.contains(&format!("`{of}::{field}`")), "{of}::{field}");
            }
        }
    }

    #[test]
    fn defaults_are_those_of_the_library() {
        let args = read(&[]).expect("valid");
        assert_eq!(args.limits(), Limits::default());
        assert_eq!(args.bounds(), Bounds::default());
        assert_eq!(args.shutdown_timeout.0, Server::DEFAULT_SHUTDOWN_TIMEOUT);
    }

    #[test]
    fn each_limit_is_set_by_its_option() {
        let command = command();
        let limits = command.get_arguments().filter(|option| option.get_help_heading() == Some(LIMITS));
        let default = (Limits::default(), Bounds::default());
        for option in limits {
            let flag = format!("--{}", option.get_long().expect("a long name"));
            let is_set = |value: &&str| {
                read(&[&flag, value]).is_ok_and(|args| (args.limits(), args.bounds()) != default)
            };
            assert!(["7", "7s", "9KiB"].iter().any(is_set), "{flag}");
        }
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        for wrong in [
            ["--listen", "localhost:70000"],
            ["--listen", "127.0.0.1"],
            ["--port", "70000"],
            ["--redirect", "on"],
            ["--idle-timeout", "0"],
            ["--idle-timeout", "soon"],
            ["--idle-timeout", "1e19"],
            ["--idle-timeout", "inf"],
            ["--max-header-size", "100"],
            ["--max-connections", "0"],
            ["--threads", "0"],
            ["--threads", "2000"],
            ["--max-exports", "0"],
            ["--max-uploads-per-client", "0"],
            ["--max-upload-size", "1G"],
            ["--max-trailer-size", "2MiB"],
            ["--min-body-rate", "slow"],
            ["--log", "nonsense"],
            ["--log", "axum_trailers=loud"],
            ["--log-format", "yaml"],
            ["--trust-proxy", "localhost"],
            ["--trust-proxy", "10.1.2.3/8"],
            ["--forwarded-header", "via"],
            ["--cert", "alone.pem"],
        ] {
            let error = read(&wrong).expect_err(wrong[1]);
            assert_eq!(error.exit_code(), 2, "{wrong:?}");
            assert!(error.to_string().contains(wrong[0]), "{error}");
        }
        for wrong in ["abc", "70000", "+80", ""] {
            let error = read(&["--port", wrong]).expect_err(wrong).to_string();
            assert!(error.contains("expected a port from 0 to 65535"), "{error}");
        }
    }

    fn read(line: &[&str]) -> Result<Args, Error> {
        read_with(&[], line)
    }

    fn read_with(variables: &[(&str, &str)], line: &[&str]) -> Result<Args, Error> {
        let line: Vec<_> = ["axum-trailers"].iter().chain(line).map(OsString::from).collect();
        let variable = |name: &OsStr| variables.iter().find(|variable| variable.0 == name);
        Args::try_read(&line, |name| variable(name).map(|variable| variable.1.into()))
    }

    #[test]
    fn short_help_is_a_line_for_each_option_without_a_heading() {
        let mut command = environment::without_variables(command()).term_width(80);
        let short = command.render_help().to_string();
        for option in command.get_arguments() {
            let flag = format!("--{}", option.get_long().expect("a long name"));
            let is_of_it = |line: &&str| {
                line.split_whitespace().any(|word| word.split('[').next() == Some(&flag))
                    && line.starts_with("  ")
            };
            let row = short.lines().find(is_of_it);
            assert_eq!(row.is_none(), option.get_help_heading().is_some(), "{flag}: {short}");
            // Otherwise the text is on the next line.
            assert!(row.is_none_or(|row| row.trim_start().split("  ").count() > 1), "{short}");
        }
        let rows = short.lines().filter(|line| line.starts_with("  "));
        assert!(rows.clone().all(|row| row.trim_start().starts_with('-')), "{short}");
        assert!(
            short.lines().all(|line| line.chars().count() <= 80) && short.lines().count() <= 24,
            "{short}"
        );
    }

    #[test]
    fn long_help_has_every_option_in_100_columns() {
        let mut command = environment::without_variables(command()).term_width(100);
        let long = command.render_long_help().to_string();
        for option in command.get_arguments().filter_map(Arg::get_long) {
            assert!(
                long.contains(&format!("      --{option}")) || long.contains(&format!(", --{option}")),
                "{option}"
            );
        }
        assert!(long.lines().all(|line| line.chars().count() <= 100), "{long}");
    }

    #[test]
    fn help_names_no_variable_s_value() {
        for flag in ["-h", "--help"] {
            let variable = [("AXUM_TRAILERS_DIR", "/a/variable's/value")];
            let help = read_with(&variable, &[flag]).expect_err("help").to_string();
            assert!(!help.contains("[env") && !help.contains(variable[0].1), "{help}");
        }
    }

    #[test]
    fn times_sizes_and_off_are_taken_in_each_form() {
        let line = ["--idle-timeout", "2m", "--max-upload-size", "10MB", "--max-header-size", "64KiB"];
        let args = read(&line).expect("valid");
        assert_eq!(args.limits().idle, Duration::from_secs(120));
        assert_eq!((args.bounds().upload_size, args.limits().header_section), (10_000_000, 65_536));
        assert_eq!(
            read(&["--max-rows", "10M", "--max-connections", "1k"]).expect("valid").bounds().rows,
            10_000_000
        );
        for off in ["off", "none", "false", "0"] {
            assert_eq!(read(&["--min-body-rate", off]).expect("valid").limits().min_body_rate, 0);
        }
        for off in ["off", "none", "False", "no"] {
            let args = read(&["--redirect", off, "--metrics", off, "--log", off]).expect("valid");
            assert!(matches!(args.log, Some(OrOff::Off)), "{off}");
            assert_eq!((args.redirect, args.metrics), (Some(OrOff::Off), Some(OrOff::Off)));
        }
    }

    #[test]
    fn uploads_are_switched_by_each_word_from_either_source() {
        const VARIABLE: &str = "AXUM_TRAILERS_ALLOW_UPLOAD";
        for (value, expected) in [
            ("on", true),
            ("true", true),
            ("True", true),
            ("yes", true),
            ("1", true),
            ("off", false),
            ("none", false),
            ("false", false),
            ("FALSE", false),
            ("no", false),
            ("0", false),
        ] {
            assert_eq!(read_with(&[(VARIABLE, value)], &[]).expect(value).allow_upload, expected, "{value}");
            let option = format!("--allow-upload={value}");
            assert_eq!(read(&[&option]).expect(value).allow_upload, expected, "{value}");
        }
        assert!(!read(&[]).expect("valid").allow_upload);
        assert!(read(&["--allow-upload"]).expect("valid").allow_upload);
        assert!(!read_with(&[(VARIABLE, "on")], &["--allow-upload=off"]).expect("valid").allow_upload);
        assert!(read_with(&[(VARIABLE, "maybe")], &[]).expect_err("wrong").to_string().contains(VARIABLE));
        for wrong in ["--allow-upload=maybe", "--allow-upload="] {
            assert!(read(&[wrong]).expect_err(wrong).to_string().contains("--allow-upload"));
        }
    }

    #[test]
    fn port_and_listen_exclude_each_other_and_the_command_line_comes_first() {
        const PORT: (&str, &str) = ("AXUM_TRAILERS_PORT", "1");
        const LISTEN: (&str, &str) = ("AXUM_TRAILERS_LISTEN", "2");
        let listen = |args: Args| (args.port, args.listen);
        let two = vec![Address::Loopback(Some(2))];
        for (variables, line, expected) in [
            (&[][..], &["--port", "0"][..], (Some(0), vec![])),
            (&[PORT], &[], (Some(1), vec![])),
            (&[PORT], &["--listen", "2"], (None, two.clone())),
            (&[LISTEN], &["--port", "1"], (Some(1), vec![])),
            (&[LISTEN, PORT], &["--port", "3"], (Some(3), vec![])),
            (&[LISTEN, PORT], &["--listen=2"], (None, two)),
            (
                &[("AXUM_TRAILERS_PORT", "nonsense")],
                &["--listen", "2"],
                (None, vec![Address::Loopback(Some(2))]),
            ),
        ] {
            let args =
                read_with(variables, line).unwrap_or_else(|error| panic!("{variables:?} {line:?}: {error}"));
            assert_eq!(listen(args), expected, "{variables:?} {line:?}");
        }
        for (variables, line, names) in [
            (&[][..], &["--port", "1", "--listen", "2"][..], ["--port", "--listen"]),
            (&[PORT, LISTEN], &[], [PORT.0, LISTEN.0]),
        ] {
            let error = read_with(variables, line).expect_err("both").to_string();
            assert!(names.iter().all(|name| error.contains(name)), "{error}");
        }
    }

    #[test]
    fn empty_variable_counts_as_not_set_and_an_empty_value_on_the_command_line_is_refused() {
        let defaults = format!("{:?}", read(&[]).expect("valid"));
        let command = command();
        for option in command.get_arguments().filter(|option| option.get_env().is_some()) {
            let variable = option.get_env().and_then(OsStr::to_str).expect("text");
            let args =
                read_with(&[(variable, "")], &[]).unwrap_or_else(|error| panic!("{variable}: {error}"));
            assert_eq!(format!("{args:?}"), defaults, "{variable}");
            let flag = format!("--{}", option.get_long().expect("a long name"));
            let error = read(&[&format!("{flag}=")]).expect_err(&flag).to_string();
            assert!(error.contains(&flag), "{error}");
        }
        let args =
            read_with(&[("AXUM_TRAILERS_PORT", ""), ("AXUM_TRAILERS_LISTEN", "2")], &[]).expect("valid");
        assert_eq!((args.port, args.listen), (None, vec![Address::Loopback(Some(2))]));
    }

    #[test]
    fn command_line_overrides_variables_even_if_they_are_wrong() {
        let wrong = [("AXUM_TRAILERS_MAX_ROWS", "many"), ("AXUM_TRAILERS_LISTEN", "nowhere")];
        let args = read_with(&wrong, &["--max-rows", "5", "--listen", "1"]).expect("valid");
        assert_eq!((args.bounds().rows, args.listen), (5, vec![Address::Loopback(Some(1))]));
        let args = read_with(&[("AXUM_TRAILERS_LISTEN", "1,:2")], &[]).expect("valid");
        assert_eq!(args.listen, [Address::Loopback(Some(1)), Address::Any(2)]);
    }

    #[test]
    fn certificate_and_key_come_in_pairs_from_either_source() {
        const CERT: (&str, &str) = ("AXUM_TRAILERS_CERT", "x.pem");
        const KEY: (&str, &str) = ("AXUM_TRAILERS_KEY", "y.pem");
        for (variables, line) in
            [(&[CERT, KEY][..], &[][..]), (&[KEY], &["--cert", "x.pem"]), (&[CERT], &["--key", "y.pem"])]
        {
            let args = read_with(variables, line).expect("valid");
            assert_eq!((args.cert, args.key), (Some("x.pem".into()), Some("y.pem".into())));
        }
        for (variables, line) in
            [(&[CERT][..], &[][..]), (&[KEY], &[]), (&[], &["--cert", "x.pem"]), (&[], &["--key", "y.pem"])]
        {
            let error = read_with(variables, line).expect_err("half a pair").to_string();
            assert!(["--cert", CERT.0, "--key", KEY.0].iter().all(|name| error.contains(name)), "{error}");
        }
    }

    #[test]
    fn proxies_are_trusted_from_either_source() {
        let texts = |args: &Args| args.trusted_proxies().iter().map(ToString::to_string).collect::<Vec<_>>();
        let args = read(&["--trust-proxy", "10.0.0.0/8", "--trust-proxy", "unix"]).expect("valid");
        assert_eq!(texts(&args), ["10.0.0.0/8", "unix"]);
        assert_eq!((args.forwarded_header(), args.proxy_protocol()), (ForwardedHeader::XForwarded, false));
        let variables = [
            ("AXUM_TRAILERS_TRUST_PROXY", "::1,192.0.2.1"),
            ("AXUM_TRAILERS_FORWARDED_HEADER", "forwarded"),
            ("AXUM_TRAILERS_PROXY_PROTOCOL", "on"),
        ];
        let args = read_with(&variables, &[]).expect("valid");
        assert_eq!(texts(&args), ["::1", "192.0.2.1"]);
        assert_eq!((args.forwarded_header(), args.proxy_protocol()), (ForwardedHeader::Forwarded, true));
        let args = read_with(&variables, &["--proxy-protocol=off"]).expect("valid");
        assert!(!args.proxy_protocol());
        let wrong =
            read_with(&[("AXUM_TRAILERS_TRUST_PROXY", "::1,nobody")], &[]).expect_err("wrong").to_string();
        assert!(wrong.contains("AXUM_TRAILERS_TRUST_PROXY") && wrong.contains("nobody"), "{wrong}");
    }

    #[test]
    fn options_about_proxies_need_one_that_is_trusted() {
        for (variables, line) in [
            (&[][..], &["--proxy-protocol"][..]),
            (&[], &["--forwarded-header", "x-forwarded"]),
            (&[("AXUM_TRAILERS_PROXY_PROTOCOL", "on")], &[]),
            (&[("AXUM_TRAILERS_FORWARDED_HEADER", "forwarded")], &[]),
        ] {
            let error = read_with(variables, line).expect_err("nobody is trusted");
            assert_eq!(error.exit_code(), 2);
            let names =
                ["--proxy-protocol", "--forwarded-header", "--trust-proxy", "AXUM_TRAILERS_TRUST_PROXY"];
            assert!(names.iter().all(|name| error.to_string().contains(name)), "{error}");
        }
        assert!(read(&["--proxy-protocol=off"]).is_ok());
    }

    #[test]
    fn listen_may_be_repeated_and_fractions_of_seconds_are_taken() {
        let args = read(&["--listen", "127.0.0.1:1", "--listen", "[::1]:2", "--idle-timeout", "0.5"])
            .expect("valid");
        assert_eq!(args.listen.len(), 2);
        assert_eq!(args.limits().idle, Duration::from_millis(500));
    }
}
