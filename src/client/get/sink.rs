use std::io::{self, Write};

/// Where content goes.
pub(super) struct Sink(io::Stdout);

impl Sink {
    pub(super) fn standard_output() -> Self {
        Self(io::stdout())
    }

    pub(super) fn write(&mut self, data: &[u8]) -> Result<(), String> {
        self.0.lock().write_all(data).map_err(|error| format!("can't write to standard output: {error}"))
    }

    pub(super) fn end(&mut self) -> Result<(), String> {
        self.0.lock().flush().map_err(|error| format!("can't write to standard output: {error}"))
    }
}
