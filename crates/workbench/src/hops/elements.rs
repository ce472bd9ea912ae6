//! Lists whose elements may contain quoted strings and comments
//! ([RFC 9110 §5.6](https://www.rfc-editor.org/rfc/rfc9110#section-5.6)).

use std::iter;

/// What may contain a comma that separates nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing.
    Plain,
    /// Quoted strings.
    Quoted,
    /// Comments, which may be nested.
    WithComments,
}

/// The elements of a line, without whitespace around them. One whose string or comment has no end is the last.
pub(super) fn elements(line: &str, kind: Kind) -> impl Iterator<Item = &str> {
    split(line, ',', kind)
}

/// The parameters of an element, which are separated by semicolons.
pub(super) fn pairs(element: &str) -> impl Iterator<Item = &str> {
    split(element, ';', Kind::Quoted)
}

/// The text of a quoted string. `None` if this is none, or more than one.
pub(super) fn quoted_string(text: &str) -> Option<String> {
    let mut chars = text.strip_prefix('"')?.chars();
    let mut inner = String::new();
    loop {
        match chars.next()? {
            '"' => return chars.as_str().is_empty().then_some(inner),
            '\\' => inner.push(chars.next()?),
            other => inner.push(other),
        }
    }
}

/// The text of a comment, which may contain others. `None` if this is none, or more than one.
pub(super) fn comment(text: &str) -> Option<String> {
    let mut chars = text.strip_prefix('(')?.chars();
    let (mut inner, mut depth) = (String::new(), 1);
    loop {
        let char = chars.next()?;
        match char {
            '\\' => {
                inner.push(chars.next()?);
                continue;
            }
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return chars.as_str().is_empty().then_some(inner);
        }
        inner.push(char);
    }
}

fn split(text: &str, separator: char, kind: Kind) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    iter::from_fn(move || {
        let text = rest?;
        let (element, after) = match end(text, separator, kind) {
            Some(at) => (&text[..at], Some(&text[at + separator.len_utf8()..])),
            None => (text, None),
        };
        rest = after;
        Some(element.trim_matches([' ', '\t']))
    })
}

/// Where the next separator is.
fn end(text: &str, separator: char, kind: Kind) -> Option<usize> {
    let (mut is_quoted, mut depth) = (false, 0_usize);
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' if is_quoted || depth > 0 => {
                chars.next();
            }
            '"' if kind == Kind::Quoted => is_quoted = !is_quoted,
            '(' if kind == Kind::WithComments => depth += 1,
            ')' if kind == Kind::WithComments => depth = depth.saturating_sub(1),
            _ if char == separator && !is_quoted && depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}
