//! `Forwarded` ([RFC 7239 §4](https://www.rfc-editor.org/rfc/rfc7239#section-4)).

use super::node::{self, Port};
use memchr::memchr;
use std::net::SocketAddr;

/// The last comma that is not in a quoted string, or `None` if there is none or the quoting is broken.
///
/// It is looked for from the right, because the left part may be a client's: there, a quote without its counterpart
/// must not hide what the proxy has appended.
pub(super) fn last_comma(line: &[u8]) -> Option<usize> {
    let mut rest = line;
    while let [before @ .., last] = rest {
        rest = match last {
            b',' => return Some(before.len()),
            b'"' => before_quoted(before)?,
            _ => before,
        };
    }
    None
}

/// What is in front of a quoted string, without its last quote. In the string, each quote follows a backslash
/// ([RFC 9110 §5.6.4](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.4)).
fn before_quoted(mut rest: &[u8]) -> Option<&[u8]> {
    while let [before @ .., last] = rest {
        if *last == b'"' && before.last() != Some(&b'\\') {
            return Some(before);
        }
        rest = before;
    }
    None
}

/// The address in an element's parameter `for`. `None` if there is none, or the element is malformed.
pub(super) fn address(element: &[u8]) -> Option<SocketAddr> {
    let mut node = None;
    let mut rest = element;
    while !rest.is_empty() {
        if let [b';', behind @ ..] = rest {
            rest = behind.trim_ascii_start();
            continue;
        }
        let (name, value, behind) = first_parameter(rest)?;
        rest = behind.trim_ascii_start();
        if !rest.is_empty() && !rest.starts_with(b";") {
            return None;
        }
        // A parameter occurs once per element.
        if name.trim_ascii().eq_ignore_ascii_case(b"for") && node.replace(value).is_some() {
            return None;
        }
    }
    address_of_value(node?)
}

/// The first parameter: its name, its value with its quotes, and what is behind it.
fn first_parameter(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (name, value) = text.split_at(memchr(b'=', text)?);
    let value = value.get(1..)?;
    let length = match value {
        [b'"', quoted @ ..] => quoted_length(quoted)? + 2,
        _ => memchr(b';', value).unwrap_or(value.len()),
    };
    let (value, behind) = value.split_at_checked(length)?;
    Some((name, value, behind))
}

/// The number of bytes in front of the last quote.
fn quoted_length(quoted: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    quoted.iter().position(|byte| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    })
}

/// Nodes with a colon must be quoted. Without quotes they are as clear, so they are accepted.
fn address_of_value(value: &[u8]) -> Option<SocketAddr> {
    let Some(quoted) = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")) else {
        return address_of_node(value.trim_ascii_end());
    };
    let mut node = [0; node::LONGEST];
    let mut length = 0;
    let mut rest = quoted;
    while let [byte, behind @ ..] = rest {
        let (byte, behind) = match (byte, behind) {
            (b'\\', [escaped, behind @ ..]) => (escaped, behind),
            other => other,
        };
        *node.get_mut(length)? = *byte;
        length += 1;
        rest = behind;
    }
    address_of_node(node.get(..length)?)
}

fn address_of_node(node: &[u8]) -> Option<SocketAddr> {
    node::address(str::from_utf8(node).ok()?, Port::NumberOrHidden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_address::elements::Elements;

    #[test]
    fn address_is_that_of_the_parameter_for() {
        for (element, expected) in [
            ("for=192.0.2.1", Some("192.0.2.1:0")),
            ("For=192.0.2.1;proto=https;by=203.0.113.43", Some("192.0.2.1:0")),
            ("proto=https ; host=\"a;for=9.9.9.9\" ; for=192.0.2.1", Some("192.0.2.1:0")),
            ("host=\"a\\\";for=9.9.9.9\\\\\";for=192.0.2.1", Some("192.0.2.1:0")),
            (";;for=192.0.2.1;", Some("192.0.2.1:0")),
            (r#"for="192.0.2.1:47011""#, Some("192.0.2.1:47011")),
            ("for=192.0.2.1:47011", Some("192.0.2.1:47011")),
            (r#"for="192.0.2.1:_gazonk""#, Some("192.0.2.1:0")),
            (r#"for="[2001:db8::1]""#, Some("[2001:db8::1]:0")),
            (r#"FOR="[2001:db8::1]:4711""#, Some("[2001:db8::1]:4711")),
            (r#"for="\[2001:db8\::1]""#, Some("[2001:db8::1]:0")),
            ("for=[::1]", Some("[::1]:0")),
            ("", None),
            ("proto=https", None),
            ("for", None),
            ("for=", None),
            ("for=\"\"", None),
            ("for=unknown", None),
            ("for=_hidden", None),
            (r#"for="_SEVKISEK""#, None),
            ("for=2001:db8::1", None),
            (r#"for="2001:db8::1""#, None),
            (r#"for="192.0.2.1:_""#, None),
            (r#"for="192.0.2.1:70000""#, None),
            (r#"for="192.0.2.1"#, None),
            (r#"for=192.0.2.1""#, None),
            (r#"for="192.0.2.1\""#, None),
            (r#"for="192.0.2.1"x"#, None),
            ("for=192.0.2.1;for=192.0.2.2", None),
            ("for=192.0.2.1;proto", None),
            ("by=192.0.2.1", None),
            ("xfor=192.0.2.1", None),
            ("for = 192.0.2.1", None),
            ("192.0.2.1", None),
        ] {
            let read = address(element.as_bytes()).map(|address| address.to_string());
            assert_eq!(read.as_deref(), expected, "{element}");
        }
        assert_eq!(address(b"for=\"192.0.2.1\xff\""), None);
        let hidden = |length| format!("for=\"192.0.2.1:_{}\"", "x".repeat(length));
        assert!(address(hidden(node::LONGEST - 11).as_bytes()).is_some());
        assert!(address(hidden(node::LONGEST - 10).as_bytes()).is_none());
    }

    #[test]
    fn commas_in_quotes_separate_nothing_and_a_broken_quote_hides_nothing_on_its_right() {
        for (line, expected) in [
            ("for=a, for=b", &["for=b", "for=a"][..]),
            (r#"for=a;host="x, y", for=b"#, &["for=b", r#"for=a;host="x, y""#]),
            (r#"for=a, for=b;host="x, \"y, \\""#, &[r#"for=b;host="x, \"y, \\""#, "for=a"]),
            (r#"for="a, for=b"#, &["for=b", r#"for="a"#]),
            (r#"for="a\", for="b, c""#, &[r#"for="b, c""#, r#"for="a\", "#.trim_end_matches(", ")]),
            (r#"for=a", for=b"#, &["for=b", r#"for=a""#]),
            (r#"for=a, for=b""#, &[r#"for=a, for=b""#]),
        ] {
            let elements = Elements::of(line.as_bytes(), last_comma);
            let elements: Vec<_> = elements
                .map(|element| str::from_utf8(element.expect("a short one")).expect("text"))
                .collect();
            assert_eq!(elements, expected, "{line}");
        }
    }
}
