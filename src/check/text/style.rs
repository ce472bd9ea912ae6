use axum_trailers_client::check::Outcome;
use std::{
    env,
    io::{self, IsTerminal},
};

/// Whether text has colours.
#[derive(Clone, Copy, Debug)]
pub(in crate::check) struct Style {
    has_colours: bool,
}

impl Style {
    #[cfg(test)]
    pub(super) const PLAIN: Self = Self { has_colours: false };

    /// Colours for a terminal, unless [`NO_COLOR`](https://no-color.org/) is set.
    pub(in crate::check) fn of_standard_output() -> Self {
        let is_refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { has_colours: io::stdout().is_terminal() && !is_refused }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// The mark of an outcome.
    pub(super) fn mark(self, outcome: Outcome) -> String {
        match outcome {
            Outcome::Pass => self.paint("32", "✓"),
            Outcome::Fail => self.paint("31", "✗"),
            _ => self.paint("2", "–"),
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.has_colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_gets_colours() {
        let colours = Style { has_colours: true };
        assert_eq!(colours.mark(Outcome::Fail), "\x1b[31m✗\x1b[0m");
        assert_eq!(colours.bold("a"), "\x1b[1ma\x1b[0m");
        let marks =
            [Outcome::Pass, Outcome::Fail, Outcome::Unknown].map(|outcome| Style::PLAIN.mark(outcome));
        assert_eq!(marks, ["✓", "✗", "–"]);
    }
}
