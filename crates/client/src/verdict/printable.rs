use std::fmt::{self, Display, Write};

/// Displays a value in one line of text that is safe for a terminal: [harmful](is_harmful) characters are escaped as in Rust
/// (`\u{1b}`).
pub(crate) struct Printable<T>(pub(crate) T);

impl<T: Display> Display for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaped(f), "{}", self.0)
    }
}

struct Escaped<W>(W);

impl<W: Write> Write for Escaped<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(is_harmful) {
            match part.char_indices().next_back() {
                Some((at, last)) if is_harmful(last) => {
                    self.0.write_str(&part[..at])?;
                    write!(self.0, "{}", last.escape_default())?;
                }
                _ => self.0.write_str(part)?,
            }
        }
        Ok(())
    }
}

/// Whether a character changes what a terminal shows of the text around it, or is invisible: control characters, and those
/// that change the direction of text, end a line, or have no width.
#[must_use]
pub fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(character, '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
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
            ("pay\u{200b}pal\u{feff}\u{2060}", "pay\\u{200b}pal\\u{feff}\\u{2060}"),
        ] {
            assert_eq!(Printable(text).to_string(), printed, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_loses_nothing_else(text: String) {
            let printed = Printable(&text).to_string();
            prop_assert!(!printed.contains(is_harmful));
            let kept: String = text.split(is_harmful).collect();
            prop_assert!(is_harmless(&text) || printed.len() > kept.len());
            prop_assert!(!is_harmless(&text) || printed == text);
        }
    }

    fn is_harmless(text: &str) -> bool {
        !text.contains(is_harmful)
    }
}
