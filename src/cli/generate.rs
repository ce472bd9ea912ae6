//! The options of `generate`.

use clap::{Args, ValueEnum, builder::PossibleValuesParser};

/// The verbs that have a page.
pub(crate) const VERBS: &[&str] = &[
    #[cfg(feature = "client")]
    "get",
    #[cfg(feature = "client")]
    "put",
    #[cfg(feature = "client")]
    "send",
    #[cfg(feature = "client")]
    "check",
    #[cfg(feature = "serve")]
    "serve",
];

/// Options of `generate`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct GenerateArgs {
    /// The shell whose completions to print, or man for a page of the manual
    #[arg(value_name = "SHELL|man")]
    pub(crate) format: Format,

    /// The verb whose page to print [default: the page of all verbs]
    #[arg(value_name = "VERB", value_parser = PossibleValuesParser::new(VERBS))]
    pub(crate) verb: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Bash,
    Zsh,
    Fish,
    Elvish,
    #[value(name = "powershell")]
    PowerShell,
    Man,
}

const EXAMPLES: &str = "\
Examples:
  axum-trailers generate bash > /etc/bash_completion.d/axum-trailers
      Install completions for bash.
  axum-trailers generate zsh > ~/.zfunc/_axum-trailers
      Install completions for zsh, if ~/.zfunc is in $fpath.
  axum-trailers generate man > /usr/local/share/man/man1/axum-trailers.1
      Install the page axum-trailers(1).
  axum-trailers generate man get > /usr/local/share/man/man1/axum-trailers-get.1
      Install the page axum-trailers-get(1).";

impl GenerateArgs {
    /// Checks what depends on both arguments.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.verb.is_some() && self.format != Format::Man {
            return Err(
                "only pages of the manual are printed for a single verb: completions are for all verbs",
            );
        }
        Ok(())
    }
}
