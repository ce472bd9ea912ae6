use std::{
    fmt::{self, Debug, Write},
    mem,
};
use tracing::field::{Field, Visit};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FormatFields, format::Writer},
};

/// Writes a message as it is, and fields as `name=value`, with quotes unless the value is a single word.
///
/// Much of it comes from clients. Characters that could start another line or affect a terminal are escaped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Logfmt;

impl<'w> FormatFields<'w> for Logfmt {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut line = Line { writer, is_first: true, outcome: Ok(()) };
        fields.record(&mut line);
        line.outcome
    }
}

struct Line<'w> {
    writer: Writer<'w>,
    is_first: bool,
    outcome: fmt::Result,
}

impl Line<'_> {
    fn field(&mut self, name: &str, value: &str) -> fmt::Result {
        // The line already shows these fields of the crate `log` in front.
        if name.starts_with("log.") {
            return Ok(());
        }
        if !mem::take(&mut self.is_first) {
            self.writer.write_char(' ')?;
        }
        if name == "message" {
            return write_escaped(&mut self.writer, value, is_unprintable);
        }
        write!(self.writer, "{name}=")?;
        if is_word(value) {
            return self.writer.write_str(value);
        }
        self.writer.write_char('"')?;
        write_escaped(&mut self.writer, value, |c| is_unprintable(c) || matches!(c, '"' | '\\'))?;
        self.writer.write_char('"')
    }
}

impl Visit for Line<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.outcome = self.outcome.and_then(|()| self.field(field.name(), value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.outcome = self.outcome.and_then(|()| self.field(field.name(), &format!("{value:?}")));
    }
}

fn is_word(text: &str) -> bool {
    let parts_words = |c: char| c.is_whitespace() || matches!(c, '"' | '=' | '\\');
    !text.is_empty() && !text.chars().any(|c| parts_words(c) || is_unprintable(c))
}

/// Whether a character is a control character or invisible: it has no width, reorders others or ends a line.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

/// Writes text and escapes some characters as in JSON. (None of them is above U+FFFF.)
fn write_escaped(to: &mut impl Write, text: &str, is_escaped: impl Fn(char) -> bool) -> fmt::Result {
    let mut rest = text;
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_escaped(*c)) {
        let (before, behind) = rest.split_at(at);
        to.write_str(before)?;
        match c {
            '"' => to.write_str("\\\"")?,
            '\\' => to.write_str("\\\\")?,
            '\n' => to.write_str("\\n")?,
            '\r' => to.write_str("\\r")?,
            '\t' => to.write_str("\\t")?,
            other => write!(to, "\\u{:04x}", u32::from(other))?,
        }
        rest = behind.strip_prefix(c).unwrap_or_default();
    }
    to.write_str(rest)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Shared;
    use super::*;

    /// The part of a line after its target.
    fn line(log: impl FnOnce()) -> String {
        let shared = Shared::default();
        let subscriber = tracing_subscriber::fmt()
            .fmt_fields(Logfmt)
            .with_ansi(false)
            .with_writer(shared.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let text = shared.text();
        let (_head, rest) = text.split_once("tests: ").expect("a target");
        rest.to_owned()
    }

    #[test]
    fn values_have_quotes_where_they_are_not_one_word() {
        for (value, expected) in [
            ("word", "word"),
            ("/a?b", "/a?b"),
            ("a=b", "\"a=b\""),
            ("", "\"\""),
            ("client gone", "\"client gone\""),
            ("a\"b", r#""a\"b""#),
            ("a\\b", r#""a\\b""#),
            ("a\nb\r\t\u{1b}[31m", r#""a\nb\r\t\u001b[31m""#),
            ("\u{202e}\u{2028}ä€😀", r#""\u202e\u2028ä€😀""#),
            ("a\u{200b}b\u{61c}", r#""a\u200bb\u061c""#),
            ("ä€😀", "ä€😀"),
            ("\u{a0}", "\"\u{a0}\""),
        ] {
            let expected = format!("k={expected} n=1 f=true d={expected}\n");
            assert_eq!(line(|| tracing::info!(k = value, n = 1, f = true, d = %value)), expected);
        }
    }

    #[test]
    fn message_is_as_it_is_and_one_line() {
        let none: Option<u8> = None;
        assert_eq!(line(|| tracing::info!(none, a = 1, "a \"b\" c=d\\")), "a \"b\" c=d\\ a=1\n");
        assert_eq!(line(|| tracing::info!("a\nb{}", '\u{1b}')), "a\\nb\\u001b\n");
    }
}
