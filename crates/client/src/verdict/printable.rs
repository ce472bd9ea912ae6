use std::fmt::{self, Display, Write};

/// Displays a value in one line of text that is safe for a terminal: control characters, and characters that change the
/// direction of text, are escaped as in Rust (`\u{1b}`).
pub(crate) struct Printable<T>(pub(crate) T);

impl<T: Display> Display for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaped(f), "{}", self.0)
    }
}

struct Escaped<W>(W);

impl<W: Write> Write for Escaped<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(needs_escape) {
            match part.char_indices().next_back() {
                Some((at, last)) if needs_escape(last) => {
                    self.0.write_str(&part[..at])?;
                    write!(self.0, "{}", last.escape_default())?;
                }
                _ => self.0.write_str(part)?,
            }
        }
        Ok(())
    }
}

fn needs_escape(character: char) -> bool {
    let changes_direction = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let ends_line = matches!(character, '\u{2028}' | '\u{2029}');
    character.is_control() || changes_direction || ends_line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_other_text_is_not() {
        for (text, printed) in [
            ("", ""),
            ("disk full: 100 % \\ \"ä\" 漢字 🙂", "disk full: 100 % \\ \"ä\" 漢字 🙂"),
            ("\x1b[2J\x07a\r\nb\tc", "\\u{1b}[2J\\u{7}a\\r\\nb\\tc"),
            ("\u{7f}\u{9b}31m", "\\u{7f}\\u{9b}31m"),
            ("a\u{202e}txt.exe\u{2066}", "a\\u{202e}txt.exe\\u{2066}"),
            ("a\u{2028}", "a\\u{2028}"),
        ] {
            assert_eq!(Printable(text).to_string(), printed, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_loses_nothing_else(text: String) {
            let printed = Printable(&text).to_string();
            prop_assert!(!printed.contains(needs_escape));
            let kept: String = text.split(needs_escape).collect();
            prop_assert!(needs_no_escape(&text) || printed.len() > kept.len());
            prop_assert!(!needs_no_escape(&text) || printed == text);
        }
    }

    fn needs_no_escape(text: &str) -> bool {
        !text.contains(needs_escape)
    }
}
