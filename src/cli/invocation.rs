//! The command, and which of its verbs to run.

use super::generate::GenerateArgs;
#[cfg(feature = "client")]
use super::{check::CheckArgs, get::GetArgs, put::PutArgs, send::SendArgs};
#[cfg(feature = "serve")]
use super::{
    environment,
    serve::{self, ServeArgs},
};
use clap::{
    ArgMatches, Command, CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{Error, ErrorKind},
};
use std::{
    env,
    ffi::{OsStr, OsString},
};

/// The name of the program.
pub(crate) const NAME: &str = "axum-trailers";

/// Verified HTTP transfers, and a workbench for HTTP trailers
///
/// `get` and `put` verify each transfer: by its trailers, its digest, and an end that has arrived. `send` makes any request.
/// `check` finds where a path with proxies loses trailers. `serve`, or no verb at all, runs the workbench: an HTTPS server whose responses end in trailers, to test clients and
/// proxies against over HTTP/2, HTTP/1.1 and HTTP/3. `GET /help` lists its routes; /ui shows them in a browser.
#[derive(Debug, Parser)]
#[command(name = NAME, version, subcommand_value_name = "VERB", subcommand_help_heading = "Verbs")]
#[cfg_attr(
    feature = "serve",
    command(args_conflicts_with_subcommands = true, after_help = serve::MORE, after_long_help = serve::EXAMPLES)
)]
#[cfg_attr(not(feature = "serve"), command(subcommand_required = true, arg_required_else_help = true))]
struct Root {
    #[command(subcommand)]
    verb: Option<Invocation>,

    #[cfg(feature = "serve")]
    #[command(flatten)]
    serve: ServeArgs,
}

/// A verb with its options.
#[derive(Debug, Subcommand)]
pub(crate) enum Invocation {
    /// Download, and verify what arrived
    ///
    /// Asks for trailers, for a digest and for no content coding, and computes the digest while it receives. A transfer that
    /// ends early is a failure, and so is one whose digest differs or whose announced digest is missing. A file is only
    /// replaced by a whole and right transfer.
    #[cfg(feature = "client")]
    Get(Box<GetArgs>),

    /// Upload a file with its digest as a trailer
    ///
    /// Reads the response while it sends, so an early refusal is shown. The upload fails if the server reports a failure, or
    /// a digest other than that of the file.
    #[cfg(feature = "client")]
    Put(Box<PutArgs>),

    /// Send any request, with trailers
    ///
    /// Writes the content of the response to standard output, and verifies it as `get` does.
    #[cfg(feature = "client")]
    Send(Box<SendArgs>),

    /// Find where a path loses trailers
    ///
    /// Sends requests through the proxies at a URL to the workbench behind them, over HTTP/2 and HTTP/1.1, with and without
    /// `TE: trailers`, and compares what each end has sent and received. Prints what is lost, in which direction, and the
    /// lines of configuration that fix it, if they are known.
    #[cfg(feature = "client")]
    Check(Box<CheckArgs>),

    /// Serve the workbench, as without a verb
    ///
    /// An HTTPS server whose responses end in trailers, over HTTP/2, HTTP/1.1 and HTTP/3. `GET /help` lists the routes; /ui shows
    /// them in a browser.
    #[cfg(feature = "serve")]
    #[command(after_help = serve::MORE, after_long_help = serve::EXAMPLES)]
    Serve(Box<ServeArgs>),

    /// Print completions for a shell, or a page of the manual
    #[command(hide = true)]
    Generate(GenerateArgs),
}

impl Invocation {
    /// Parses the command line and, for the server's options, the environment. If they are wrong, prints the error and
    /// exits.
    pub(crate) fn read() -> Self {
        let line: Vec<_> = env::args_os().collect();
        Self::try_read(&line, |name| env::var_os(name)).unwrap_or_else(|error| error.exit())
    }

    pub(super) fn try_read(
        line: &[OsString],
        value_of: impl Fn(&OsStr) -> Option<OsString>,
    ) -> Result<Self, Error> {
        let mut command = command();
        let matches = parse(&command, line, value_of)?;
        let invocation = Root::from_arg_matches(&matches)?.invocation();
        invocation.check().map_err(|message| {
            command.build();
            let verb = matches.subcommand_name().and_then(|name| command.find_subcommand_mut(name).cloned());
            verb.unwrap_or(command).error(ErrorKind::ValueValidation, message)
        })?;
        Ok(invocation)
    }

    /// Checks what depends on several options.
    fn check(&self) -> Result<(), String> {
        match self {
            #[cfg(feature = "client")]
            Self::Get(args) => args.check()?,
            #[cfg(feature = "client")]
            Self::Put(args) => args.check()?,
            #[cfg(feature = "client")]
            Self::Send(args) => args.check()?,
            #[cfg(feature = "client")]
            Self::Check(args) => args.check()?,
            #[cfg(feature = "serve")]
            Self::Serve(args) => args.check()?,
            Self::Generate(args) => args.check()?,
        }
        Ok(())
    }
}

impl Root {
    #[cfg(feature = "serve")]
    fn invocation(self) -> Invocation {
        self.verb.unwrap_or_else(|| Invocation::Serve(Box::new(self.serve)))
    }

    #[cfg(not(feature = "serve"))]
    fn invocation(self) -> Invocation {
        self.verb.expect("clap requires a verb")
    }
}

/// All verbs and options.
pub(crate) fn definition() -> Command {
    Root::command()
}

/// The definition with the help's details: options that have a heading are listed only by `--help`, and each verb has an
/// example.
pub(super) fn command() -> Command {
    let root = short(definition());
    let names: Vec<_> = root.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    names.iter().fold(root, |root, name| root.mut_subcommand(name, |verb| with_example(short(verb))))
}

fn short(command: Command) -> Command {
    command.mut_args(|option| {
        let has_heading = option.get_help_heading().is_some();
        option.hide_short_help(has_heading)
    })
}

const EXAMPLES: [(&str, &str); 5] = [
    ("get", "axum-trailers get -O https://example.com/a.iso"),
    ("put", "axum-trailers put a.iso https://example.com/files/a.iso"),
    ("send", "axum-trailers send -d hello --trailer 'x-a: 1' https://example.com/"),
    ("check", "axum-trailers check https://example.com/"),
    ("serve", "axum-trailers serve --port 3000"),
];

fn with_example(verb: Command) -> Command {
    let example = EXAMPLES.iter().find(|(name, _)| *name == verb.get_name());
    match (verb.get_about(), example) {
        (Some(about), Some((_, example))) => {
            let about = format!("{about}\n  {example}");
            verb.about(about)
        }
        _ => verb,
    }
}

#[cfg(feature = "serve")]
fn parse(
    command: &Command,
    line: &[OsString],
    value_of: impl Fn(&OsStr) -> Option<OsString>,
) -> Result<ArgMatches, Error> {
    environment::parse(command, line, value_of)
}

/// Only the server's options have variables.
#[cfg(not(feature = "serve"))]
fn parse(
    command: &Command,
    line: &[OsString],
    _value_of: impl Fn(&OsStr) -> Option<OsString>,
) -> Result<ArgMatches, Error> {
    command.clone().try_get_matches_from_mut(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{
        generate::VERBS,
        testing::{error, read},
    };
    use clap::error::ErrorKind;

    fn help(line: &[&str]) -> String {
        let error = read(&[], line).expect_err("help");
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::DisplayHelp, 0));
        error.to_string()
    }

    #[test]
    fn command_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn each_verb_that_is_not_hidden_has_an_example_and_a_page() {
        let root = definition();
        let names: Vec<_> =
            root.get_subcommands().filter(|verb| !verb.is_hide_set()).map(Command::get_name).collect();
        assert_eq!(names, VERBS);
        for verb in VERBS {
            let example = EXAMPLES.iter().find(|(name, _)| name == verb).expect("an example").1;
            assert!(example.starts_with(&format!("{NAME} {verb} ")), "{example}");
            assert!(help(&[verb, "-h"]).contains(example), "{verb}");
        }
    }

    #[test]
    fn help_shows_each_verb_with_an_example_before_the_options() {
        for line in [&["-h"][..], &["--help"], &["help"]] {
            let help = help(line);
            let verbs = help
                .split_once("\nVerbs:\n")
                .expect("verbs")
                .1
                .split_once("\nOptions:\n")
                .expect("options")
                .0;
            let lines: Vec<_> = verbs.lines().map(str::trim).collect();
            for verb in VERBS {
                let at = lines.iter().position(|line| line.starts_with(&format!("{verb} "))).expect(verb);
                assert!(lines[at + 1].starts_with(&format!("{NAME} {verb} ")), "{verbs}");
            }
            assert!(!verbs.contains("generate"), "{verbs}");
        }
    }

    #[test]
    fn help_of_a_verb_is_that_of_its_option() {
        for verb in VERBS {
            assert_eq!(help(&["help", verb]), help(&[verb, "--help"]));
            assert!(help(&[verb, "--help"]).len() > help(&[verb, "-h"]).len());
        }
    }

    /// Without the values of variables.
    fn without_variables(command: Command) -> Command {
        #[cfg(feature = "serve")]
        let command = environment::without_variables(command);
        command
    }

    /// The command without a verb, and each verb.
    fn all(width: usize) -> Vec<Command> {
        let mut root = without_variables(command()).term_width(width);
        root.build();
        let verbs: Vec<_> = VERBS.iter().filter_map(|verb| root.find_subcommand(verb).cloned()).collect();
        [root].into_iter().chain(verbs).collect()
    }

    #[test]
    fn short_help_is_a_line_for_each_option_without_a_heading() {
        for mut command in all(80) {
            let short = command.render_help().to_string();
            let options = short.split_once("Options:\n").expect("options").1;
            for option in command.get_arguments().filter(|option| !option.is_positional()) {
                let flag = format!("--{}", option.get_long().expect("a long name"));
                let is_of_it = |line: &&str| {
                    line.split_whitespace().any(|word| word.split('[').next() == Some(&flag))
                        && line.starts_with("  ")
                };
                let row = options.lines().find(is_of_it);
                assert_eq!(row.is_none(), option.is_hide_short_help_set(), "{flag}: {short}");
                // Otherwise the text is on the next line.
                assert!(row.is_none_or(|row| row.trim_start().split("  ").count() > 1), "{short}");
                assert!(option.get_help_heading().is_none() || row.is_none(), "{flag}");
            }
            let rows = options.lines().filter(|line| line.starts_with("  "));
            assert!(rows.clone().all(|row| row.trim_start().starts_with('-')), "{short}");
            assert!(short.lines().all(|line| line.chars().count() <= 80), "{short}");
            assert!(options.lines().count() <= 24, "{short}");
        }
    }

    #[test]
    fn long_help_has_every_option_in_100_columns() {
        for mut command in all(100) {
            let long = command.render_long_help().to_string();
            for option in command.get_arguments().filter_map(clap::Arg::get_long) {
                assert!(
                    long.contains(&format!("      --{option}")) || long.contains(&format!(", --{option}")),
                    "{option}"
                );
            }
            assert!(long.lines().all(|line| line.chars().count() <= 100), "{long}");
        }
    }

    #[cfg(not(feature = "serve"))]
    #[test]
    fn command_without_a_verb_is_a_usage_error_that_shows_the_help() {
        let error = read(&[], &[]).expect_err("no verb");
        assert_eq!(
            (error.kind(), error.exit_code()),
            (ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, 2)
        );
        assert!(error.use_stderr() && VERBS.iter().all(|verb| error.to_string().contains(verb)), "{error}");
    }

    #[test]
    fn word_that_is_no_verb_is_a_usage_error_that_names_it() {
        for line in [&["frobnicate"][..], &["frobnicate", "--port", "0"], &["frobnicate", "get"]] {
            let error = error(line);
            assert!(error.contains("'frobnicate'") && error.contains("VERB"), "{error}");
        }
        assert!(error(&["generate", "tcsh"]).contains("tcsh"));
        assert!(error(&["generate", "bash", VERBS[0]]).contains("completions are for all verbs"));
    }
}
