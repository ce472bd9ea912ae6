//! The options of `check`.

#[cfg(feature = "serve")]
use super::serve_url::ServeUrl;
use super::{
    client_options::{AddressOptions, TlsOptions},
    url::url,
    values::Time,
};
use axum_trailers_client::check::{Check, Mode, Question};
use clap::Args;
use http::{Uri, uri::Scheme};
use std::path::PathBuf;

/// Options of `check`.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option without a value")]
pub(crate) struct CheckArgs {
    /// Where the path begins, and the hops behind it
    ///
    /// With several URLs, from the client's side to the origin's, each hop is checked, and the one at fault is named. Each
    /// URL is that of the workbench's `/`.
    #[arg(value_name = "URL", required = true, value_parser = url)]
    pub(crate) urls: Vec<Uri>,

    /// Serve the workbench here during the check
    ///
    /// The path must lead to it: without this option, a running workbench is expected there. `https://ADDR` serves with
    /// the demo certificate, `http://ADDR` without TLS, over HTTP/1.1 and HTTP/2 with prior knowledge (h2c). An ADDR is as
    /// in `serve --listen`, or `unix:/path` after `http://`. May be repeated.
    #[cfg(feature = "serve")]
    #[arg(long, value_name = "URL")]
    pub(crate) serve: Vec<ServeUrl>,

    /// Ask only these questions, such as trailers,te
    ///
    /// Separated by commas. The questions are listed below.
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = question)]
    pub(crate) only: Vec<Question>,

    /// Use only these modes: http2-te, http2, …
    ///
    /// Separated by commas: `http3-te`, `http3`, `http2-te`, `http2`, `http1-te`, `http1`. Those with `te` send `TE: trailers`.
    /// The default is all of them but those of HTTP/3.
    #[arg(long, value_name = "MODE", value_delimiter = ',')]
    mode: Vec<Mode>,

    /// Use HTTP/3 only
    ///
    /// The same as `--mode http3-te,http3`. It needs https:// URLs, and can't pass a proxy of --proxy.
    #[arg(long, conflicts_with = "mode")]
    http3: bool,

    /// Send content to other origins as well
    ///
    /// Requests with content are only sent if the workbench answers, because another origin may store it.
    #[arg(long)]
    pub(crate) allow_upload: bool,

    /// Print a JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,

    /// Write a report for CI systems (`JUnit`) to this file
    ///
    /// One test suite for each hop and mode, one test case for each question.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    /// Show what each end has sent and received
    #[arg(short, long)]
    pub(crate) verbose: bool,

    /// Maximum time of the check
    ///
    /// What is not answered by then is unknown.
    #[arg(short, long, value_name = "TIME", default_value_t = Check::DEFAULT_TIMEOUT.into())]
    pub(crate) max_time: Time,

    #[command(flatten)]
    pub(crate) addresses: AddressOptions,

    #[command(flatten)]
    pub(crate) tls: TlsOptions,
}

const MORE: &str = "Connections, questions, examples and exit codes: see --help.";

const EXAMPLES: &str = "\
Questions:
  te, protocol                                                       the request
  trailers, trailers-slow, timing, trailers-several, trailers-repeated, trailers-long,
  trailers-unannounced                                               trailers of responses
  streaming, length, coding, digest                                  content of responses
  failure, cut-reset, cut-close, cut-short                           responses that fail
  request-trailers, upload-cut, continue                             content of requests
  head, no-content, not-modified                                     responses without content
  grpc-ok, grpc-failure, grpc-trailers-only                          gRPC, not over HTTP/1.1

A TIME is a number of seconds, or has a unit: 500ms, 30s, 2m, 1h.

Examples:
  axum-trailers check --serve http://localhost:8080 https://proxy.example/
      Check a proxy that forwards to port 8080 of this machine.
  axum-trailers check https://edge.example/ https://inner.example/ https://origin.example:3000/
      Name the hop that loses trailers. A workbench runs at the last URL.
  axum-trailers check --only trailers,failure --mode http2 -v https://example.com/
      Ask two questions in one mode, and show what both ends have sent and received.
  axum-trailers check --junit check.xml https://example.com/
      Report to a CI system.

Exit codes:
   0  nothing is lost
   1  something is lost or changed
   2  wrong command line
   3  not reachable, or too few answers
  11  local trouble: a file, or an address of --serve";

fn question(id: &str) -> Result<Question, String> {
    id.parse().map_err(|_unknown| {
        let ids: Vec<_> = Question::ALL.iter().copied().map(Question::id).collect();
        format!("expected one or more of {}", ids.join(","))
    })
}

impl CheckArgs {
    /// The modes that the options ask for, or none.
    pub(crate) fn modes(&self) -> &[Mode] {
        if self.http3 { Mode::HTTP3 } else { &self.mode }
    }

    /// Checks what depends on several options.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let has_credentials =
            |url: &Uri| url.authority().is_some_and(|authority| authority.as_str().contains('@'));
        if self.urls.iter().any(has_credentials) {
            return Err("`check` sends no credentials: remove the user name from the URL");
        }
        if self.http3 && self.urls.iter().any(|url| url.scheme() == Some(&Scheme::HTTP)) {
            return Err("--http3 needs https:// URLs");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::{check, error};
    use std::time::Duration;

    const URL: &str = "https://example.com/";

    #[test]
    fn everything_is_asked_in_each_mode_unless_options_select() {
        let args = check(&[URL]);
        assert!(args.only.is_empty() && args.modes().is_empty());
        let args = check(&[URL, "--only", "trailers,cut-reset", "--only=te", "--mode=http1,http2-te"]);
        assert_eq!(args.only, [Question::Trailers, Question::CutReset, Question::Te]);
        assert_eq!(args.modes(), [Mode::Http1, Mode::Http2Te]);
        assert_eq!(check(&[URL, "--http3"]).modes(), [Mode::Http3Te, Mode::Http3]);
        let contradicting = error(&["check", URL, "--http3", "--mode", "http2"]);
        assert!(contradicting.contains("--http3") && contradicting.contains("--mode"), "{contradicting}");
        for (wrong, says) in [
            (["--only", "trailer"], "trailers-slow,"),
            (["--only", "te,"], "trailers-slow,"),
            (["--mode", "http4"], "expected http3-te"),
        ] {
            let error = error(&["check", URL, wrong[0], wrong[1]]);
            assert!(error.contains(wrong[0]) && error.contains(says), "{error}");
        }
    }

    #[test]
    fn urls_are_hops_in_their_order() {
        let args = check(&[URL, "http://inner.example:8080/a/"]);
        assert_eq!(args.urls, [URL, "http://inner.example:8080/a/"]);
        assert!(error(&["check"]).contains("<URL>..."));
        assert!(error(&["check", URL, "inner.example"]).contains("https://inner.example"));
        assert!(error(&["check", "https://me:secret@example.com/"]).contains("credentials"));
        assert!(
            error(&["check", URL, "http://a.example/", "--http3"]).contains("--http3 needs https:// URLs")
        );
    }

    #[test]
    fn time_is_bounded_and_uploads_are_off() {
        let args = check(&[URL]);
        assert_eq!((args.max_time.0, args.allow_upload), (Duration::from_secs(20), false));
        let args = check(&[URL, "-m", "5", "--allow-upload"]);
        assert_eq!((args.max_time.0, args.allow_upload), (Duration::from_secs(5), true));
    }

    #[test]
    fn addresses_and_tls_have_the_options_of_get() {
        let line = ["-k", "--resolve", "a:1:::1", "-x", "", "--noproxy", "*", "-E", "a.pem"];
        let args = check(&[&[URL], &line[..]].concat());
        assert!(args.tls.insecure && args.tls.cert.is_some() && args.addresses.proxy.is_some());
        assert_eq!((args.addresses.resolve.len(), args.addresses.noproxy.as_deref()), (1, Some("*")));
        for other in ["--http2", "--connect-timeout", "--speed-time", "-L"] {
            assert!(error(&["check", URL, other]).contains(other));
        }
    }

    #[test]
    fn help_lists_each_question() {
        let listed: Vec<_> = EXAMPLES
            .split_once("\n\n")
            .expect("a list")
            .0
            .split([' ', ',', '\n'])
            .filter(|word| question(word).is_ok())
            .collect();
        for &question in Question::ALL {
            assert!(listed.contains(&question.id()), "{question}");
        }
    }

    #[cfg(feature = "serve")]
    #[test]
    fn workbench_is_served_at_each_url() {
        let args = check(&[URL, "--serve", "http://localhost:8080", "--serve=https://localhost:3000"]);
        assert_eq!(args.serve.len(), 2);
        assert!(error(&["check", URL, "--serve", "localhost:8080"]).contains("--serve"));
    }
}
