//! The host that a request is for: `uri-host [ ":" port ]`
//! ([RFC 9110 §7.2](https://www.rfc-editor.org/rfc/rfc9110#section-7.2),
//! [RFC 3986 §3.2.2](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2)).

use std::net::Ipv6Addr;

/// Whether this is a host that is not empty, with an optional port after a colon. Userinfo is not allowed
/// ([RFC 9110 §4.2.4](https://www.rfc-editor.org/rfc/rfc9110#section-4.2.4)).
pub(crate) fn is_valid(host_and_port: &[u8]) -> bool {
    let Some((host, port)) = split(host_and_port) else {
        return false;
    };
    let is_host = match host {
        [b'[', literal @ .., b']'] => is_ip_literal(literal),
        name => !name.is_empty() && is_name(name),
    };
    is_host && is_port(port)
}

/// Whether both name the same host, compared in normal form
/// ([RFC 3986 §6.2](https://www.rfc-editor.org/rfc/rfc3986#section-6.2)): the case of the host and the scheme's default
/// port make no difference.
pub(crate) fn are_the_same(one: &[u8], other: &[u8], default_port: &[u8]) -> bool {
    if one.eq_ignore_ascii_case(other) {
        return true;
    }
    let with_port = |of| {
        let (host, port) = split(of)?;
        Some((host, port.get(1..).filter(|digits| !digits.is_empty()).unwrap_or(default_port)))
    };
    with_port(one).zip(with_port(other)).is_some_and(|((host, port), (other, other_port))| {
        host.eq_ignore_ascii_case(other) && port == other_port
    })
}

/// Splits the host from the port and its colon.
fn split(host_and_port: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = match host_and_port {
        [b'[', rest @ ..] => rest.iter().position(|byte| *byte == b']')? + 2,
        name => name.iter().position(|byte| *byte == b':').unwrap_or(name.len()),
    };
    host_and_port.split_at_checked(end)
}

/// `port = *DIGIT` after a colon, or nothing.
fn is_port(port: &[u8]) -> bool {
    port.strip_prefix(b":").map_or(port.is_empty(), |digits| digits.iter().all(u8::is_ascii_digit))
}

/// `reg-name`, which includes IPv4 addresses.
fn is_name(name: &[u8]) -> bool {
    let mut rest = name;
    loop {
        rest = match rest {
            [] => return true,
            [b'%', a, b, rest @ ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => rest,
            [byte, rest @ ..] if is_unreserved_or_sub_delim(*byte) => rest,
            _ => return false,
        }
    }
}

/// `IPv6address` or `IPvFuture`, without the brackets.
fn is_ip_literal(literal: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(literal) else {
        return false;
    };
    let is_future = || {
        let (version, address) = text.strip_prefix(['v', 'V'])?.split_once('.')?;
        let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_address = address.bytes().all(|byte| is_unreserved_or_sub_delim(byte) || byte == b':');
        Some(is_version && !address.is_empty() && is_address)
    };
    text.parse::<Ipv6Addr>().is_ok() || is_future().unwrap_or(false)
}

fn is_unreserved_or_sub_delim(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~')
        || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_those_of_the_grammar() {
        for valid in [
            "localhost",
            "localhost:3000",
            "localhost:",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:3000",
            "[2001:db8::1.2.3.4]",
            "[v1.a:b]",
            "a%20b",
            "a_b!$&'()*+,;=",
        ] {
            assert!(is_valid(valid.as_bytes()), "{valid}");
        }
        for invalid in [
            "",
            ":80",
            "a:b",
            "localhost:abc",
            "localhost:-1",
            "localhost:+80",
            "a:1:2",
            "[::g]",
            "[::1]x",
            "[::1]:x",
            "[1.2.3.4]",
            "[::1",
            "::1",
            "[]",
            "[v.a]",
            "[v1.]",
            "a b",
            "user@a",
            "a/b",
            "a?b",
            "a#b",
            "a%2",
            "a%zz",
            "ä",
        ] {
            assert!(!is_valid(invalid.as_bytes()), "{invalid}");
        }
        assert!(!is_valid(b"\xff") && !is_valid(b"[\xff]"));
    }
}
