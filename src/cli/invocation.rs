//! The command, and which of its verbs to run.

#[cfg(feature = "serve")]
use super::{
    environment,
    serve::{self, ServeArgs},
};
#[cfg(feature = "client")]
use super::{get::GetArgs, put::PutArgs, send::SendArgs};
use clap::{
    ArgMatches, Command, CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{Error, ErrorKind},
};
use std::{
    env,
    ffi::{OsStr, OsString},
};

/// Verified HTTP transfers, and a workbench for HTTP trailers
///
/// `get` and `put` verify each transfer: by its trailers, its digest, and an end that has arrived. `send` makes any request.
/// `serve`, or no verb at all, runs the workbench: an HTTPS server whose responses end in trailers, to test clients and
/// proxies against over HTTP/2 and HTTP/1.1. `GET /help` lists its routes; /ui shows them in a browser.
#[derive(Debug, Parser)]
#[command(name = "axum-trailers", version, subcommand_value_name = "VERB", subcommand_help_heading = "Verbs")]
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
    #[cfg(feature = "client")]
    Get(Box<GetArgs>),

    /// Upload a file with its digest as a trailer
    #[cfg(feature = "client")]
    Put(Box<PutArgs>),

    /// Send any request, with trailers
    #[cfg(feature = "client")]
    Send(Box<SendArgs>),

    /// Serve the workbench, as without a verb
    #[cfg(feature = "serve")]
    #[command(after_help = serve::MORE, after_long_help = serve::EXAMPLES)]
    Serve(Box<ServeArgs>),
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
        let mut command = with_examples(command());
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
            #[cfg(feature = "serve")]
            Self::Serve(args) => args.check()?,
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

/// The command. Options that have a heading are listed only by `--help`.
pub(super) fn command() -> Command {
    let short = |command: Command| {
        command.mut_args(|option| {
            let has_heading = option.get_help_heading().is_some();
            option.hide_short_help(has_heading)
        })
    };
    let root = short(Root::command());
    let names: Vec<_> = root.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    names.iter().fold(root, |root, name| root.mut_subcommand(name, short))
}

/// An example of each verb, for the help.
const EXAMPLES: [(&str, &str); 4] = [
    ("get", "axum-trailers get -O https://example.com/a.iso"),
    ("put", "axum-trailers put a.iso https://example.com/files/a.iso"),
    ("send", "axum-trailers send -d hello --trailer 'x-a: 1' https://example.com/"),
    ("serve", "axum-trailers serve --port 3000"),
];

/// The same, with an example below what each verb does.
fn with_examples(command: Command) -> Command {
    let names: Vec<_> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    names.iter().fold(command, |command, name| {
        let example = EXAMPLES.iter().find(|(verb, _)| verb == name).map(|(_, example)| *example);
        command.mut_subcommand(name, |verb| match (verb.get_about().cloned(), example) {
            (Some(about), Some(example)) => verb.about(format!("{about}\n  {example}")),
            _ => verb,
        })
    })
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
