//! Text from a server, made harmless for a terminal.

pub(super) use axum_trailers_client::is_harmful;
use std::fmt::{self, Write};

/// Writes bytes as text: what is not printable is escaped, except tabs, and line ends if they are `lines`.
pub(crate) struct Escaped<'b> {
    bytes: &'b [u8],
    keeps_lines: bool,
}

/// The value of a field, or another text in one line.
pub(crate) fn line(bytes: &[u8]) -> Escaped<'_> {
    Escaped { bytes, keeps_lines: false }
}

/// A text in one line, of which a terminal gets only so much.
pub(crate) fn short(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        None => line(text.as_bytes()).to_string(),
        Some((end, _)) => format!("{}… ({} bytes)", line(&text.as_bytes()[..end]), text.len()),
    }
}

/// In characters.
const SHORT: usize = 1000;

/// A JSON text. Outside of its strings, it contains nothing that is escaped.
pub(crate) fn json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_harmful(character) {
            // All of these are in the Basic Multilingual Plane.
            let _infallible = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
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

/// Control characters, and those that change the direction of the text behind them.
pub(super) fn changes_text(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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

    #[test]
    fn json_means_the_same_without_what_changes_a_terminal() {
        let value = serde_json::json!({"a": "\u{9b}1m \u{7f}\u{202e} \u{1b} ä", "b\u{feff}": 1});
        let escaped = json(&value.to_string());
        assert!(!escaped.contains(is_harmful), "{escaped}");
        assert!(escaped.contains("\\u009b1m \\u007f\\u202e \\u001b ä"), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).ok(), Some(value));
    }

    #[test]
    fn long_text_is_shortened() {
        assert_eq!(short(&"ä".repeat(SHORT)), "ä".repeat(SHORT));
        assert_eq!(
            short(&"ä".repeat(SHORT + 1)),
            format!("{}… ({} bytes)", "ä".repeat(SHORT), 2 * SHORT + 2)
        );
    }
}
