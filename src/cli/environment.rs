//! Environment variables for the options.

use clap::{
    Arg, ArgMatches, Command,
    builder::Resettable,
    error::{ContextKind, ContextValue, Error, ErrorKind},
    parser::ValueSource,
};
use std::ffi::{OsStr, OsString};

/// The verb whose options have variables; so have those of the command without a verb, which are the same.
const SERVE: &str = "serve";

/// Parses the command line and the variables. An option on the command line overrides its own variable and the
/// variables of options that it conflicts with. An empty variable counts as unset. Other verbs than `serve` have no variables.
///
/// clap itself treats a variable like an option on the command line: such a conflict would be an error, and not every
/// error would name its variable.
///
/// # Errors
///
/// An error in a variable names the variable.
pub(super) fn parse(
    command: &Command,
    line: &[OsString],
    value_of: impl Fn(&OsStr) -> Option<OsString>,
) -> Result<ArgMatches, Error> {
    let mut parser = without_variables(command.clone());
    let given = parser.try_get_matches_from_mut(line)?;
    let (command, given, start) = match given.subcommand() {
        None => (command, &given, 1),
        Some((SERVE, options)) => {
            (command.find_subcommand(SERVE).expect("clap has found this verb"), options, 2)
        }
        Some(_other) => return Ok(given),
    };
    // The options of the verb follow it, and so do those that come from variables.
    let (start, options) = line.split_at(line.len().min(start));
    let is_given =
        |option: &Arg| given.value_source(option.get_id().as_str()) == Some(ValueSource::CommandLine);
    let is_overridden =
        |option: &Arg| is_given(option) || command.get_arg_conflicts_with(option).into_iter().any(is_given);
    let set: Vec<_> = command
        .get_arguments()
        .filter_map(|option| Variable::read(option, &value_of))
        .filter(|variable| !is_overridden(variable.option))
        .collect();
    for variable in &set {
        variable.check(&mut parser, start)?;
        variable
            .check_conflicts(command, &set)
            .map_err(|message| parser.error(ErrorKind::ArgumentConflict, message))?;
    }
    let variables = set.into_iter().map(|variable| variable.argument);
    parser.try_get_matches_from_mut(start.iter().cloned().chain(variables).chain(options.iter().cloned()))
}

/// The command without its variables, because the help would show their values.
pub(super) fn without_variables(command: Command) -> Command {
    let reset = |command: Command| command.mut_args(|option| option.env(Resettable::Reset));
    reset(command).mut_subcommand(SERVE, reset)
}

/// A variable that is set.
struct Variable<'a> {
    option: &'a Arg,
    name: &'a OsStr,
    /// The option and its value, as one argument.
    argument: OsString,
}

impl<'a> Variable<'a> {
    fn read(option: &'a Arg, value_of: impl Fn(&OsStr) -> Option<OsString>) -> Option<Self> {
        let name = option.get_env()?;
        let mut argument = OsString::from(format!("--{}=", option.get_long()?));
        argument.push(value_of(name).filter(|value| !value.is_empty())?);
        Some(Self { option, name, argument })
    }

    fn check(&self, parser: &mut Command, start: &[OsString]) -> Result<(), Error> {
        let line = start.iter().chain([&self.argument]);
        let Err(mut error) = parser.try_get_matches_from_mut(line) else {
            return Ok(());
        };
        let name = self.name.display();
        if error.kind() == ErrorKind::InvalidUtf8 {
            return Err(parser.error(error.kind(), format!("the value of {name} is not valid UTF-8")));
        }
        error.insert(ContextKind::InvalidArg, ContextValue::String(name.to_string()));
        Err(error)
    }

    fn check_conflicts(&self, command: &Command, set: &[Self]) -> Result<(), String> {
        let conflicts = command.get_arg_conflicts_with(self.option);
        let is_in_conflict =
            |other: &&Self| conflicts.iter().any(|option| option.get_id() == other.option.get_id());
        match set.iter().find(is_in_conflict) {
            Some(other) => Err(format!(
                "{} cannot be used with {}: unset one of them",
                self.name.display(),
                other.name.display()
            )),
            None => Ok(()),
        }
    }
}
