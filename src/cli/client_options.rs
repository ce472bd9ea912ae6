//! Options that `get`, `put` and `send` share. `check` has those about addresses and TLS.

use super::{
    credentials::Credentials,
    field::{self, HeaderLine},
    file_or_dash::FileOrDash,
    proxy::ProxyChoice,
    resolve::Resolve,
    values::{Count, Time},
};
use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser},
};
use http::{HeaderValue, Uri, uri::Scheme};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ClientOptions {
    /// Send this header field
    ///
    /// `Name: value` replaces a field that the client sends by itself. `Name;` sends the field with an empty value, and
    /// `Name:` removes it. May be repeated; lines with the same name are sent in their order.
    #[arg(short = 'H', long, value_name = "LINE", value_parser = HeaderLine::parse)]
    pub(crate) header: Vec<HeaderLine>,

    /// User-Agent of the request
    ///
    /// The default is axum-trailers/VERSION. An empty value removes the field.
    #[arg(short = 'A', long, value_name = "NAME", value_parser = field::user_agent)]
    pub(crate) user_agent: Option<HeaderValue>,

    /// Authenticate with Basic
    ///
    /// Other users of this machine may see the command line while the program runs. After a redirect to another origin,
    /// the password is not sent.
    #[arg(short, long, value_name = "USER:PASSWORD")]
    pub(crate) user: Option<Credentials>,

    /// Follow redirects
    ///
    /// Never from https to http. Credentials are not sent to another origin, and a body only after 307 and 308.
    #[arg(short = 'L', long)]
    pub(crate) location: bool,

    /// Maximum number of redirects
    #[arg(long, value_name = "N", default_value = "50",
          value_parser = |text: &str| Count::within(text, 0, 1000).map(Count::as_usize))]
    pub(crate) max_redirs: usize,

    #[command(flatten)]
    pub(crate) report: ReportOptions,

    #[command(flatten)]
    pub(crate) connection: ConnectionOptions,

    #[command(flatten)]
    pub(crate) tls: TlsOptions,
}

/// What is reported about a transfer, and where.
#[derive(Debug, Args)]
pub(crate) struct ReportOptions {
    /// Write header and trailer section to a file
    ///
    /// `-` is standard output. A line marks where the trailer section begins.
    #[arg(short = 'D', long, value_name = "FILE|-", value_parser = OsStringValueParser::new().try_map(FileOrDash::parse))]
    pub(crate) dump_header: Option<FileOrDash>,

    /// Print a JSON object per transfer
    ///
    /// On standard output: URL, protocol, status, bytes, times, header fields, trailers, digests, verdict and exit code.
    #[arg(long)]
    pub(crate) json: bool,

    /// Show request and response on standard error
    ///
    /// Lines of the request begin with `>`, those of the response and its trailers with `<`, as those of curl. A line that begins
    /// with `*` says why --alt-svc falls back to TCP.
    #[arg(short, long)]
    pub(crate) verbose: bool,

    /// No progress bar, and no verdict on success
    ///
    /// --silent is the same.
    #[arg(short = 's', long, alias = "silent")]
    pub(crate) quiet: bool,
}

/// The help's heading of the options about connections.
const CONNECTION: &str = "Connection";

#[derive(Debug, Args)]
#[command(next_help_heading = CONNECTION)]
pub(crate) struct ConnectionOptions {
    #[command(flatten)]
    version: VersionOptions,

    #[command(flatten)]
    pub(crate) addresses: AddressOptions,

    /// Maximum time to connect, with TLS
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub(crate) connect_timeout: Time,

    /// Maximum time of a transfer [default: none]
    #[arg(short, long, value_name = "TIME")]
    pub(crate) max_time: Option<Time>,

    /// Cut a transfer without progress for this long
    ///
    /// The transfer counts as cut if no byte is received or sent for this long.
    #[arg(short = 'y', long, value_name = "TIME", default_value = "60s")]
    pub(crate) speed_time: Time,
}

/// Where connections lead to.
#[derive(Debug, Args)]
#[command(next_help_heading = CONNECTION)]
pub(crate) struct AddressOptions {
    /// Use these addresses for a host and port
    ///
    /// `HOST:PORT:ADDR`, or several addresses separated by commas. IPv6 addresses may be in brackets. May be repeated.
    #[arg(long, value_name = "HOST:PORT:ADDR")]
    pub(crate) resolve: Vec<Resolve>,

    /// Connect through this HTTP proxy
    ///
    /// `[http://][USER:PASSWORD@]HOST[:PORT]`; the port is 1080 by default. The proxy is asked to CONNECT, also for
    /// http:// URLs. The default is that of the variables `http_proxy` and `https_proxy`, else of `all_proxy`. All but
    /// `HTTP_PROXY` may be in upper case. An empty value means no proxy.
    #[arg(short = 'x', long, value_name = "URL")]
    pub(crate) proxy: Option<ProxyChoice>,

    /// Connect to these hosts without a proxy
    ///
    /// `localhost,.example.com,10.0.0.0/8`, or `*` for all. The default is that of the variable `no_proxy` or `NO_PROXY`.
    #[arg(long, value_name = "LIST")]
    pub(crate) noproxy: Option<String>,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option without a value")]
struct VersionOptions {
    /// Use HTTP/1.1 only
    #[arg(long = "http1.1", group = "version")]
    http1_1: bool,

    /// Use HTTP/2 only
    ///
    /// Fails if the server does not agree to it (ALPN). For http:// URLs, use --http2-prior-knowledge.
    #[arg(long, group = "version")]
    http2: bool,

    /// Use HTTP/2 only, also for http:// URLs
    ///
    /// Without TLS, the server must expect it. For https:// URLs, the option is the same as --http2.
    #[arg(long, group = "version")]
    http2_prior_knowledge: bool,

    /// Use HTTP/3 only
    ///
    /// Over QUIC, to the UDP port with the number in the URL. It needs an https:// URL, and can't pass a proxy.
    #[arg(long, group = "version")]
    http3: bool,

    /// Use HTTP/3 for later requests if the server offers it
    ///
    /// If a response names HTTP/3 in `Alt-Svc`, later requests to its origin use it: further URLs, redirects and retries. If
    /// there is no answer over QUIC, they use TCP. Ignored with --insecure and through a proxy.
    #[arg(long, conflicts_with = "version")]
    alt_svc: bool,
}

/// The help's heading of the options about TLS.
const TLS: &str = "TLS";

#[derive(Debug, Args)]
#[command(next_help_heading = TLS)]
pub(crate) struct TlsOptions {
    /// Trust only the certificate authorities in this PEM file
    ///
    /// The default are those of the system.
    #[arg(long, value_name = "FILE")]
    pub(crate) cacert: Option<PathBuf>,

    /// Do not verify the server's certificate
    ///
    /// Anyone on the path can then read and change the transfer.
    #[arg(short = 'k', long, conflicts_with = "cacert")]
    pub(crate) insecure: bool,

    /// Client certificate chain, PEM
    ///
    /// Without --key, the file also contains the private key.
    #[arg(short = 'E', long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,

    /// Private key of --cert, PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
}

impl ClientOptions {
    /// Checks what depends on several options, and on the scheme of the URLs.
    pub(super) fn check(&self, urls: &[Uri]) -> Result<(), &'static str> {
        if self.report.json && self.report.dump_header == Some(FileOrDash::Dash) {
            return Err("--json writes to standard output: use --dump-header with a file");
        }
        if self.connection.http_version() == HttpVersion::Http2
            && urls.iter().any(|url| url.scheme() == Some(&Scheme::HTTP))
        {
            return Err(
                "--http2 needs TLS, to agree on the protocol: use --http2-prior-knowledge for http:// URLs",
            );
        }
        if self.connection.http_version() == HttpVersion::Http3
            && urls.iter().any(|url| url.scheme() == Some(&Scheme::HTTP))
        {
            return Err("--http3 needs an https:// URL");
        }
        Ok(())
    }
}

/// The HTTP versions that a request may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HttpVersion {
    /// HTTP/2 where ALPN agrees to it, else HTTP/1.1.
    Any,
    Http1,
    /// Over TLS, if ALPN agrees to it.
    Http2,
    /// Over TLS as above, and without TLS.
    Http2PriorKnowledge,
    /// Over QUIC.
    Http3,
}

impl ConnectionOptions {
    /// Whether to follow `Alt-Svc`.
    pub(crate) fn follows_alt_svc(&self) -> bool {
        self.version.alt_svc
    }

    pub(crate) fn may_use_http3(&self) -> bool {
        self.follows_alt_svc() || self.http_version() == HttpVersion::Http3
    }

    pub(crate) fn http_version(&self) -> HttpVersion {
        match self.version {
            VersionOptions { http1_1: true, .. } => HttpVersion::Http1,
            VersionOptions { http2: true, .. } => HttpVersion::Http2,
            VersionOptions { http2_prior_knowledge: true, .. } => HttpVersion::Http2PriorKnowledge,
            VersionOptions { http3: true, .. } => HttpVersion::Http3,
            VersionOptions { .. } => HttpVersion::Any,
        }
    }
}

/// What the help of each of the client's verbs ends with.
macro_rules! exit_codes {
    () => {
        "\
Exit codes:
   0  as it should be
   2  wrong command line
   3  no connection, or timeout
   4  TLS failed
   5  the status is 4xx or 5xx
   6  the transfer was cut
   7  the digest differs
   8  nothing to verify with, though it is required
   9  an announced trailer is missing
  10  the sender reports a failure
  11  local file trouble: disk full, no permission"
    };
}
pub(super) use exit_codes;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::{error, get, put, send};

    const URL: &str = "https://example.com/a";

    #[test]
    fn options_have_the_names_of_curl() {
        type IsSet = fn(&ClientOptions) -> bool;
        let lines: [(&[&str], IsSet); 26] = [
            (&["-H", "X-A: 1"], |options| options.header.len() == 1),
            (&["--header", "a: 1", "--header=b;"], |options| options.header.len() == 2),
            (&["-A", "b/1"], |options| options.user_agent.as_ref().is_some_and(|agent| agent == "b/1")),
            (&["--user-agent", ""], |options| options.user_agent.as_ref().is_some_and(HeaderValue::is_empty)),
            (&["-u", "a:b"], |options| options.user.as_ref().is_some_and(|user| user.password == "b")),
            (&["-L"], |options| options.location),
            (&["--location", "--max-redirs", "3"], |options| options.max_redirs == 3),
            (&["-D", "-"], |options| options.report.dump_header == Some(FileOrDash::Dash)),
            (&["--dump-header", "a"], |options| {
                matches!(options.report.dump_header, Some(FileOrDash::File(_)))
            }),
            (&["-v"], |options| options.report.verbose),
            (&["-s"], |options| options.report.quiet),
            (&["--quiet"], |options| options.report.quiet),
            (&["--silent"], |options| options.report.quiet),
            (&["--http1.1"], |options| options.connection.http_version() == HttpVersion::Http1),
            (&["--http2"], |options| options.connection.http_version() == HttpVersion::Http2),
            (&["--http2-prior-knowledge"], |options| {
                options.connection.http_version() == HttpVersion::Http2PriorKnowledge
            }),
            (&["--alt-svc"], |options| options.connection.follows_alt_svc()),
            (&["--http3"], |options| options.connection.http_version() == HttpVersion::Http3),
            (&["--resolve", "a:1:::1", "--resolve", "b:1:::1"], |options| {
                options.connection.addresses.resolve.len() == 2
            }),
            (&["-x", ""], |options| options.connection.addresses.proxy == Some(ProxyChoice::Direct)),
            (&["--noproxy", "*"], |options| options.connection.addresses.noproxy.as_deref() == Some("*")),
            (&["--connect-timeout", "1.5"], |options| {
                options.connection.connect_timeout.0.as_millis() == 1500
            }),
            (&["-m", "10"], |options| options.connection.max_time.is_some_and(|time| time.0.as_secs() == 10)),
            (&["-y", "1"], |options| options.connection.speed_time.0.as_secs() == 1),
            (&["-k"], |options| options.tls.insecure),
            (&["-E", "a.pem", "--key", "b.pem", "--cacert", "c.pem"], |options| {
                options.tls.cert.is_some() && options.tls.key.is_some() && options.tls.cacert.is_some()
            }),
        ];
        for (line, is_set) in lines {
            let [options, of_put, of_send] = [
                get(&[&[URL], line].concat()).client,
                put(&[&["file", URL], line].concat()).client,
                send(&[&[URL], line].concat()).client,
            ];
            assert!(is_set(&options) && is_set(&of_put) && is_set(&of_send), "{line:?}: {options:?}");
            assert!(!is_set(&get(&[URL]).client), "{line:?} is the default");
        }
    }

    #[test]
    fn defaults_bound_redirects_and_times() {
        let ClientOptions { max_redirs, connection, .. } = get(&[URL]).client;
        assert_eq!((max_redirs, connection.http_version()), (50, HttpVersion::Any));
        assert_eq!((connection.connect_timeout.0.as_secs(), connection.speed_time.0.as_secs()), (300, 60));
        assert!(connection.max_time.is_none());
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        for wrong in [
            ["--header", "x-a"],
            ["--user", "a"],
            ["--max-redirs", "-1"],
            ["--max-redirs", "1001"],
            ["--dump-header", ""],
            ["--resolve", "a"],
            ["--proxy", "socks5://a"],
            ["--connect-timeout", "0"],
            ["--max-time", "soon"],
            ["--speed-time", "0"],
        ] {
            let error = error(&["get", URL, &wrong.join("=")]);
            assert!(error.contains(wrong[0]), "{error}");
        }
    }

    #[test]
    fn options_that_contradict_each_other_are_refused() {
        for (line, names) in [
            (&["--http1.1", "--http2"][..], ["--http1.1", "--http2"]),
            (&["--http2", "--http2-prior-knowledge"], ["--http2", "--http2-prior-knowledge"]),
            (&["--http1.1", "--http3"], ["--http1.1", "--http3"]),
            (&["--http2", "--http3"], ["--http2", "--http3"]),
            (&["--alt-svc", "--http2"], ["--alt-svc", "--http2"]),
            (&["--alt-svc", "--http3"], ["--alt-svc", "--http3"]),
            (&["--insecure", "--cacert", "a.pem"], ["--insecure", "--cacert"]),
            (&["--key", "a.pem"], ["--key", "--cert"]),
            (&["-O", "--json", "-D", "-"], ["--json", "--dump-header"]),
        ] {
            let error = error(&[&["get", URL], line].concat());
            assert!(names.iter().all(|name| error.contains(name)), "{error}");
        }
    }

    #[test]
    fn http2_without_tls_needs_prior_knowledge_and_http3_tls() {
        const PLAIN: &str = "http://example.com/a";
        for line in [&["get", URL, PLAIN][..], &["put", "file", PLAIN], &["send", PLAIN]] {
            assert!(error(&[line, &["--http2"]].concat()).contains("--http2-prior-knowledge"), "{line:?}");
        }
        for line in [&["get", URL, PLAIN][..], &["put", "file", PLAIN], &["send", PLAIN]] {
            assert!(
                error(&[line, &["--http3"]].concat()).contains("--http3 needs an https:// URL"),
                "{line:?}"
            );
        }
        send(&[PLAIN, "--http2-prior-knowledge"]);
        send(&[PLAIN, "--http1.1"]);
    }
}
