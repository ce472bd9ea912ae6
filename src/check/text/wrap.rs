/// The columns of a terminal that is not wider than most.
pub(super) const WIDTH: usize = 80;

/// Divides a text into lines of at most [`WIDTH`] columns. The first one begins with `first`, the others with as many spaces.
/// A longer word has a line of its own.
pub(super) fn wrap(first: &str, text: &str) -> String {
    let indent = first.chars().count();
    let mut wrapped = first.to_owned();
    let mut column = indent;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > indent && column + 1 + length > WIDTH {
            wrapped.push('\n');
            wrapped.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if column > indent {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_80_columns_and_an_indent() {
        let text = "word ".repeat(40);
        let wrapped = wrap("✗ ", text.trim());
        let lines: Vec<_> = wrapped.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("✗ word") && lines[1].starts_with("  word"), "{wrapped}");
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{wrapped}");
        assert_eq!(wrapped.split_whitespace().count(), 41);
        assert_eq!(lines[0].chars().count(), 76);
    }

    #[test]
    fn longer_word_has_its_own_line() {
        let long = "x".repeat(100);
        assert_eq!(wrap("  ", &format!("a {long} b")), format!("  a\n  {long}\n  b"));
        assert_eq!(wrap("", ""), "");
    }
}
