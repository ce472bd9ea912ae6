//! Content on its way to standard output: why it can't be written, and whether a terminal can show it.

mod standard;
mod terminal_text;
mod trouble;

pub(super) use self::{standard::standard_output, terminal_text::TerminalText, trouble::Trouble};
