//! The options of `send`.

use super::{
    client_options::{ClientOptions, exit_codes},
    data::Data,
    field::TrailerLine,
    url::url,
    values::Size,
};
use axum_trailers::trailers::why_forbidden;
use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser},
};
use http::{Method, Uri};
use std::{slice, time::Duration};

/// Options of `send`.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = EXAMPLES)]
pub(crate) struct SendArgs {
    /// Where to send the request
    #[arg(value_name = "URL", value_parser = url)]
    pub(crate) url: Uri,

    /// Method [default: GET, or POST with content]
    ///
    /// POST also is the default with --trailer.
    #[arg(short = 'X', long, value_name = "METHOD", value_parser = method)]
    request: Option<Method>,

    /// Send this content, unchanged
    ///
    /// `@FILE` is the content of a file, `@-` that of standard input. No `Content-Type` is sent unless --header has one.
    #[arg(short, long, value_name = "TEXT|@FILE|@-", allow_hyphen_values = true,
          value_parser = OsStringValueParser::new().try_map(Data::parse))]
    pub(crate) data: Option<Data>,

    /// Send this field after the content
    ///
    /// `Name: value`, announced in `Trailer`. May be repeated.
    #[arg(long, value_name = "LINE", value_parser = TrailerLine::parse)]
    pub(crate) trailer: Vec<TrailerLine>,

    /// Do not announce the trailers in `Trailer`
    #[arg(long, requires = "trailer")]
    pub(crate) unannounced: bool,

    /// Also send fields that are forbidden in trailers
    ///
    /// To test a server. `Content-Length`, `Host`, `Authorization` and others are forbidden (RFC 9110, section 6.5.1).
    #[arg(long, requires = "trailer")]
    pub(crate) unchecked: bool,

    /// Send the content in chunks of this size
    ///
    /// Each is a frame of its own over HTTP/2 if the server's limits permit it.
    #[arg(long, value_name = "SIZE", requires = "data", value_parser = |text: &str| Size::within(text, 1, 1 << 30).map(Size::as_u32))]
    pub(crate) chunk: Option<u32>,

    /// Pause before each further chunk
    ///
    /// In milliseconds. The trailers also follow after a pause.
    #[arg(long, value_name = "MS", requires = "data", value_parser = milliseconds)]
    pub(crate) delay: Option<Duration>,

    #[command(flatten)]
    pub(crate) client: ClientOptions,
}

const MORE: &str = "Connections, details, examples and exit codes: see --help.";

const EXAMPLES: &str = concat!(
    "\
A TIME is a number of seconds, or has a unit: 500ms, 30s, 2m, 1h. A SIZE is a number of bytes, or
has a unit: 64KiB, 10MB. SSLKEYLOGFILE names a file for the keys of TLS connections.

Examples:
  axum-trailers send -v --trailer 'x-checksum: 42' -d hello https://localhost:3000/echo
      Send content and then a trailer, and show both trailer sections.
  axum-trailers send -X PUT -d @a.bin --chunk 64KiB --delay 100 https://localhost:3000/files/a
      Send a file in chunks, ten per second.
  axum-trailers send --trailer 'content-length: 1' --unchecked https://localhost:3000/echo
      Test how a server handles a forbidden trailer.

",
    exit_codes!()
);

fn method(text: &str) -> Result<Method, &'static str> {
    text.parse().map_err(|_invalid| "expected a method, such as GET, PUT or PATCH")
}

fn milliseconds(text: &str) -> Result<Duration, &'static str> {
    const LONGEST: Duration = Duration::from_secs(60 * 60);
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let delay = digits.and_then(|digits| digits.parse().ok()).map(Duration::from_millis);
    delay.filter(|delay| *delay <= LONGEST).ok_or("expected a number of milliseconds, up to 3600000")
}

impl SendArgs {
    pub(crate) fn method(&self) -> Method {
        let has_content = self.data.is_some() || !self.trailer.is_empty();
        let default = if has_content { Method::POST } else { Method::GET };
        self.request.clone().unwrap_or(default)
    }

    /// Checks what depends on several options.
    pub(super) fn check(&self) -> Result<(), String> {
        let reasons = self.trailer.iter().map(|line| (&line.name, why_forbidden(&line.name)));
        if let Some((name, Some(reason))) =
            reasons.filter(|_| !self.unchecked).find(|(_, reason)| reason.is_some())
        {
            return Err(format!(
                "`{name}` is forbidden in trailers ({reason}): use --header, or --unchecked to send it all the same"
            ));
        }
        if self.request.as_ref() == Some(&Method::CONNECT) {
            return Err("CONNECT is not a request that `send` can make: use --proxy for a tunnel".to_owned());
        }
        Ok(self.client.check(slice::from_ref(&self.url))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{
        file_or_dash::FileOrDash,
        testing::{error, send},
    };

    const URL: &str = "https://example.com/a";

    #[test]
    fn method_depends_on_the_content_unless_it_is_given() {
        for (line, expected) in [
            (&[][..], "GET"),
            (&["-d", ""], "POST"),
            (&["--trailer", "x-a: 1"], "POST"),
            (&["-X", "PUT", "-d", "a"], "PUT"),
            (&["-X", "DELETE"], "DELETE"),
            (&["--request=PURGE"], "PURGE"),
        ] {
            assert_eq!(send(&[&[URL], line].concat()).method(), expected, "{line:?}");
        }
        assert!(error(&["send", URL, "-X", "A B"]).contains("expected a method"));
        assert!(error(&["send", URL, "-X", "CONNECT"]).contains("CONNECT"));
    }

    #[test]
    fn forbidden_trailers_are_refused_with_the_reason_unless_unchecked() {
        for (name, reason) in
            [("Content-Length", "message framing"), ("Authorization", "authentication"), ("Host", "routing")]
        {
            let line = format!("{name}: 1");
            let error = error(&["send", URL, "--trailer", "x-a: 1", "--trailer", &line]);
            let name = name.to_lowercase();
            assert!([&*name, reason, "--unchecked"].iter().all(|part| error.contains(part)), "{error}");
            let args = send(&[URL, "--trailer", &line, "--unchecked"]);
            assert_eq!(args.trailer[0].name, *name);
        }
        for option in ["--unchecked", "--unannounced"] {
            assert!(error(&["send", URL, option]).contains("--trailer"), "{option}");
        }
    }

    #[test]
    fn content_may_begin_with_a_hyphen() {
        assert_eq!(send(&[URL, "-d", "-1"]).data, Some(Data::Bytes(b"-1".to_vec())));
        assert_eq!(send(&[URL, "-d", "@-"]).data, Some(Data::Of(FileOrDash::Dash)));
    }

    #[test]
    fn pace_is_a_size_and_milliseconds() {
        let args = send(&[URL, "-d", "a", "--chunk", "64KiB", "--delay", "100"]);
        assert_eq!((args.chunk, args.delay), (Some(65_536), Some(Duration::from_millis(100))));
        for option in [["--chunk", "1"], ["--delay", "1"]] {
            assert!(
                error(&["send", URL, "--trailer", "x-a: 1", option[0], option[1]]).contains("--data"),
                "{option:?}"
            );
        }
        for wrong in
            [["--chunk", "0"], ["--delay", "1s"], ["--delay", "+1"], ["--delay", ""], ["--delay", "3600001"]]
        {
            assert!(error(&["send", URL, "-d", "a", wrong[0], wrong[1]]).contains(wrong[0]), "{wrong:?}");
        }
    }
}
