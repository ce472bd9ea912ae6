//! The options of `get`.

use super::{
    client_options::{ClientOptions, exit_codes},
    file_or_dash::FileOrDash,
    hex,
    url::url,
    values::Count,
};
use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser},
};
use http::Uri;

/// Options of `get`.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = EXAMPLES)]
pub(crate) struct GetArgs {
    /// What to download
    ///
    /// Several URLs are downloaded one after the other, those of one origin over one connection.
    #[arg(value_name = "URL", required = true, value_parser = url)]
    pub(crate) urls: Vec<Uri>,

    /// Write the content to this file
    ///
    /// The content is written to FILE.part, which replaces FILE if the transfer is whole and right. `-` is standard output,
    /// which is also the default. Binary data is only written to a terminal with `-o -`.
    #[arg(short, long, value_name = "FILE|-", conflicts_with = "remote_name",
          value_parser = OsStringValueParser::new().try_map(FileOrDash::parse))]
    pub(crate) output: Option<FileOrDash>,

    /// Write each URL to a file with its last name
    ///
    /// `https://example.com/folder/a.iso` is written to `a.iso` in the working directory, as with --output.
    #[arg(short = 'O', long)]
    pub(crate) remote_name: bool,

    #[command(flatten)]
    pub(crate) resume: ResumeOptions,

    /// Compare the content with this SHA-256 digest
    #[arg(long, value_name = "HEX", value_parser = hex::digest::<32>)]
    pub(crate) sha256: Option<[u8; 32]>,

    /// Compare the content with this SHA-512 digest
    #[arg(long, value_name = "HEX", value_parser = hex::digest::<64>)]
    pub(crate) sha512: Option<[u8; 64]>,

    /// Fail if there is nothing to verify with
    ///
    /// The exit code is then 8. Without this option, a complete transfer without any digest is a success.
    #[arg(long)]
    pub(crate) require_digest: bool,

    /// Fail if any announced trailer is missing
    ///
    /// The exit code is then 9. Without this option, only a missing digest or trailer section is a failure.
    #[arg(long)]
    pub(crate) require_trailers: bool,

    #[command(flatten)]
    pub(crate) client: ClientOptions,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeOptions {
    /// Resume: request what FILE.part lacks
    ///
    /// Starts over if the content has changed since. Then the whole file is verified, or each part if the server only has
    /// digests of parts. `-C -` is the same.
    #[arg(long = "continue")]
    resume: bool,

    /// Resume, as --continue
    ///
    /// The only value is `-`, because the offset is the size of FILE.part.
    #[arg(short = 'C', long, value_name = "-", hide_short_help = true, value_parser = offset)]
    continue_at: Option<()>,

    /// Retry a cut transfer, at most N times
    ///
    /// Also after a timeout, and the status 408, 429, 500, 502, 503 or 504. The pauses grow from 1 s to 60 s, or are those of
    /// `Retry-After`. A file is resumed.
    #[arg(long, value_name = "N", default_value = "0", value_parser = |text: &str| Count::within(text, 0, 1000).map(Count::as_u32))]
    pub(crate) retry: u32,
}

impl ResumeOptions {
    /// Whether a `.part` file is continued.
    pub(crate) fn resumes(&self) -> bool {
        self.resume || self.continue_at.is_some()
    }
}

const MORE: &str = "Connections, details, examples and exit codes: see --help.";

const EXAMPLES: &str = concat!(
    "\
A TIME is a number of seconds, or has a unit: 500ms, 30s, 2m, 1h. SSLKEYLOGFILE names a file for the
keys of TLS connections. All URLs are tried, and the first failure decides the exit code.

Examples:
  axum-trailers get -O https://example.com/a.iso
      Download to a.iso, and verify.
  axum-trailers get -O --continue --retry 5 https://example.com/a.iso
      Resume a.iso.part, and again after each cut.
  axum-trailers get https://example.com/a.tar | tar x
      Stream to another program. Check the exit code: set -o pipefail.
  axum-trailers get -v -k https://localhost:3000/
      Show request, response and trailers of a server with a demo certificate.

",
    exit_codes!()
);

fn offset(text: &str) -> Result<(), &'static str> {
    if text == "-" { Ok(()) } else { Err("expected -: the offset is the size of the .part file") }
}

impl GetArgs {
    fn writes_file(&self) -> bool {
        self.remote_name || matches!(self.output, Some(FileOrDash::File(_)))
    }

    /// Checks what depends on several options.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let has_many = self.urls.len() > 1;
        if self.resume.resumes() && !self.writes_file() {
            return Err("--continue needs a file: use it with --output FILE or --remote-name");
        }
        if has_many && matches!(self.output, Some(FileOrDash::File(_))) {
            return Err("--output FILE takes the content of one URL: use --remote-name for several");
        }
        if has_many && (self.sha256.is_some() || self.sha512.is_some()) {
            return Err("--sha256 and --sha512 are digests of one URL: use one command per URL");
        }
        if self.client.report.json && !self.writes_file() {
            return Err(
                "--json writes to standard output: use --output FILE or --remote-name for the content",
            );
        }
        self.client.check(&self.urls)
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::testing::{error, get};

    const URL: &str = "https://example.com/a";

    #[test]
    fn continue_is_also_curl_s_option() {
        for line in
            [&["--continue"][..], &["-C", "-"], &["-C-"], &["--continue-at", "-"], &["--continue-at=-"]]
        {
            assert!(get(&[&["-O", URL], line].concat()).resume.resumes(), "{line:?}");
        }
        assert!(!get(&["-O", URL]).resume.resumes());
        assert!(error(&["get", "-O", URL, "-C", "100"]).contains("expected -"));
    }

    #[test]
    fn several_urls_share_no_file_and_no_digest() {
        let hex = "0".repeat(64);
        let long = "0".repeat(128);
        for (line, names) in
            [(["-o", "a"], "--output"), (["--sha256", &hex], "--sha256"), (["--sha512", &long], "--sha512")]
        {
            assert!(error(&["get", URL, URL, line[0], line[1]]).contains(names), "{line:?}");
            get(&[URL, line[0], line[1]]);
        }
        assert_eq!(get(&[URL, URL, "-O"]).urls.len(), 2);
        get(&[URL, URL, "-o", "-"]);
    }

    #[test]
    fn resuming_and_json_need_a_file() {
        for option in ["--continue", "--json"] {
            for line in [&[option][..], &[option, "-o", "-"]] {
                let error = error(&[&["get", URL], line].concat());
                assert!(error.contains(option) && error.contains("--remote-name"), "{error}");
            }
            get(&[URL, option, "-o", "a"]);
            get(&[URL, option, "-O"]);
        }
    }

    #[test]
    fn digests_have_the_length_of_their_algorithm() {
        for option in ["--sha256", "--sha512"] {
            for wrong in ["0", "sha-256=:abc:"] {
                let error = error(&["get", URL, option, wrong]);
                assert!(error.contains(&option[2..]) && error.contains("hexadecimal digits"), "{error}");
            }
        }
        assert!(error(&["get", URL, "--sha256", &"0".repeat(128)]).contains("expected 64"));
    }

    #[test]
    fn get_needs_a_url_and_one_place_for_its_content() {
        assert!(error(&["get"]).contains("<URL>"));
        assert!(error(&["get", "example.com"]).contains("https://example.com"));
        let error = error(&["get", URL, "-O", "-o", "a"]);
        assert!(error.contains("--remote-name") && error.contains("--output"), "{error}");
    }
}
