//! Text from a server, made harmless for a terminal.

use std::fmt::{self, Write};

/// Writes bytes as text: what is not printable is escaped, except tabs, and line ends if they are `lines`.
pub(super) struct Escaped<'b> {
    bytes: &'b [u8],
    keeps_lines: bool,
}

/// The value of a field, or another text in one line.
pub(super) fn line(bytes: &[u8]) -> Escaped<'_> {
    Escaped { bytes, keeps_lines: false }
}

/// A document of several lines.
pub(super) fn text(bytes: &[u8]) -> Escaped<'_> {
    Escaped { bytes, keeps_lines: true }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '\n' if self.keeps_lines => f.write_char(character)?,
                    '\t' => f.write_char(character)?,
                    _ if is_harmful(character) => write!(f, "{}", character.escape_unicode())?,
                    _ => f.write_char(character)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Control characters, and those that change the direction of the text around them or are invisible.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_a_terminal_is_escaped() {
        for (bytes, expected) in [
            (&b"plain text"[..], "plain text"),
            ("ä 漢".as_bytes(), "ä 漢"),
            (b"\x1b[31mred\x07", "\\u{1b}[31mred\\u{7}"),
            (b"\xff\x9b1m", "\\xff\\x9b1m"),
            ("\u{9b}1m \u{202e}abc".as_bytes(), "\\u{9b}1m \\u{202e}abc"),
            (b"a\tb\r", "a\tb\\u{d}"),
        ] {
            assert_eq!(line(bytes).to_string(), expected);
        }
        assert_eq!(line(b"a\nb").to_string(), "a\\u{a}b");
        assert_eq!(text(b"a\nb\x1b").to_string(), "a\nb\\u{1b}");
    }
}
