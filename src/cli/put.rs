//! The options of `put`.

use super::{
    client_options::{ClientOptions, exit_codes},
    file_or_dash::FileOrDash,
    url::url,
};
use clap::{
    Args, ValueEnum,
    builder::{OsStringValueParser, TypedValueParser},
};
use http::Uri;
use std::slice;

/// Options of `put`.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = EXAMPLES)]
pub(crate) struct PutArgs {
    /// The file to upload, or - for standard input
    #[arg(value_name = "FILE", value_parser = OsStringValueParser::new().try_map(FileOrDash::parse))]
    pub(crate) file: FileOrDash,

    /// Where to upload it
    #[arg(value_name = "URL", value_parser = url)]
    pub(crate) url: Uri,

    /// Where the digest is sent
    ///
    /// `trailer` sends it after the content, and computes it meanwhile. `header` sends it before the content, so the file is
    /// read twice. `none` sends no digest.
    #[arg(long, value_name = "WHERE", default_value = "trailer", hide_possible_values = true)]
    pub(crate) digest: DigestPlace,

    /// Wait for permission to send the content
    ///
    /// Sends `Expect: 100-continue`. Without an answer, the content follows after a second.
    #[arg(long)]
    pub(crate) expect_continue: bool,

    #[command(flatten)]
    pub(crate) client: ClientOptions,
}

/// Where the digest of an upload is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DigestPlace {
    Trailer,
    Header,
    None,
}

const MORE: &str = "Connections, details, examples and exit codes: see --help.";

const EXAMPLES: &str = concat!(
    "\
A TIME is a number of seconds, or has a unit: 500ms, 30s, 2m, 1h. SSLKEYLOGFILE names a file for the
keys of TLS connections.

Examples:
  axum-trailers put a.iso https://example.com/files/a.iso
      Upload with a digest in the trailer section.
  tar c folder | axum-trailers put - https://example.com/files/folder.tar
      Upload what another program writes.
  axum-trailers put --expect-continue -u me:secret a.iso https://example.com/files/a.iso
      Send the content only if the server accepts the request.

",
    exit_codes!()
);

impl PutArgs {
    /// Checks what depends on several options.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.digest == DigestPlace::Header && self.file == FileOrDash::Dash {
            return Err(
                "--digest header reads the content twice, and standard input can be read only once: \
                        use --digest trailer or a file",
            );
        }
        self.client.check(slice::from_ref(&self.url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::{error, put};

    const URL: &str = "https://example.com/a";

    #[test]
    fn digest_is_a_trailer_unless_the_option_says_otherwise() {
        for (line, expected) in [
            (&[][..], DigestPlace::Trailer),
            (&["--digest", "trailer"], DigestPlace::Trailer),
            (&["--digest", "header"], DigestPlace::Header),
            (&["--digest=none"], DigestPlace::None),
        ] {
            assert_eq!(put(&[&["a", URL], line].concat()).digest, expected, "{line:?}");
        }
        assert!(error(&["put", "a", URL, "--digest", "both"]).contains("--digest"));
    }

    #[test]
    fn standard_input_has_no_digest_in_front() {
        assert!(error(&["put", "-", URL, "--digest", "header"]).contains("standard input"));
        assert_eq!(put(&["-", URL, "--digest", "none"]).file, FileOrDash::Dash);
    }
}
