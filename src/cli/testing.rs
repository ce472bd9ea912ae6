//! Parses command lines in tests.

use super::Invocation;
#[cfg(feature = "client")]
use super::{CheckArgs, GetArgs, PutArgs, SendArgs};
use std::ffi::{OsStr, OsString};

/// Parses a command line without the name of the program, with these variables.
pub(super) fn read(variables: &[(&str, &str)], line: &[&str]) -> Result<Invocation, clap::Error> {
    let line: Vec<_> = ["axum-trailers"].iter().chain(line).map(OsString::from).collect();
    let variable = |name: &OsStr| variables.iter().find(|variable| variable.0 == name);
    Invocation::try_read(&line, |name| variable(name).map(|variable| variable.1.into()))
}

/// The message of a command line that must be a usage error.
pub(super) fn error(line: &[&str]) -> String {
    let error = read(&[], line).expect_err("a usage error");
    assert_eq!(error.exit_code(), 2, "{error}");
    error.to_string()
}

#[cfg(feature = "client")]
pub(super) fn get(line: &[&str]) -> GetArgs {
    match read(&[], &[&["get"], line].concat()) {
        Ok(Invocation::Get(args)) => *args,
        other => panic!("{line:?}: {other:?}"),
    }
}

#[cfg(feature = "client")]
pub(super) fn put(line: &[&str]) -> PutArgs {
    match read(&[], &[&["put"], line].concat()) {
        Ok(Invocation::Put(args)) => *args,
        other => panic!("{line:?}: {other:?}"),
    }
}

#[cfg(feature = "client")]
pub(super) fn send(line: &[&str]) -> SendArgs {
    match read(&[], &[&["send"], line].concat()) {
        Ok(Invocation::Send(args)) => *args,
        other => panic!("{line:?}: {other:?}"),
    }
}

#[cfg(feature = "client")]
pub(crate) fn check(line: &[&str]) -> CheckArgs {
    match read(&[], &[&["check"], line].concat()) {
        Ok(Invocation::Check(args)) => *args,
        other => panic!("{line:?}: {other:?}"),
    }
}
