use std::net::Ipv6Addr;

/// Splits `uri-host [ ":" port ]`, such as a value of `Host`
/// ([RFC 9110 §7.2](https://www.rfc-editor.org/rfc/rfc9110#section-7.2),
/// [RFC 3986 §3.2.2](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2)), into the host, with the brackets of an IPv6
/// address, and the digits of the port, which may be none or any number. `None` if it is malformed, the host is empty or
/// there is userinfo, which is not allowed
/// ([RFC 9110 §4.2.4](https://www.rfc-editor.org/rfc/rfc9110#section-4.2.4)).
///
/// The `Authority` of `http` accepts more, such as `a[b:]c`, whose host it takes to be `a[b`.
#[must_use]
pub fn host_and_port(text: &str) -> Option<(&str, Option<&str>)> {
    let end = if text.starts_with('[') { text.find(']')? + 1 } else { text.find(':').unwrap_or(text.len()) };
    let (host, rest) = text.split_at(end);
    let is_host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(literal) => is_ip_literal(literal),
        None => !host.is_empty() && is_name(host.as_bytes()),
    };
    let port = match rest.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits),
        None if rest.is_empty() => None,
        _ => return None,
    };
    is_host.then_some((host, port))
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
fn is_ip_literal(text: &str) -> bool {
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
        for (valid, host, port) in [
            ("localhost", "localhost", None),
            ("localhost:3000", "localhost", Some("3000")),
            ("localhost:", "localhost", Some("")),
            ("localhost:99999", "localhost", Some("99999")),
            ("127.0.0.1:1", "127.0.0.1", Some("1")),
            ("[::1]", "[::1]", None),
            ("[::1]:3000", "[::1]", Some("3000")),
            ("[2001:db8::1.2.3.4]", "[2001:db8::1.2.3.4]", None),
            ("[v1.a:b]", "[v1.a:b]", None),
            ("a%20b", "a%20b", None),
            ("a_b!$&'()*+,;=", "a_b!$&'()*+,;=", None),
        ] {
            assert_eq!(host_and_port(valid), Some((host, port)), "{valid}");
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
            "a[b:]c",
            "a[::1]",
        ] {
            assert_eq!(host_and_port(invalid), None, "{invalid}");
        }
    }
}
