//! Lines on standard error and standard output. Unlike `eprintln!` and `println!`, these do not panic if nobody reads them.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Writes a line on standard error. Nobody is left to read about a failure.
pub(crate) fn error(line: impl Display) {
    let _failed = writeln!(io::stderr().lock(), "{line}");
}

/// Writes a line on standard output.
pub(crate) fn print(line: impl Display) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}
