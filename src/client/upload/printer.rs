use crate::client::output::{TerminalText, Trouble, standard_output};
use std::io::{self, ErrorKind, IsTerminal, Write};

/// Writes the content of a response to standard output, piece by piece.
pub(in crate::client) struct Printer {
    output: Option<io::Result<Box<dyn Write>>>,
    /// A terminal gets only text.
    guard: Option<TerminalText>,
}

/// What became of a piece.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client) enum Printed {
    Yes,
    /// It would change the state of the terminal.
    Harmful,
}

impl Printer {
    /// Prints nothing if it `is_silent`, because standard output is for something else.
    pub(in crate::client) fn new(is_silent: bool) -> Self {
        let guard = io::stdout().is_terminal().then(TerminalText::default);
        Self { output: (!is_silent).then(standard_output), guard }
    }

    pub(in crate::client) fn print(&mut self, data: &[u8]) -> Result<Printed, Trouble> {
        let output = match &mut self.output {
            None => return Ok(Printed::Yes),
            Some(Err(error)) => return Err(Trouble::Local(failed(error))),
            Some(Ok(output)) => output,
        };
        if let Some(guard) = &mut self.guard
            && !guard.accepts(data)
        {
            return Ok(Printed::Harmful);
        }
        match output.write_all(data) {
            Ok(()) => Ok(Printed::Yes),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Trouble::Closed),
            Err(error) => Err(Trouble::Local(failed(&error))),
        }
    }
}

fn failed(error: &io::Error) -> String {
    format!("can't write to standard output: {error}")
}
