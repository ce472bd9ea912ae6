//! What the command line says.

use crate::log::{Filter, LogFormat};
use axum_trailers::{
    demo::Bounds,
    server::{Limits, Server},
};
use clap::Parser;
use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

/// A workbench for HTTP trailers: an HTTPS server whose routes end their responses with trailers, over HTTP/2 and
/// HTTP/1.1, for trying clients and proxies against.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Listen for HTTPS on this address; may be repeated. Port 0 takes a free one
    /// [default: port 3000 of both loopback addresses]
    #[arg(long, value_name = "ADDR", env = "AXUM_TRAILERS_LISTEN", value_delimiter = ',')]
    pub(crate) listen: Vec<Address>,

    /// Listen for plain HTTP on this address and redirect to HTTPS, or `off`
    /// [default: port 7878 of both loopback addresses]
    #[arg(long, value_name = "ADDR|off", env = "AXUM_TRAILERS_REDIRECT")]
    pub(crate) redirect: Option<Plain>,

    /// The certificate chain, as PEM, read anew on SIGHUP and when it changes [default: the demo certificate for localhost]
    #[arg(long, value_name = "FILE", env = "AXUM_TRAILERS_CERT", requires = "key")]
    pub(crate) cert: Option<PathBuf>,

    /// The certificate's private key, as PEM, read anew likewise [default: the demo key, which everyone has]
    #[arg(long, value_name = "FILE", env = "AXUM_TRAILERS_KEY", requires = "cert")]
    pub(crate) key: Option<PathBuf>,

    /// The folder whose files `/files/…` serves
    #[arg(long, value_name = "FOLDER", env = "AXUM_TRAILERS_DIR", default_value = ".")]
    pub(crate) dir: PathBuf,

    /// Let `PUT /files/…` write into that folder
    #[arg(long, env = "AXUM_TRAILERS_ALLOW_UPLOAD")]
    pub(crate) allow_upload: bool,

    /// The SQLite database whose rows `/export/…` gives, opened to be read only [default: a sample]
    #[arg(long, value_name = "FILE", env = "AXUM_TRAILERS_DATABASE")]
    pub(crate) database: Option<PathBuf>,

    /// What is logged to standard error, as `RUST_LOG` says it [default: `RUST_LOG`, else `info`]
    #[arg(long, value_name = "FILTER", env = "AXUM_TRAILERS_LOG")]
    pub(crate) log: Option<Filter>,

    /// How standard error is written: lines of text, or a JSON object on each
    #[arg(
        long,
        value_name = "text|json",
        env = "AXUM_TRAILERS_LOG_FORMAT",
        default_value = "text",
        hide_possible_values = true
    )]
    pub(crate) log_format: LogFormat,

    /// Tell on this address, over plain HTTP, what the server counts (`GET /metrics`, for Prometheus), or `off`
    /// [default: off]
    #[arg(long, value_name = "ADDR|off", env = "AXUM_TRAILERS_METRICS")]
    pub(crate) metrics: Option<Plain>,

    /// How many threads serve HTTPS, up to 1,024 [default: one for each core]
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_THREADS", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,

    /// How long running streams have to end after SIGINT or SIGTERM
    #[arg(long, value_name = "SECONDS", env = "AXUM_TRAILERS_SHUTDOWN_TIMEOUT",
          default_value_t = Server::DEFAULT_SHUTDOWN_TIMEOUT.into())]
    pub(crate) shutdown_timeout: Seconds,

    #[command(flatten)]
    limits: LimitArgs,
}

/// The heading of the limits in the help.
const LIMITS: &str = "Limits";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = LIMITS)]
struct LimitArgs {
    /// How long a TLS handshake may take
    #[arg(long, value_name = "SECONDS", env = "AXUM_TRAILERS_HANDSHAKE_TIMEOUT",
          default_value_t = Limits::default().handshake.into())]
    handshake_timeout: Seconds,

    /// How long the first bytes after the handshake may take
    #[arg(long, value_name = "SECONDS", env = "AXUM_TRAILERS_FIRST_BYTE_TIMEOUT",
          default_value_t = Limits::default().first_byte.into())]
    first_byte_timeout: Seconds,

    /// How long an HTTP/1.1 request's header section may take, with the pause before it
    #[arg(long, value_name = "SECONDS", env = "AXUM_TRAILERS_HEADER_TIMEOUT",
          default_value_t = Limits::default().request_headers.into())]
    header_timeout: Seconds,

    /// How long a connection without a request may be silent
    #[arg(long, value_name = "SECONDS", env = "AXUM_TRAILERS_IDLE_TIMEOUT",
          default_value_t = Limits::default().idle.into())]
    idle_timeout: Seconds,

    /// How long a request's body may give nothing while it is waited for
    #[arg(long, value_name = "SECONDS", env = "AXUM_TRAILERS_BODY_TIMEOUT",
          default_value_t = Limits::default().stalled_body.into())]
    body_timeout: Seconds,

    /// How many bytes per second of a request's body must come at least, over 30 s; 0 for as few as the client likes
    #[arg(long, value_name = "BYTES", env = "AXUM_TRAILERS_MIN_BODY_RATE",
          default_value_t = Limits::default().min_body_rate)]
    min_body_rate: u32,

    /// How long a client may take nothing of a response that waits for it
    #[arg(long, value_name = "SECONDS", env = "AXUM_TRAILERS_READER_TIMEOUT",
          default_value_t = Limits::default().stalled_reader.into())]
    reader_timeout: Seconds,

    /// How often an HTTP/2 client is asked for a sign of life; it has fifteen times as long
    #[arg(long, value_name = "SECONDS", env = "AXUM_TRAILERS_PING_INTERVAL",
          default_value_t = Limits::default().ping.into())]
    ping_interval: Seconds,

    /// How many connections may be open at once
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_CONNECTIONS",
          default_value_t = flag(Limits::default().connections),
          value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: u32,

    /// How many streams an HTTP/2 connection may have open at once
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_STREAMS", default_value_t = Limits::default().streams,
          value_parser = clap::value_parser!(u32).range(1..))]
    max_streams: u32,

    /// How large a request's header section may be, 8 KiB to 1 MiB
    #[arg(long, value_name = "BYTES", env = "AXUM_TRAILERS_MAX_HEADER_SIZE",
          default_value_t = Limits::default().header_section,
          value_parser = clap::value_parser!(u32).range(i64::from(Limits::MIN_HEADER_SECTION)..=i64::from(Limits::MAX_HEADER_SECTION)))]
    max_header_size: u32,

    /// How large a request's trailer section may be, up to 1 MiB
    #[arg(long, value_name = "BYTES", env = "AXUM_TRAILERS_MAX_TRAILER_SIZE",
          default_value_t = Limits::default().trailer_section,
          value_parser = clap::value_parser!(u32).range(0..=i64::from(Limits::MAX_TRAILER_SECTION)))]
    max_trailer_size: u32,

    /// How many fields a request's trailer section may have, up to 10,000
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_TRAILER_FIELDS",
          default_value_t = Limits::default().trailer_fields,
          value_parser = clap::value_parser!(u32).range(0..=i64::from(Limits::MAX_TRAILER_FIELDS)))]
    max_trailer_fields: u32,

    /// How many exports may run at once
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_EXPORTS",
          default_value_t = flag(Bounds::default().exports), value_parser = clap::value_parser!(u32).range(1..=256))]
    max_exports: u32,

    /// How many exports of one client (an IPv4 address or IPv6 /64) may run at once
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_EXPORTS_PER_CLIENT",
          default_value_t = flag(Bounds::default().exports_per_client),
          value_parser = clap::value_parser!(u32).range(1..=256))]
    max_exports_per_client: u32,

    /// How many rows an export may have
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_ROWS", default_value_t = Bounds::default().rows)]
    max_rows: u64,

    /// How long an export may take
    #[arg(long, value_name = "SECONDS", env = "AXUM_TRAILERS_MAX_EXPORT_TIME",
          default_value_t = Bounds::default().export_time.into())]
    max_export_time: Seconds,

    /// How large the body of `POST /echo` and `POST /inspect` may be
    #[arg(long, value_name = "BYTES", env = "AXUM_TRAILERS_MAX_BODY_SIZE",
          default_value_t = Bounds::default().body_size)]
    max_body_size: u64,

    /// How many uploads may run at once
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_UPLOADS",
          default_value_t = flag(Bounds::default().uploads), value_parser = clap::value_parser!(u32).range(1..))]
    max_uploads: u32,

    /// How many uploads of one client (an IPv4 address or IPv6 /64) may run at once
    #[arg(long, value_name = "N", env = "AXUM_TRAILERS_MAX_UPLOADS_PER_CLIENT",
          default_value_t = flag(Bounds::default().uploads_per_client),
          value_parser = clap::value_parser!(u32).range(1..))]
    max_uploads_per_client: u32,

    /// How large an upload may be
    #[arg(long, value_name = "BYTES", env = "AXUM_TRAILERS_MAX_UPLOAD_SIZE",
          default_value_t = Bounds::default().upload_size)]
    max_upload_size: u64,
}

/// A small bound as a flag's value.
fn flag(bound: usize) -> u32 {
    u32::try_from(bound).unwrap_or(u32::MAX)
}

const EXAMPLES: &str = "\
Each option can be given as its environment variable; the option itself comes first.

Examples:
  axum-trailers
      Serve https://localhost:3000, and redirect http://localhost:7878 to it.
  curl -v -k --no-buffer https://localhost:3000/
      See a body in two chunks and a trailer behind it.
  axum-trailers --listen 127.0.0.1:0 --redirect off --dir /srv/files
      Take a free port, print it, and serve the files of /srv/files under /files/.
  axum-trailers --database shop.db --dir /srv/files --allow-upload
      Export the rows of a database, and take uploads.
  axum-trailers --metrics 127.0.0.1:9090
      Tell Prometheus what the server counts, at http://127.0.0.1:9090/metrics.
  axum-trailers --listen 0.0.0.0:443 --cert chain.pem --key key.pem
      Serve other machines, with a certificate of your own.

Exit status: 0 after a shutdown, 1 when the server can't start or go on, 2 for a wrong command line.";

impl Args {
    pub(crate) fn limits(&self) -> Limits {
        let limits = &self.limits;
        Limits {
            handshake: limits.handshake_timeout.0,
            first_byte: limits.first_byte_timeout.0,
            request_headers: limits.header_timeout.0,
            idle: limits.idle_timeout.0,
            stalled_body: limits.body_timeout.0,
            min_body_rate: limits.min_body_rate,
            min_body_rate_period: Limits::default().min_body_rate_period,
            stalled_reader: limits.reader_timeout.0,
            ping: limits.ping_interval.0,
            connections: limits.max_connections as usize,
            streams: limits.max_streams,
            header_section: limits.max_header_size,
            trailer_section: limits.max_trailer_size,
            trailer_fields: limits.max_trailer_fields,
        }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        let limits = &self.limits;
        Bounds {
            exports: limits.max_exports as usize,
            exports_per_client: limits.max_exports_per_client as usize,
            rows: limits.max_rows,
            export_time: limits.max_export_time.0,
            body_size: limits.max_body_size,
            uploads: limits.max_uploads as usize,
            uploads_per_client: limits.max_uploads_per_client as usize,
            upload_size: limits.max_upload_size,
        }
    }
}

/// A host and a port.
#[derive(Clone, Debug)]
pub(crate) struct Address(pub(crate) String);

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                Ok(Self(text.to_owned()))
            }
            _ => Err("give a host and a port, such as 127.0.0.1:3000 or [::1]:3000"),
        }
    }
}

/// Where plain HTTP is listened for, if at all.
#[derive(Clone, Debug)]
pub(crate) enum Plain {
    Off,
    At(Address),
}

impl FromStr for Plain {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" { Ok(Self::Off) } else { text.parse().map(Self::At) }
    }
}

/// A span of time, given in seconds, with a fraction where wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seconds(pub(crate) Duration);

impl From<Duration> for Seconds {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_secs_f64().fmt(f)
    }
}

impl FromStr for Seconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let duration = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let range = Duration::from_millis(1)..=Duration::from_secs(365 * 24 * 60 * 60);
        duration
            .filter(|duration| range.contains(duration))
            .map(Self)
            .ok_or("give seconds, such as 30 or 0.5")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, CommandFactory};

    #[test]
    fn command_is_well_formed() {
        Args::command().debug_assert();
    }

    /// The table rows of a document that begin with one of these options. Each option has one row, with its default in this
    /// column.
    fn rows_of<'d>(document: &'d str, options: &[&Arg], column: usize) -> Vec<&'d str> {
        let row_of = |option: &&Arg| {
            let flag = format!("| `--{}", option.get_long().expect("a long name"));
            let is_of_it =
                |line: &&str| line.strip_prefix(&flag).is_some_and(|rest| rest.starts_with([' ', '`']));
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
    fn readme_has_each_option_with_its_variable_and_default() {
        let command = Args::command();
        let options: Vec<_> = command.get_arguments().filter(|option| option.get_env().is_some()).collect();
        for (option, row) in options.iter().zip(rows_of(include_str!("../README.md"), &options, 2)) {
            let variable = option.get_env().and_then(|name| name.to_str()).expect("a variable");
            assert!(row.contains(&format!("`{variable}`")), "{row}");
        }
    }

    #[test]
    fn security_policy_has_each_limit_with_its_default() {
        let policy = include_str!("../SECURITY.md");
        let command = Args::command();
        let options: Vec<_> =
            command.get_arguments().filter(|option| option.get_help_heading() == Some(LIMITS)).collect();
        assert!(!options.is_empty());
        rows_of(policy, &options, 1);
        // `Debug` names the fields of a struct.
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
        let args = Args::parse_from(["axum-trailers"]);
        assert_eq!(args.limits(), Limits::default());
        assert_eq!(args.bounds(), Bounds::default());
        assert_eq!(args.shutdown_timeout.0, Server::DEFAULT_SHUTDOWN_TIMEOUT);
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        for wrong in [
            ["--listen", "3000"],
            ["--listen", ":3000"],
            ["--listen", "localhost:70000"],
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
            ["--log", "axum_trailers=loud"],
            ["--log-format", "yaml"],
            ["--cert", "alone.pem"],
        ] {
            let error = Args::try_parse_from(["axum-trailers"].into_iter().chain(wrong)).expect_err(wrong[1]);
            assert_eq!(error.exit_code(), 2, "{wrong:?}");
            assert!(error.to_string().contains(wrong[0]) || wrong[0] == "--cert", "{error}");
        }
    }

    #[test]
    fn listen_may_be_repeated_and_fractions_of_seconds_are_taken() {
        let args = Args::parse_from([
            "axum-trailers",
            "--listen",
            "127.0.0.1:1",
            "--listen",
            "[::1]:2",
            "--idle-timeout",
            "0.5",
        ]);
        assert_eq!(args.listen.len(), 2);
        assert_eq!(args.limits().idle, Duration::from_millis(500));
    }
}
